package signaling

import (
	"kinwire/signaling/proto"
)

// outbox holds the numbered messages of a session that its client has not
// acknowledged. It is not safe for concurrent use; the session's lock guards
// it.
type outbox struct {
	list     []entry // seqs without a gap, ending in last
	last     uint64  // the highest seq given out
	bytes    int
	maxCount int
	maxBytes int
}

// entry is one message, ready to be written.
type entry struct {
	seq  uint64
	re   uint64 // the request it answers, or 0
	text []byte
}

// next is the seq that the next message gets.
func (o *outbox) next() uint64 { return o.last + 1 }

// push adds a message whose text carries the seq next(). It reports false,
// and keeps nothing, when that would be more than the bounds allow.
func (o *outbox) push(re uint64, text []byte) bool {
	if len(o.list) >= o.maxCount || o.bytes+len(text) > o.maxBytes {
		return false
	}
	o.last++
	o.list = append(o.list, entry{o.last, re, text})
	o.bytes += len(text)
	return true
}

// first is the lowest seq that is still held; last+1 when there is none.
func (o *outbox) first() uint64 { return o.last + 1 - uint64(len(o.list)) }

// ack drops everything up to seq. It refuses a seq that was never given out:
// the client counts something else.
func (o *outbox) ack(seq uint64) *proto.Error {
	if seq > o.last {
		return refuse(proto.CodeBadMessage, "seq: given %d; allowed is at most %d, the last one sent", seq, o.last)
	}
	for len(o.list) > 0 && o.list[0].seq <= seq {
		o.bytes -= len(o.list[0].text)
		o.list[0].text = nil
		o.list = o.list[1:]
	}
	return nil
}

// after gives the first message held whose seq is beyond seq.
func (o *outbox) after(seq uint64) (entry, bool) {
	if seq >= o.last || len(o.list) == 0 {
		return entry{}, false
	}
	if seq < o.first() {
		return o.list[0], true
	}
	return o.list[seq-o.first()+1], true
}

// answers reports whether the reply to request id is held.
func (o *outbox) answers(id uint64) bool {
	for _, e := range o.list {
		if e.re == id {
			return true
		}
	}
	return false
}
