package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"kinwire/signaling/proto"
)

// maxQueued bounds the events that wait for one reader.
const maxQueued = 4096

// Errors of [Events.Next].
var (
	ErrSlowReader = errors.New("client: the reader of events fell too far behind")
	ErrClosed     = errors.New("client: the session is closed")
)

// The types of events that the session itself makes, besides those of the
// server.
const (
	EventDown    = "session.down"    // the socket dropped; Data is Down
	EventResumed = "session.resumed" // the session goes on after a drop; Data is proto.Welcome
	EventReset   = "session.reset"   // a new session after a drop that lasted too long; Data is proto.Welcome
)

// Down is the data of EventDown.
type Down struct{ Err error }

// Event is something that happened. Data holds the type of package proto that
// belongs to Type (proto.Presence, proto.CallIncoming …), as a value; for a
// type that this version does not know it is the json.RawMessage.
type Event struct {
	Seq  uint64 // 0 for the session's own events
	Type string
	Data any
}

// decoders gives the data type of each event type.
var decoders = map[string]func(json.RawMessage) (any, error){
	proto.TypePresence:        decode[proto.Presence],
	proto.TypeCallIncoming:    decode[proto.CallIncoming],
	proto.TypeCallState:       decode[proto.CallState],
	proto.TypeCallWarning:     decode[proto.CallWarning],
	proto.TypeCallParticipant: decode[proto.ParticipantEvent],
	proto.TypeMediaSlots:      decode[proto.MediaSlots],
	proto.TypeMediaQuality:    decode[proto.MediaQuality],
	proto.TypeFriendsChanged:  decode[proto.Empty],
	proto.TypeFamilyChanged:   decode[proto.Empty],
	proto.TypeChatDelivery:    decode[proto.ChatDelivery],
	proto.TypeChatSignalled:   decode[proto.ChatSignalled],
	proto.TypeChatDelivered:   decode[proto.ChatDelivered],
	proto.TypeChatChanged:     decode[proto.ChatChanged],
	proto.TypeChatDetached:    decode[proto.Empty],
}

func decode[T any](raw json.RawMessage) (any, error) {
	var v T
	if len(raw) == 0 {
		return v, nil // an event that says all by its type
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	return v, nil
}

func decodeEvent(m proto.Message) (Event, error) {
	e := Event{Seq: m.Seq, Type: m.Type, Data: m.Data}
	d, ok := decoders[m.Type]
	if !ok {
		return e, nil
	}
	v, err := d(m.Data)
	if err != nil {
		return e, fmt.Errorf("decode event %s: %w", m.Type, err)
	}
	e.Data = v
	return e, nil
}

// Events is one reader's queue of the session's events. Nothing is left out;
// a reader who is more than 4096 events behind loses the queue.
type Events struct {
	mu    sync.Mutex
	queue []Event
	err   error
	wake  chan struct{}
	leave func(*Events)
}

func newEvents(leave func(*Events)) *Events {
	return &Events{wake: make(chan struct{}, 1), leave: leave}
}

// Next waits for the next event. After the session has ended it first gives
// what is queued and then ErrClosed.
func (e *Events) Next(ctx context.Context) (Event, error) {
	for {
		e.mu.Lock()
		if len(e.queue) > 0 {
			ev := e.queue[0]
			e.queue = e.queue[1:]
			e.mu.Unlock()
			return ev, nil
		}
		err := e.err
		e.mu.Unlock()
		if err != nil {
			return Event{}, err
		}
		select {
		case <-e.wake:
		case <-ctx.Done():
			return Event{}, ctx.Err()
		}
	}
}

// Close gives up the queue.
func (e *Events) Close() {
	e.leave(e)
	e.end(ErrClosed)
}

func (e *Events) push(ev Event) {
	e.mu.Lock()
	if e.err == nil {
		if len(e.queue) >= maxQueued {
			e.queue, e.err = nil, ErrSlowReader
		} else {
			e.queue = append(e.queue, ev)
		}
	}
	e.mu.Unlock()
	e.nudge()
}

func (e *Events) end(err error) {
	e.mu.Lock()
	if e.err == nil {
		e.err = err
	}
	e.mu.Unlock()
	e.nudge()
}

func (e *Events) nudge() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Await reads events until one has data of type T that match accepts, and
// drops the others. A nil match accepts any.
func Await[T any](ctx context.Context, e *Events, match func(T) bool) (T, error) {
	for {
		ev, err := e.Next(ctx)
		if err != nil {
			var none T
			return none, fmt.Errorf("await %T: %w", none, err)
		}
		if v, ok := ev.Data.(T); ok && (match == nil || match(v)) {
			return v, nil
		}
	}
}
