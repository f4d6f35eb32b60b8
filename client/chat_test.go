package client

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// TestChatOnceAndInOrder: a device sends and receives while its socket is cut,
// its session is forgotten and its program starts again from what it had kept.
func TestChatOnceAndInOrder(t *testing.T) {
	const messages = 120
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			d := newRelayDesk(t)
			rng := rand.New(rand.NewPCG(seed, 11))
			d.s.mu.Lock()
			d.s.cut = func() bool { return rng.IntN(12) == 0 }
			d.s.mu.Unlock()
			var want []string
			for i := range messages {
				want = append(want, fmt.Sprint("message ", i))
				d.deliver(fmt.Sprint("delivery ", i))
			}
			p := &program{kept: ChatState{DeviceID: "md_a", Secret: "s3cret"}}
			for life := range 5 {
				p.live(t, d, want[:messages*(life+1)/5], rand.New(rand.NewPCG(seed, uint64(life))))
			}
			d.mu.Lock()
			defer d.mu.Unlock()
			require.Equal(t, want, d.taken)
			require.Zero(t, d.strays)
			require.Len(t, p.got, messages)
			for i, body := range p.got {
				require.Equal(t, fmt.Sprint("delivery ", i), body)
			}
		})
	}
}

// program is an app with a store of its own.
type program struct {
	mu   sync.Mutex
	kept ChatState
	got  []string
}

func (p *program) state() ChatState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kept
}

// live runs the program until the messages up to want are sent, and stops it
// without a word. In its last life it takes all that is delivered.
func (p *program) live(t *testing.T, d *relayDesk, want []string, rng *rand.Rand) {
	ctx := limit(t)
	s, dev := d.attach(t, func(o *ChatOptions) {
		o.State = p.state()
		o.Save = func(st ChatState) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			st.Pos = p.kept.Pos // which goes with what was received
			p.kept = st
			return nil
		}
	})
	part := len(want)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 24 { // 5 times 24 are all
			in, err := dev.Next(ctx)
			if !assertNoError(t, err) {
				return
			}
			p.mu.Lock()
			p.got, p.kept.Pos = append(p.got, string(in.Body)), in.Pos
			p.mu.Unlock()
			if i%6 == 5 { // late, so that some come again
				dev.Done(in.Pos)
			}
		}
	})
	if _, _, err := dev.Resend(ctx); err != nil {
		t.Error(err)
	}
	for n := dev.State().Sent; n < int64(part); n++ {
		if rng.IntN(10) == 0 {
			d.s.mu.Lock()
			d.s.tokens = nil // the server starts again
			d.s.mu.Unlock()
			s.DropSocket()
		}
		sent, err := dev.Send(ctx, ChatOut{ConversationID: "g", Body: []byte(want[n])})
		if !assertNoError(t, err) {
			break
		}
		if sent.N != n+1 || sent.Seq != n+101 {
			t.Errorf("message %d: %+v", n, sent)
		}
	}
	wg.Wait()
	require.NoError(t, dev.Close())
	require.NoError(t, s.Close())
}

func assertNoError(t *testing.T, err error) bool {
	if err != nil {
		t.Error(err)
	}
	return err == nil
}

func TestChatRefusedIsNotSent(t *testing.T) {
	d := newRelayDesk(t)
	ctx := limit(t)
	_, dev := d.attach(t)
	for _, code := range []proto.Code{proto.CodeEpochTaken, proto.CodeQueueFull, proto.CodeRateLimited, proto.CodeNotApproved, proto.CodeNoDevice} {
		d.locked(func() { d.refuse = func(proto.ChatSend) *proto.Error { return &proto.Error{Code: code} } })
		_, err := dev.Send(ctx, ChatOut{Body: []byte("no")})
		var pe *proto.Error
		require.ErrorAs(t, err, &pe, code)
		require.Equal(t, code, pe.Code)
		require.Nil(t, dev.State().Open)
	}
	tries := 0
	d.locked(func() {
		d.refuse = func(proto.ChatSend) *proto.Error {
			if tries++; tries < 4 {
				return &proto.Error{Code: proto.CodeUnavailable}
			}
			return nil
		}
	})
	sent, err := dev.Send(ctx, ChatOut{Body: []byte("yes")})
	require.NoError(t, err)
	require.EqualValues(t, 1, sent.N, "what was refused has used no number")
	require.Equal(t, 4, tries, "the server’s trouble is waited out")
}

