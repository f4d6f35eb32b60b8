package blobs_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/blobs"
)

// TestTheWayOfAnAttachment: up in any order, down by all, and gone.
func TestTheWayOfAnAttachment(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	a := h.begin("g_two", 950)
	require.Equal(t, proto.Attachment{ID: a.ID, Size: 950, ChunkBytes: 100, Have: []int64{}, ExpiresAt: h.now.Add(360 * time.Hour).UnixMilli()}, a)
	require.Regexp(t, `^a_[a-z2-7]{26}$`, a.ID)
	order := rand.Perm(10)
	for i, n := range order {
		if i == 5 {
			h.Service = h.again() // in the middle
		}
		for range 2 {
			require.NoError(t, h.PutChunk(ctx, "mia", a.ID, fmt.Sprint(n), bytesOf(a, int64(n))))
		}
		got, err := h.Get(ctx, "mia", a.ID)
		require.NoError(t, err)
		require.Len(t, got.Have, i+1)
	}
	require.NoError(t, h.fetch("mia", a.ID), "the owner, until it is sent")
	requireCode(t, proto.CodeNotFound, h.fetch("leo", a.ID))
	h.send(a, "leo-1", "leo-2", "mia-2")
	for _, step := range []struct{ person, device string }{{"leo", "leo-2"}, {"mia", "mia-2"}, {"leo", "leo-1"}} {
		require.NoError(t, h.fetch(step.person, a.ID))
		require.NotEmpty(t, h.files())
		require.NoError(t, h.Done(ctx, step.person, a.ID, step.device))
		requireCode(t, proto.CodeNotFound, h.Done(ctx, step.person, a.ID, step.device), "a second time")
	}
	h.requireGone()
	for _, person := range []string{"mia", "leo"} {
		requireCode(t, proto.CodeNotFound, h.fetch(person, a.ID))
	}
	require.Empty(t, h.logged(), "nothing is said of single people's attachments")
}

// TestAChunkIsWrittenOnce: whoever fetches gets what came first.
func TestAChunkIsWrittenOnce(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	a := h.upload("g_two", 150)
	require.NoError(t, h.PutChunk(ctx, "mia", a.ID, "0", []byte(strings.Repeat("x", 100))), "again is the same")
	require.NoError(t, h.fetch("mia", a.ID))
	h.send(a, "leo-1")
	require.NoError(t, h.PutChunk(ctx, "mia", a.ID, "1", []byte(strings.Repeat("x", 50))), "a reply that was lost")
	require.NoError(t, h.fetch("leo", a.ID))
}

func TestChunksAreExact(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	rapid.Check(t, func(rt *rapid.T) {
		a, err := h.Begin(ctx, "mia", proto.AttachmentNew{ConversationID: "g_two", Size: rapid.Int64Range(1, 1000).Draw(rt, "size")})
		require.NoError(rt, err)
		n := rapid.Int64Range(0, 11).Draw(rt, "n")
		length := rapid.OneOf(rapid.Int64Range(0, 210), rapid.Just(min(100, max(0, a.Size-n*100)))).Draw(rt, "length")
		err = h.PutChunk(ctx, "mia", a.ID, fmt.Sprint(n), make([]byte, length))
		if n < chunksOf(a) && length == int64(len(bytesOf(a, n))) {
			require.NoError(rt, err)
		} else {
			requireCode(t, proto.CodeBadMessage, err)
		}
		require.NoError(rt, h.Done(ctx, "mia", a.ID, "any"))
	})
	h.requireGone()
}

func TestNumbersOfChunks(t *testing.T) {
	h := newHouse(t)
	a := h.upload("g_two", 950)
	for _, n := range []string{"", "-1", "-0", "+1", "01", "1.0", "1e1", "0x1", " 1", "1 ", "10", "9223372036854775808", "a", "../0", "٣", "1\x00"} {
		requireCode(t, proto.CodeBadMessage, h.PutChunk(t.Context(), "mia", a.ID, n, make([]byte, 100)), n)
		_, err := h.Chunk(t.Context(), "mia", a.ID, n)
		requireCode(t, proto.CodeBadMessage, err, n)
	}
	b := h.begin("g_two", 950)
	_, err := h.Chunk(t.Context(), "mia", b.ID, "3")
	requireCode(t, proto.CodeNotFound, err, "it has not come")
}

func FuzzChunkNumber(f *testing.F) {
	h := newHouse(f)
	a := h.upload("g_two", 950)
	f.Add("0", a.ID)
	f.Add("10", a.ID)
	f.Add("../0", "a_../../etc")
	f.Fuzz(func(t *testing.T, n, id string) {
		chunk, err := h.Chunk(t.Context(), "mia", id, n)
		if err == nil {
			require.Equal(t, a.ID, id)
			require.Len(t, n, 1)
			require.Equal(t, bytesOf(a, int64(n[0]-'0')), chunk)
			return
		}
		var refusal *proto.Error
		require.ErrorAs(t, err, &refusal)
	})
}

func TestBeginRefused(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		who, conversation string
		size              int64
		code              proto.Code
	}{
		"nothing":      {"mia", "g_two", 0, proto.CodeBadMessage},
		"negative":     {"mia", "g_two", -1, proto.CodeBadMessage},
		"too large":    {"mia", "g_two", 1001, proto.CodeTooLarge},
		"not in it":    {"mia", "g_ivo", 10, proto.CodeNotFound},
		"no such one":  {"mia", "g_none", 10, proto.CodeNotFound},
		"nobody else":  {"mia", "g_alone", 10, proto.CodeNoDevice},
		"not a person": {"", "g_two", 10, proto.CodeNotFound},
	} {
		_, err := h.Begin(t.Context(), c.who, proto.AttachmentNew{ConversationID: c.conversation, Size: c.size})
		requireCode(t, c.code, err, name)
	}
	h.requireGone()
}

