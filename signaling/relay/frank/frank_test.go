package frank_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/frank"
)

func aKey(id string, fill byte) frank.Key {
	return frank.Key{ID: id, Secret: bytes.Repeat([]byte{fill}, 32)}
}

func newKeys(t require.TestingT, keys ...frank.Key) *frank.Keys {
	k, err := frank.New(keys...)
	require.NoError(t, err)
	return k
}

// sent is a message as a receiver could report it.
func sent(k *frank.Keys, content string) proto.MessageEvidence {
	e := proto.MessageEvidence{
		ConversationID: "g_one", Seq: 7, SenderID: "leo", At: 1_772_366_400_000,
		Content: []byte(content), Opening: bytes.Repeat([]byte{0xA5}, 32),
	}
	e.Tag = k.Tag(frank.Commit(e.Opening, e.Content), e.SenderID, e.ConversationID, e.Seq, e.At)
	return e
}

func requireRefused(t require.TestingT, err error, msg ...any) {
	var refusal *proto.Error
	require.ErrorAs(t, err, &refusal, msg...)
	require.Equal(t, proto.CodeBadMessage, refusal.Code)
}

func TestTruthHolds(t *testing.T) {
	k := newKeys(t, aKey("k1", 1))
	for _, content := range []string{"", `{"text":"mean"}`, "\x00\xff", strings.Repeat("x", 64<<10)} {
		require.NoError(t, k.Verify(sent(k, content)))
	}
	requireRefused(t, k.Verify(sent(k, strings.Repeat("x", 64<<10+1))))
}

// TestFormats holds the bytes still: the client makes commitments, too, and
// tags are verified long after they were made.
func TestFormats(t *testing.T) {
	opening := make([]byte, 32)
	for i := range opening {
		opening[i] = byte(i)
	}
	commitment := frank.Commit(opening, []byte("hello"))
	mac := hmac.New(sha256.New, opening)
	mac.Write([]byte("hello"))
	require.Equal(t, mac.Sum(nil), commitment)

	tag := newKeys(t, aKey("k1", 1)).Tag(commitment, "leo", "g_one", 7, 1)
	require.Equal(t, "\x02k1", string(tag[:3]))
	field := func(b string) string { return string([]byte{0, 0, 0, 0, 0, 0, 0, byte(len(b))}) + b }
	mac = hmac.New(sha256.New, aKey("k1", 1).Secret)
	mac.Write([]byte("kinwire message franking 1" + field("k1") + field(string(commitment)) + field("leo") + field("g_one") +
		field("\x00\x00\x00\x00\x00\x00\x00\x07") + field("\x00\x00\x00\x00\x00\x00\x00\x01")))
	require.Equal(t, hex.EncodeToString(mac.Sum(nil)), hex.EncodeToString(tag[3:]))
}

// forgeries change one part of a message that was sent.
var forgeries = map[string]func(e *proto.MessageEvidence){
	"content":              func(e *proto.MessageEvidence) { e.Content = []byte("something worse") },
	"content longer":       func(e *proto.MessageEvidence) { e.Content = append(slices.Clone(e.Content), 0) },
	"content shorter":      func(e *proto.MessageEvidence) { e.Content = e.Content[:len(e.Content)-1] },
	"no content":           func(e *proto.MessageEvidence) { e.Content = nil },
	"opening":              func(e *proto.MessageEvidence) { e.Opening = bytes.Repeat([]byte{1}, 32) },
	"no opening":           func(e *proto.MessageEvidence) { e.Opening = nil },
	"opening shorter":      func(e *proto.MessageEvidence) { e.Opening = e.Opening[:31] },
	"opening longer":       func(e *proto.MessageEvidence) { e.Opening = append(slices.Clone(e.Opening), 0) },
	"opening as its hash":  func(e *proto.MessageEvidence) { s := sha256.Sum256(e.Opening); e.Opening = s[:] },
	"sender":               func(e *proto.MessageEvidence) { e.SenderID = "mia" },
	"no sender":            func(e *proto.MessageEvidence) { e.SenderID = "" },
	"conversation":         func(e *proto.MessageEvidence) { e.ConversationID = "g_two" },
	"seq":                  func(e *proto.MessageEvidence) { e.Seq++ },
	"seq negative":         func(e *proto.MessageEvidence) { e.Seq = -e.Seq },
	"time":                 func(e *proto.MessageEvidence) { e.At-- },
	"seq and time swapped": func(e *proto.MessageEvidence) { e.Seq, e.At = e.At, e.Seq },
	"names swapped":        func(e *proto.MessageEvidence) { e.SenderID, e.ConversationID = e.ConversationID, e.SenderID },
	"sender eats":          func(e *proto.MessageEvidence) { e.SenderID, e.ConversationID = "leog", "_one" },
	"conversation eats":    func(e *proto.MessageEvidence) { e.SenderID, e.ConversationID = "le", "og_one" },
	"sender eats a length": func(e *proto.MessageEvidence) {
		e.SenderID += "\x00\x00\x00\x00\x00\x00\x00\x05g_one"
		e.ConversationID = ""
	},
	"content eats opening":  func(e *proto.MessageEvidence) { e.Content = append(slices.Clone(e.Opening[31:]), e.Content...) },
	"tag":                   func(e *proto.MessageEvidence) { e.Tag[len(e.Tag)-1] ^= 1 },
	"no tag":                func(e *proto.MessageEvidence) { e.Tag = nil },
	"tag shorter":           func(e *proto.MessageEvidence) { e.Tag = e.Tag[:len(e.Tag)-1] },
	"tag longer":            func(e *proto.MessageEvidence) { e.Tag = append(e.Tag, 0) },
	"tag of nothing":        func(e *proto.MessageEvidence) { e.Tag = []byte{0} },
	"tag without a key":     func(e *proto.MessageEvidence) { e.Tag = append([]byte{0}, e.Tag[3:]...) },
	"key unknown":           func(e *proto.MessageEvidence) { e.Tag[2] = '9' },
	"key id, same secret":   func(e *proto.MessageEvidence) { e.Tag[2] = '3' },
	"key id, other secret":  func(e *proto.MessageEvidence) { e.Tag[2] = '2' },
	"key id longer":         func(e *proto.MessageEvidence) { e.Tag[0]++ },
	"key id much longer":    func(e *proto.MessageEvidence) { e.Tag[0] = 255 },
	"key id eats the proof": func(e *proto.MessageEvidence) { e.Tag = append([]byte{3}, e.Tag[1:]...) },
	"tag is the commitment": func(e *proto.MessageEvidence) {
		e.Tag = append([]byte("\x02k1"), frank.Commit(e.Opening, e.Content)...)
	},
}

