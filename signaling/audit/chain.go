package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"kinwire/signaling/proto"
)

// Hash is the hash of e when the entry before has the hash prev, which is
// empty for the first. Each field goes in behind its length, so that no two
// entries give the same bytes. e.Hash is not looked at.
func Hash(prev string, e proto.AuditEntry) string {
	h := sha256.New()
	var n [8]byte
	number := func(v int64) {
		binary.BigEndian.PutUint64(n[:], uint64(v))
		h.Write(n[:])
	}
	text := func(s string) {
		number(int64(len(s)))
		h.Write([]byte(s))
	}
	text(prev)
	number(e.Seq)
	number(e.At)
	for _, s := range []string{e.Actor, e.Action, e.Subject, e.Detail} {
		text(s)
	}
	return hex.EncodeToString(h.Sum(nil))
}
