package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"kinwire/signaling/proto"
)

// Errors of a [ChatDevice].
var (
	// ErrDetached ends a device that was attached to another session, or that
	// was removed.
	ErrDetached = errors.New("client: the device is on another session now, or was removed")
	// ErrUnsettled refuses a send while an earlier one may or may not have been
	// taken: see [ChatDevice.Resend].
	ErrUnsettled = errors.New("client: an earlier message may or may not have been taken; resend it first")
)

// ChatState is what a device keeps over restarts of its program. Whoever has it
// is the device.
type ChatState struct {
	DeviceID string `json:"device_id"`
	Secret   string `json:"secret"`
	// Sent is the highest n that the server is known to have taken.
	Sent int64 `json:"sent"`
	// Open went out under n Sent+1 and has had no answer that says whether it
	// was taken.
	Open *proto.ChatSend `json:"open,omitempty"`
	// Pos: the device is done with all deliveries up to here.
	Pos int64 `json:"pos"`
}

// ChatOptions says how to attach a device.
type ChatOptions struct {
	State ChatState
	// Save keeps the state where it outlasts the program. It is called before
	// each message goes out and before each acknowledgement, by one goroutine
	// at a time; what it refuses does not go out. nil: the device lasts as long
	// as the program.
	Save func(ChatState) error
	// AckEvery is how long an acknowledgement waits for more; every 16th
	// delivery is acknowledged at once. 0: 100 ms.
	AckEvery time.Duration
}

// ChatDevice is a device on its session: it sends, and takes what is in its
// queue. What it sends is opaque to it; see [Frame]. Its methods may be called
// by several goroutines at once.
type ChatDevice struct {
	s   *Session
	opt ChatOptions
	ev  *Events

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	turn   chan struct{} // holds one token: who has it sends

	saving    sync.Mutex // orders calls of Save
	attaching sync.Mutex // one attach at a time

	mu      sync.Mutex
	state   ChatState
	lastN   int64 // as the server said when the device was attached last
	seen    int64 // the highest pos that arrived
	acked   int64 // the highest pos that the server has acknowledged
	late    bool  // something came again: the acknowledgement did not arrive
	queue   []proto.ChatDelivery
	err     error
	arrived chan struct{} // one token: look at queue and err
	due     chan struct{} // one token: look at what is to be acknowledged
}

// AttachDevice makes this session the one on which a device speaks. After a
// drop that was too long for the session it attaches itself again. The device
// may have been made by [ChatAPI.NewDevice].
func (s *Session) AttachDevice(ctx context.Context, opt ChatOptions) (*ChatDevice, error) {
	if opt.AckEvery <= 0 {
		opt.AckEvery = 100 * time.Millisecond
	}
	d := &ChatDevice{
		s: s, opt: opt, ev: s.subscribe(), state: opt.State, seen: opt.State.Pos, acked: opt.State.Pos,
		turn: make(chan struct{}, 1), arrived: make(chan struct{}, 1), due: make(chan struct{}, 1),
	}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	if err := d.attach(ctx); err != nil {
		d.cancel()
		d.ev.Close()
		return nil, err
	}
	d.wg.Go(d.listen)
	d.wg.Go(d.acknowledge)
	return d, nil
}

// Close gives the device up here; the session goes on. What was not
// acknowledged comes again when it is attached the next time.
func (d *ChatDevice) Close() error {
	d.end(ErrClosed)
	d.wg.Wait()
	return nil
}

// Err is why the device is of no use any more; nil while it is.
func (d *ChatDevice) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// State is what to keep of the device now.
func (d *ChatDevice) State() ChatState {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.copyLocked()
}

func (d *ChatDevice) copyLocked() ChatState {
	s := d.state
	if s.Open != nil {
		open := *s.Open
		s.Open = &open
	}
	return s
}

// save keeps the state as it is now. An older state never replaces a newer one.
func (d *ChatDevice) save() error {
	if d.opt.Save == nil {
		return nil
	}
	d.saving.Lock()
	defer d.saving.Unlock()
	if err := d.opt.Save(d.State()); err != nil {
		return fmt.Errorf("keep the state of device %s: %w", d.opt.State.DeviceID, err)
	}
	return nil
}

// Signal sends something of the moment (typing, opened) to the others in a
// conversation who are connected now. It may get lost.
func (d *ChatDevice) Signal(conversationID string, body []byte) error {
	return d.s.Tell(proto.TypeChatSignal, proto.ChatSignal{ConversationID: conversationID, Body: body})
}

// attach shows the secret to the server until it has taken it. A refusal that
// will not pass ends the device.
func (d *ChatDevice) attach(ctx context.Context) error {
	d.attaching.Lock()
	defer d.attaching.Unlock()
	for n := 0; ; n++ {
		st := d.State()
		in, err := Request[proto.ChatAttached](ctx, d.s, proto.TypeChatAttach, proto.ChatAttach{DeviceID: st.DeviceID, Secret: st.Secret})
		if err == nil {
			d.attached(in)
			return nil
		}
		if !maybeLater(err) {
			err = fmt.Errorf("attach device %s: %w", st.DeviceID, err)
			d.end(err)
			return err
		}
		if err := d.pause(ctx, n); err != nil {
			return err
		}
	}
}

// attached takes up the server's count. It differs from one's own when a
// message was taken whose reply got lost, and when either side was set back to
// an earlier state.
func (d *ChatDevice) attached(in proto.ChatAttached) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lastN = in.LastN
	open := d.state.Open
	switch {
	case open == nil:
		d.state.Sent = in.LastN
	case in.LastN < d.state.Sent:
		open.N, open.Settled, d.state.Sent = in.LastN+1, in.LastN, in.LastN
	}
}

// maybeLater reports whether the same request may do better in a moment: the
// server is in trouble, or the session was lost. Then it is not known whether
// the request was carried out.
func maybeLater(err error) bool {
	var pe *proto.Error
	if errors.As(err, &pe) {
		return pe.Code == proto.CodeUnavailable || pe.Code == proto.CodeInternal
	}
	return errors.Is(err, ErrSessionLost)
}

// pause waits before attempt n+1.
func (d *ChatDevice) pause(ctx context.Context, n int) error {
	t := time.NewTimer(d.s.opt.Backoff.After(n))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-d.ctx.Done():
		return d.Err()
	case <-d.s.Done():
		return d.s.Err()
	}
}

// end gives the device up, once.
func (d *ChatDevice) end(err error) {
	d.mu.Lock()
	if d.err == nil {
		d.err = err
	}
	d.mu.Unlock()
	d.cancel()
	d.ev.Close()
	nudge(d.arrived)
}

func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
