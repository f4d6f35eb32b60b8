package client

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// relayDesk does for one device what the protocol says a relay does. Its state
// outlasts sessions, as a database does.
type relayDesk struct {
	s    *server
	wake chan struct{}

	mu       sync.Mutex
	attached bool
	taken    []string // bodies, by n-1
	refuse   func(in proto.ChatSend) *proto.Error
	queue    []proto.ChatDelivery // not acknowledged
	next     int                  // of the queue, to be sent
	pos      int64
	acks     int
	strays   int // sends that were neither new nor a repeat
}

const deskWindow = 8

func newRelayDesk(t *testing.T) *relayDesk {
	d := &relayDesk{s: newServer(t), wake: make(chan struct{}, 1)}
	d.s.handle = d.handle
	d.s.fresh = func() { d.locked(func() { d.attached = false }) }
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-d.wake:
				d.pump()
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-done
	})
	return d
}

func (d *relayDesk) locked(do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	do()
}

// pump sends what the window has room for.
func (d *relayDesk) pump() {
	for {
		d.mu.Lock()
		if !d.attached || d.next >= min(len(d.queue), deskWindow) {
			d.mu.Unlock()
			return
		}
		out := d.queue[d.next]
		d.next++
		d.mu.Unlock()
		d.s.event(proto.TypeChatDelivery, out)
	}
}

func (d *relayDesk) deliver(body string) {
	d.mu.Lock()
	d.pos += 1 + int64(len(d.queue)%3) // with gaps, as when somebody's messages were stopped
	d.queue = append(d.queue, proto.ChatDelivery{Pos: d.pos, Body: []byte(body)})
	d.mu.Unlock()
	nudge(d.wake)
}

func (d *relayDesk) handle(r proto.Request) (any, *proto.Error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer nudge(d.wake)
	if r.Type == proto.TypeChatAttach {
		var in proto.ChatAttach
		_ = json.Unmarshal(r.Data, &in)
		if in.Secret != "s3cret" {
			return nil, &proto.Error{Code: proto.CodeNotFound, Message: "no such device"}
		}
		d.attached, d.next = true, 0
		return proto.ChatAttached{Waiting: int64(len(d.queue)), LastN: int64(len(d.taken))}, nil
	}
	if !d.attached {
		return nil, &proto.Error{Code: proto.CodeNoDevice, Message: "the session has attached none"}
	}
	if r.Type == proto.TypeChatAck {
		var in proto.ChatAck
		_ = json.Unmarshal(r.Data, &in)
		d.acks++
		for len(d.queue) > 0 && d.queue[0].Pos <= in.Pos {
			d.queue, d.next = d.queue[1:], max(0, d.next-1)
		}
		return proto.Empty{}, nil
	}
	var in proto.ChatSend
	_ = json.Unmarshal(r.Data, &in)
	return d.send(in)
}

func (d *relayDesk) send(in proto.ChatSend) (any, *proto.Error) {
	have := int64(len(d.taken))
	if in.N <= have && in.N > in.Settled {
		if d.taken[in.N-1] != string(in.Body) {
			d.strays++
		}
		return proto.ChatSent{N: in.N, Seq: in.N + 100}, nil
	}
	if in.N != have+1 {
		d.strays++
		return nil, &proto.Error{Code: proto.CodeWrongState, Message: fmt.Sprintf("n: given %d; allowed is %d", in.N, have+1)}
	}
	if d.refuse != nil {
		if no := d.refuse(in); no != nil {
			return nil, no
		}
	}
	d.taken = append(d.taken, string(in.Body))
	return proto.ChatSent{N: in.N, Seq: in.N + 100}, nil
}

func (d *relayDesk) attach(t *testing.T, change ...func(*ChatOptions)) (*Session, *ChatDevice) {
	s := d.s.dial(t)
	o := ChatOptions{State: ChatState{DeviceID: "md_a", Secret: "s3cret"}, AckEvery: 2 * time.Millisecond}
	for _, f := range change {
		f(&o)
	}
	dev, err := s.AttachDevice(limit(t), o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = dev.Close() })
	return s, dev
}