// TestChatUnsettled: who gives up waiting does not know what became of the
// message, and settles it before the next one.
func TestChatUnsettled(t *testing.T) {
	d := newRelayDesk(t)
	_, dev := d.attach(t)
	d.locked(func() {
		d.refuse = func(proto.ChatSend) *proto.Error { return &proto.Error{Code: proto.CodeUnavailable} }
	})
	short, cancel := contextWithin(t, 20*time.Millisecond)
	defer cancel()
	_, err := dev.Send(short, ChatOut{Body: []byte("one")})
	require.Error(t, err)
	require.NotNil(t, dev.State().Open)
	_, err = dev.Send(limit(t), ChatOut{Body: []byte("two")})
	require.ErrorIs(t, err, ErrUnsettled)
	d.locked(func() { d.refuse = nil })
	sent, ok, err := dev.Resend(limit(t))
	require.NoError(t, err)
	require.True(t, ok)
	require.EqualValues(t, 1, sent.N)
	_, ok, err = dev.Resend(limit(t))
	require.NoError(t, err)
	require.False(t, ok)
	_, err = dev.Send(limit(t), ChatOut{Body: []byte("two")})
	require.NoError(t, err)
	d.locked(func() { require.Equal(t, []string{"one", "two"}, d.taken) })
}

// TestChatNothingGoesOutUnkept: what the program cannot keep it does not send.
func TestChatNothingGoesOutUnkept(t *testing.T) {
	d := newRelayDesk(t)
	full := errors.New("the disk is full")
	_, dev := d.attach(t, func(o *ChatOptions) { o.Save = func(ChatState) error { return full } })
	_, err := dev.Send(limit(t), ChatOut{Body: []byte("one")})
	require.ErrorIs(t, err, full)
	require.Nil(t, dev.State().Open)
	d.deliver("x")
	in, err := dev.Next(limit(t))
	require.NoError(t, err)
	dev.Done(in.Pos)
	require.NoError(t, dev.Close())
	d.locked(func() {
		require.Empty(t, d.taken)
		require.Zero(t, d.acks)
	})
}

// TestChatAcksAreFew: many deliveries are acknowledged by a few messages.
func TestChatAcksAreFew(t *testing.T) {
	d := newRelayDesk(t)
	_, dev := d.attach(t)
	for range 400 {
		d.deliver("x")
	}
	for range 400 {
		in, err := dev.Next(limit(t))
		require.NoError(t, err)
		dev.Done(in.Pos)
	}
	require.Eventually(t, func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.queue) == 0
	}, 20*time.Second, time.Millisecond)
	d.locked(func() { require.Less(t, d.acks, 200) })
}

// TestChatDeviceSetBack: whichever side was set back to an earlier state, they
// agree on the next number.
func TestChatDeviceSetBack(t *testing.T) {
	for name, c := range map[string]struct {
		server []string
		state  ChatState
		open   bool
		want   []string
	}{
		"the program":                         {[]string{"a", "b"}, ChatState{Sent: 1}, false, []string{"a", "b", "new"}},
		"the server":                          {nil, ChatState{Sent: 5}, false, []string{"new"}},
		"the server, with one open":           {nil, ChatState{Sent: 5, Open: &proto.ChatSend{N: 6, Settled: 5, Body: []byte("open")}}, true, []string{"open", "new"}},
		"neither; the reply to one was lost":  {[]string{"a", "open"}, ChatState{Sent: 1, Open: &proto.ChatSend{N: 2, Settled: 1, Body: []byte("open")}}, true, []string{"a", "open", "new"}},
		"neither; the request of one was too": {[]string{"a"}, ChatState{Sent: 1, Open: &proto.ChatSend{N: 2, Settled: 1, Body: []byte("open")}}, true, []string{"a", "open", "new"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newRelayDesk(t)
			d.taken = c.server
			_, dev := d.attach(t, func(o *ChatOptions) {
				c.state.DeviceID, c.state.Secret = o.State.DeviceID, o.State.Secret
				o.State = c.state
			})
			_, open, err := dev.Resend(limit(t))
			require.NoError(t, err)
			require.Equal(t, c.open, open)
			_, err = dev.Send(limit(t), ChatOut{Body: []byte("new")})
			require.NoError(t, err)
			d.locked(func() {
				require.Equal(t, c.want, d.taken)
				require.Zero(t, d.strays)
			})
		})
	}
}

func TestChatDetached(t *testing.T) {
	d := newRelayDesk(t)
	first, dev := d.attach(t)
	d.s.event(proto.TypeChatDetached, proto.Empty{})
	_, err := dev.Next(limit(t))
	require.ErrorIs(t, err, ErrDetached)
	_, err = dev.Send(limit(t), ChatOut{})
	require.ErrorIs(t, err, ErrDetached)
	require.ErrorIs(t, dev.Err(), ErrDetached)
	require.NoError(t, first.Close()) // the desk's server has one session at a time

	s := d.s.dial(t)
	_, err = s.AttachDevice(limit(t), ChatOptions{State: ChatState{DeviceID: "md_a", Secret: "wrong"}})
	var pe *proto.Error
	require.ErrorAs(t, err, &pe)
	require.Equal(t, proto.CodeNotFound, pe.Code)
}

func TestChatSessionEnds(t *testing.T) {
	d := newRelayDesk(t)
	s, dev := d.attach(t)
	require.NoError(t, s.Close())
	_, err := dev.Next(limit(t))
	require.ErrorIs(t, err, ErrClosed)
	require.NoError(t, dev.Close())
}