func TestQuota(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	one, two := h.upload("g_two", 1000), h.begin("g_two", 1000)
	more := proto.AttachmentNew{ConversationID: "g_two", Size: 501}
	_, err := h.Begin(ctx, "mia", more)
	requireCode(t, proto.CodeRateLimited, err)
	require.ErrorContains(t, err, "2 attachments of yours with 2000 bytes")
	_, err = h.Begin(ctx, "leo", more)
	require.NoError(t, err, "another's quota")
	h.begin("g_two", 500)
	h.send(one, "leo-1")
	_, err = h.Begin(ctx, "mia", more)
	requireCode(t, proto.CodeRateLimited, err)
	require.NoError(t, h.Done(ctx, "leo", one.ID, "leo-1"))
	require.NoError(t, h.Done(ctx, "mia", two.ID, ""))
	for range 4 {
		h.begin("g_two", 1)
	}
	_, err = h.Begin(ctx, "mia", proto.AttachmentNew{ConversationID: "g_two", Size: 1})
	requireCode(t, proto.CodeRateLimited, err)
	require.ErrorContains(t, err, "at most 5 with 2500 bytes")
}

func TestQuotaAtOnce(t *testing.T) {
	h := newHouse(t)
	var wg sync.WaitGroup
	errs := make(chan error, 12)
	for range cap(errs) {
		wg.Go(func() {
			_, err := h.Begin(t.Context(), "mia", proto.AttachmentNew{ConversationID: "g_two", Size: 1000})
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	taken := 0
	for err := range errs {
		if err == nil {
			taken++
			continue
		}
		requireCode(t, proto.CodeRateLimited, err)
	}
	require.Equal(t, 2, taken)
}

func TestChunksAtOnce(t *testing.T) {
	h := newHouse(t)
	a := h.begin("g_two", 950)
	var wg sync.WaitGroup
	errs := make(chan error, 30)
	for i := range cap(errs) {
		n := int64(i % 10)
		wg.Go(func() { errs <- h.PutChunk(t.Context(), "mia", a.ID, fmt.Sprint(n), bytesOf(a, n)) })
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, 1, h.count(`SELECT count(*) FROM chat_attachments WHERE state = 'done'`))
	require.NoError(t, h.fetch("mia", a.ID))
}

// TestGivenUpMeanwhile: of an upload that ends while a chunk is on its way,
// nothing stays.
func TestGivenUpMeanwhile(t *testing.T) {
	h := newHouse(t)
	a := h.begin("g_two", 100)
	h.bucket.onPut = func() { require.NoError(t, h.Done(t.Context(), "mia", a.ID, "mia-1")) }
	requireCode(t, proto.CodeNotFound, h.PutChunk(t.Context(), "mia", a.ID, "0", bytesOf(a, 0)))
	h.requireGone()
}

func TestSettingsThatCannotBe(t *testing.T) {
	good := blobs.Config{MaxSize: 10, ChunkBytes: 3, PerPerson: 10, Retention: time.Hour}
	_, err := blobs.New(nil, nil, nil, good, blobs.Deps{})
	require.NoError(t, err)
	for name, spoil := range map[string]func(*blobs.Config){
		"no size":                func(c *blobs.Config) { c.MaxSize = 0 },
		"no chunk":               func(c *blobs.Config) { c.ChunkBytes = 0 },
		"negative chunk":         func(c *blobs.Config) { c.ChunkBytes = -1 },
		"no room for one":        func(c *blobs.Config) { c.PerPerson = 9 },
		"no retention":           func(c *blobs.Config) { c.Retention = 0 },
		"unsent for longer":      func(c *blobs.Config) { c.Unsent = 2 * time.Hour },
		"negative unsent":        func(c *blobs.Config) { c.Unsent = -1 },
		"too many chunks":        func(c *blobs.Config) { c.MaxSize, c.PerPerson, c.ChunkBytes = 10_001, 10_001, 1 },
		"negative sweep":         func(c *blobs.Config) { c.SweepEvery = -1 },
		"negative orphans":       func(c *blobs.Config) { c.OrphansEvery = -1 },
		"a negative number each": func(c *blobs.Config) { c.PerPersonCount = -1 },
	} {
		cfg := good
		spoil(&cfg)
		_, err := blobs.New(nil, nil, nil, cfg, blobs.Deps{})
		require.Error(t, err, name)
	}
}

func TestTune(t *testing.T) {
	h := newHouse(t)
	begin := func(size int64) error {
		_, err := h.Begin(t.Context(), "mia", proto.AttachmentNew{ConversationID: "g_two", Size: size})
		return err
	}
	require.NoError(t, begin(950))
	cfg := h.cfg
	cfg.MaxSize = 900
	require.NoError(t, h.Tune(cfg))
	requireCode(t, proto.CodeTooLarge, begin(950))
	cfg.MaxSize = 0
	require.Error(t, h.Tune(cfg))
	requireCode(t, proto.CodeTooLarge, begin(950), "a refused change changes nothing")
}
