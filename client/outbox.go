package client

import (
	"encoding/json"
	"slices"
	"sync"

	"kinwire/signaling/proto"
)

// ackEvery is after how many messages an acknowledgement is due at once.
const ackEvery = 16

// maxLoose bounds the messages without reply (stats reports) that wait for a
// socket; the oldest go first, for a newer report replaces them.
const maxLoose = 8

// ask is one request that has had no reply.
type ask struct {
	id     uint64 // 0 until first written to a socket
	typ    string
	data   json.RawMessage
	socket uint64 // the number of the socket it was last written to
	done   chan outcome
}

type outcome struct {
	data json.RawMessage
	err  error
}

// outbox holds what is to be written. A request gets its id when it is first
// written, not when it is asked: so the ids on the wire grow strictly even
// when requests pile up while there is no socket. After a reconnect every
// open request is written again in the order of ids.
type outbox struct {
	mu     sync.Mutex
	nextID uint64
	open   []*ask // by id; those without one at the end
	loose  []proto.Request
	acked  uint64 // last ack written on this socket or given in hello
	wake   chan struct{}
}

func newOutbox() *outbox { return &outbox{wake: make(chan struct{}, 1)} }

func (o *outbox) nudge() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// newID gives an id that no request has had in this session.
func (o *outbox) newID() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.nextID++
	return o.nextID
}

// add queues a request that wants a reply.
func (o *outbox) add(typ string, data json.RawMessage) *ask {
	a := &ask{typ: typ, data: data, done: make(chan outcome, 1)}
	o.mu.Lock()
	o.open = append(o.open, a)
	o.mu.Unlock()
	o.nudge()
	return a
}

// addLoose queues a message that gets no reply.
func (o *outbox) addLoose(typ string, data json.RawMessage) {
	o.mu.Lock()
	o.loose = append(o.loose, proto.Request{Type: typ, Data: data})
	if len(o.loose) > maxLoose {
		o.loose = slices.Delete(o.loose, 0, 1)
	}
	o.mu.Unlock()
	o.nudge()
}

// forget drops a request whose asker has gone.
func (o *outbox) forget(a *ask) {
	o.mu.Lock()
	o.open = slices.DeleteFunc(o.open, func(x *ask) bool { return x == a })
	o.mu.Unlock()
}

// next is what to write to the given socket now.
func (o *outbox) next(socket uint64) (proto.Request, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, a := range o.open {
		if a.socket == socket {
			continue
		}
		if a.id == 0 {
			o.nextID++
			a.id = o.nextID
		}
		a.socket = socket
		return proto.Request{ID: a.id, Type: a.typ, Data: a.data}, true
	}
	if len(o.loose) > 0 {
		r := o.loose[0]
		o.loose = slices.Delete(o.loose, 0, 1)
		return r, true
	}
	return proto.Request{}, false
}

// settle hands a reply to whoever asked. False: nobody did, or no longer.
func (o *outbox) settle(id uint64, r outcome) bool {
	o.mu.Lock()
	i := slices.IndexFunc(o.open, func(a *ask) bool { return a.id == id && id != 0 })
	if i < 0 {
		o.mu.Unlock()
		return false
	}
	a := o.open[i]
	o.open = slices.Delete(o.open, i, i+1)
	o.mu.Unlock()
	a.done <- r
	return true
}

// fail ends open requests with err: all of them, or only those that have been
// written to some socket (and so may or may not have been carried out).
func (o *outbox) fail(err error, all bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open = slices.DeleteFunc(o.open, func(a *ask) bool {
		if a.id == 0 && !all {
			return false
		}
		a.done <- outcome{err: err}
		return true
	})
}

// ackDue says which ack to write: none while fewer than min messages have
// arrived since the last one.
func (o *outbox) ackDue(last uint64, min uint64) (uint64, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if last < o.acked+min || last == o.acked {
		return 0, false
	}
	o.acked = last
	return last, true
}

// setAcked notes what the server already knows to have arrived.
func (o *outbox) setAcked(last uint64) {
	o.mu.Lock()
	o.acked = last
	o.mu.Unlock()
}

// nudgeAck wakes the writer when an acknowledgement is due at once.
func (o *outbox) nudgeAck(last uint64) {
	o.mu.Lock()
	due := last >= o.acked+ackEvery
	o.mu.Unlock()
	if due {
		o.nudge()
	}
}