func TestForgedPartByPart(t *testing.T) {
	keys := newKeys(t, aKey("k1", 1), aKey("k2", 2), aKey("k3", 1))
	for name, forge := range forgeries {
		e := sent(keys, "hello")
		require.NoError(t, keys.Verify(e))
		forge(&e)
		requireRefused(t, keys.Verify(e), name)
	}
}

// TestCommitmentForged: the server tags whatever commitment a sender gives. One
// that content and opening do not make cannot be reported, which is why
// receivers refuse such a message.
func TestCommitmentForged(t *testing.T) {
	k := newKeys(t, aKey("k1", 1))
	e := sent(k, "hello")
	for _, commitment := range [][]byte{nil, make([]byte, 32), frank.Commit(e.Opening, []byte("other")), e.Content, e.Opening} {
		e.Tag = k.Tag(commitment, e.SenderID, e.ConversationID, e.Seq, e.At)
		requireRefused(t, k.Verify(e))
	}
}

// TestFieldsOfTwoMessages: no mixture of two true messages is true.
func TestFieldsOfTwoMessages(t *testing.T) {
	k := newKeys(t, aKey("k1", 1))
	one := sent(k, "one")
	two := proto.MessageEvidence{ConversationID: "g_two", Seq: 8, SenderID: "mia", At: 9, Content: []byte("two"), Opening: bytes.Repeat([]byte{3}, 32)}
	two.Tag = k.Tag(frank.Commit(two.Opening, two.Content), two.SenderID, two.ConversationID, two.Seq, two.At)
	for mask := range 1 << 7 {
		e := one
		for i, take := range []func(){
			func() { e.ConversationID = two.ConversationID }, func() { e.Seq = two.Seq }, func() { e.SenderID = two.SenderID },
			func() { e.At = two.At }, func() { e.Content = two.Content }, func() { e.Opening = two.Opening }, func() { e.Tag = two.Tag },
		} {
			if mask>>i&1 == 1 {
				take()
			}
		}
		if mask == 0 || mask == 1<<7-1 {
			require.NoError(t, k.Verify(e))
			continue
		}
		requireRefused(t, k.Verify(e), "mixture %07b", mask)
	}
}

func TestRotation(t *testing.T) {
	one, two, three := aKey("one", 1), aKey("two", 2), aKey("three", 3)
	old := sent(newKeys(t, one), "hello")
	both := newKeys(t, two, one)
	require.NoError(t, both.Verify(old), "an older key verifies")
	fresh := sent(both, "hello")
	require.Equal(t, "\x03two", string(fresh.Tag[:4]), "the first key makes tags")
	require.NoError(t, newKeys(t, three, two, one).Verify(fresh))
	requireRefused(t, newKeys(t, one).Verify(fresh), "a key that is not there")
	requireRefused(t, newKeys(t, two).Verify(old), "a key that was given up")
	requireRefused(t, newKeys(t, aKey("one", 9)).Verify(old), "another server's key of the same id")
}

