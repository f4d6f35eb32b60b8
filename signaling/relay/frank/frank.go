package frank

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"kinwire/signaling/proto"
)

// OpeningBytes is how long an opening is. No other length is one.
const OpeningBytes = 32

const (
	macBytes   = sha256.Size
	label      = "kinwire message franking 1"
	maxContent = 64 << 10
)

// Commit is the commitment to content under an opening of [OpeningBytes]
// bytes; nil for an opening of another length, which would not commit.
func Commit(opening, content []byte) []byte {
	if len(opening) != OpeningBytes {
		return nil
	}
	mac := hmac.New(sha256.New, opening)
	mac.Write(content) // never fails
	return mac.Sum(nil)
}

// Keys makes tags with its first key and verifies them with all.
type Keys struct {
	first Key
	byID  map[string]Key
}

// New takes the keys, the one that makes tags first. It fails on none, on an
// id that comes twice, and on what [Key] does not allow.
func New(keys ...Key) (*Keys, error) {
	if len(keys) == 0 {
		return nil, errors.New("franking: there is no key")
	}
	k := &Keys{first: keys[0].clone(), byID: make(map[string]Key, len(keys))}
	for _, one := range keys {
		if err := one.check(); err != nil {
			return nil, err
		}
		if _, twice := k.byID[one.ID]; twice {
			return nil, fmt.Errorf("franking: there are two keys with the id %q", one.ID)
		}
		k.byID[one.ID] = one.clone()
	}
	return k, nil
}

// Tag binds a commitment to sender (a user id), conversation, seq and time (UTC
// ms).
func (k *Keys) Tag(commitment []byte, senderID, conversationID string, seq, at int64) []byte {
	tag := make([]byte, 0, 1+len(k.first.ID)+macBytes)
	tag = append(tag, byte(len(k.first.ID)))
	tag = append(tag, k.first.ID...)
	return append(tag, mac(k.first, commitment, senderID, conversationID, seq, at)...)
}

func mac(key Key, commitment []byte, senderID, conversationID string, seq, at int64) []byte {
	h := hmac.New(sha256.New, key.Secret)
	h.Write([]byte(label))
	for _, field := range [][]byte{
		[]byte(key.ID), commitment, []byte(senderID), []byte(conversationID), number(seq), number(at),
	} {
		h.Write(number(int64(len(field))))
		h.Write(field)
	}
	return h.Sum(nil)
}

func number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

// Verify is nil if e is what its sender sent: the content opens the commitment
// of a message that this server took from that sender, in that conversation
// and place, at that time.
//
// *proto.Error bad_message if it is not, or cannot be: the error says which
// length is wrong, and of a proof that fails no more than that.
func (k *Keys) Verify(e proto.MessageEvidence) error {
	if len(e.Opening) != OpeningBytes {
		return refuse("message.opening: given %d bytes; allowed are exactly %d", len(e.Opening), OpeningBytes)
	}
	if len(e.Content) > maxContent {
		return refuse("message.content: given %d bytes; allowed are at most %d", len(e.Content), maxContent)
	}
	id, given, err := split(e.Tag)
	if err != nil {
		return err
	}
	key, known := k.byID[id]
	if !known {
		return refuse("message.tag: its key %.32q is none of this server's (any more)", id)
	}
	want := mac(key, Commit(e.Opening, e.Content), e.SenderID, e.ConversationID, e.Seq, e.At)
	if !hmac.Equal(want, given) {
		return refuse("message: the proof does not hold: content, opening, sender_id, conversation_id, seq, at and tag have to be those of one message, unchanged")
	}
	return nil
}

// split takes a tag apart.
func split(tag []byte) (keyID string, mac []byte, err error) {
	if len(tag) == 0 || int(tag[0]) == 0 || len(tag) != 1+int(tag[0])+macBytes {
		return "", nil, refuse("message.tag: given %d bytes, which are not a tag as the server makes them", len(tag))
	}
	n := 1 + int(tag[0])
	return string(tag[1:n]), tag[n:], nil
}

func refuse(format string, args ...any) error {
	return &proto.Error{Code: proto.CodeBadMessage, Message: fmt.Sprintf(format, args...)}
}