func TestTheCallersKeyMayGo(t *testing.T) {
	key := aKey("k1", 1)
	k := newKeys(t, key)
	e := sent(k, "hello")
	clear(key.Secret)
	require.NoError(t, k.Verify(e))
	require.Equal(t, e.Tag, sent(k, "hello").Tag)
}

func TestNoSuchKeys(t *testing.T) {
	for name, keys := range map[string][]frank.Key{
		"none": {}, "no id": {aKey("", 1)}, "a space": {aKey("k 1", 1)}, "long": {aKey(strings.Repeat("k", 33), 1)},
		"short secret": {{ID: "k", Secret: make([]byte, 31)}}, "long secret": {{ID: "k", Secret: make([]byte, 33)}},
		"no secret": {{ID: "k"}}, "twice": {aKey("k", 1), aKey("l", 2), aKey("k", 3)},
	} {
		_, err := frank.New(keys...)
		require.Error(t, err, name)
	}
}

func TestRead(t *testing.T) {
	b64 := func(fill byte) string { return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, 32)) }
	keys, err := frank.Read([]byte("# ours\nnew " + b64(2) + "\r\n\n  old\t" + b64(1)))
	require.NoError(t, err)
	require.Equal(t, []frank.Key{aKey("new", 2), aKey("old", 1)}, keys)
	keys, err = frank.Read(nil)
	require.NoError(t, err)
	require.Empty(t, keys)
	for _, file := range []string{"id", "id " + b64(1) + " more", "id !secret!", "id " + b64(1)[:20], "a b " + b64(1), "ö " + b64(1)} {
		_, err := frank.Read([]byte("ok " + b64(1) + "\n" + file))
		require.ErrorContains(t, err, "line 2", file)
		require.NotContains(t, err.Error(), "secret!")
		require.NotContains(t, err.Error(), b64(1)[:20])
	}
}

func TestAnyMessage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := newKeys(t, aKey("k1", 1), aKey("k2", 2))
		bytes32 := rapid.SliceOfN(rapid.Byte(), 32, 32)
		e := proto.MessageEvidence{
			ConversationID: rapid.String().Draw(t, "conversation"), SenderID: rapid.String().Draw(t, "sender"),
			Seq: rapid.Int64().Draw(t, "seq"), At: rapid.Int64().Draw(t, "at"),
			Content: rapid.SliceOf(rapid.Byte()).Draw(t, "content"), Opening: bytes32.Draw(t, "opening"),
		}
		e.Tag = k.Tag(frank.Commit(e.Opening, e.Content), e.SenderID, e.ConversationID, e.Seq, e.At)
		require.NoError(t, k.Verify(e))
		for name, part := range map[string]*[]byte{"content": &e.Content, "opening": &e.Opening, "tag": &e.Tag} {
			if len(*part) == 0 {
				continue
			}
			was := *part
			*part = slices.Clone(was)
			(*part)[rapid.IntRange(0, len(was)-1).Draw(t, "byte of "+name)] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit of "+name)
			requireRefused(t, k.Verify(e), name)
			*part = was
		}
		// All characters of the two names in this order, cut elsewhere.
		names := e.SenderID + e.ConversationID
		cut := rapid.IntRange(0, len(names)).Draw(t, "cut")
		if cut != len(e.SenderID) {
			e.SenderID, e.ConversationID = names[:cut], names[cut:]
			requireRefused(t, k.Verify(e), "cut")
		}
	})
}

func FuzzVerify(f *testing.F) {
	k := newKeys(f, aKey("k1", 1))
	good := sent(k, "hello")
	f.Add(good.Tag, good.Opening, good.Content, good.SenderID, good.Seq)
	f.Add([]byte{255}, []byte{}, []byte{}, "", int64(0))
	f.Fuzz(func(t *testing.T, tag, opening, content []byte, sender string, seq int64) {
		e := good
		e.Tag, e.Opening, e.Content, e.SenderID, e.Seq = tag, opening, content, sender, seq
		same := bytes.Equal(tag, good.Tag) && bytes.Equal(opening, good.Opening) && bytes.Equal(content, good.Content) && sender == good.SenderID && seq == good.Seq
		if err := k.Verify(e); same {
			require.NoError(t, err)
		} else {
			requireRefused(t, err)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("# a\nid AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"))
	f.Add([]byte("id"))
	f.Fuzz(func(t *testing.T, file []byte) {
		keys, err := frank.Read(file)
		if err != nil || len(keys) == 0 {
			return
		}
		for _, key := range keys {
			_, err := frank.New(key)
			require.NoError(t, err, "what is read is a key")
		}
	})
}
