package signaling_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"kinwire/signaling"
	"kinwire/signaling/proto"
)

// resume opens a socket and takes up a session.
func (h *house) resume(user, token string, seen uint64) (*peer, proto.Welcome) {
	p := h.connect()
	h.hellos++
	p.hello(h.hellos+1000, proto.Hello{Version: 1, Token: "token-" + user, Resume: token, LastSeq: seen})
	m := p.reply(h.hellos + 1000)
	require.Nil(h.t, m.Error)
	return p, as[proto.Welcome](h.t, m)
}

// gone says hello with a resume token that must be refused.
func (h *house) gone(user, token string, seen uint64) {
	h.t.Helper()
	p := h.connect()
	p.hello(1000, proto.Hello{Version: 1, Token: "token-" + user, Resume: token, LastSeq: seen})
	m := p.reply(1000)
	require.NotNil(h.t, m.Error)
	require.Equal(h.t, proto.CodeResumeGone, m.Error.Code)
}

func TestResumeSendsWhatFollowed(t *testing.T) {
	h := newHouse(t, nil)
	p, w := h.enter("ann")
	h.hub.ToUser("ann", proto.TypeCallState, stateOf("1"))
	p.event(proto.TypeCallState)
	p.cut()
	h.eventually("the drop is noticed", func() bool { return h.desk.count("ann dropped") == 1 })
	for _, id := range []string{"2", "3"} {
		h.hub.ToUser("ann", proto.TypeCallState, stateOf(id))
	}
	p = h.connect()
	p.hello(9, proto.Hello{Version: 1, Token: "token-ann", Resume: w.Resume, LastSeq: 2})
	for i, want := range []uint64{3, 4, 5} {
		m, err := p.next()
		require.NoError(t, err)
		require.Equal(t, want, m.Seq)
		if i == 2 {
			require.EqualValues(t, 9, m.Re)
			require.True(t, as[proto.Welcome](t, m).Resumed)
		} else {
			require.Equal(t, fmt.Sprint(i+2), as[proto.CallState](t, m).Call.CallID)
		}
	}
	h.eventually("the return is noticed", func() bool { return h.desk.count("ann resumed") == 1 })
}

func TestResumeTokenIsForItsPersonAndForOneUse(t *testing.T) {
	h := newHouse(t, nil)
	p, w := h.enter("ann")
	h.gone("ben", w.Resume, 1)
	h.gone("ann", w.Resume+"x", 1)
	p.cut()
	p, w2 := h.resume("ann", w.Resume, 1)
	require.NotEqual(t, w.Resume, w2.Resume)

	// The Welcome was lost: the token before it is still good.
	p.cut()
	p, w3 := h.resume("ann", w.Resume, 1)

	// The Welcome has arrived: the token before it is spent.
	p.send(`{"type":"ack","data":{"seq":3}}`)
	p.ask(2, proto.TypePeople, proto.Empty{})
	p.reply(2)
	h.gone("ann", w.Resume, 3)
	h.gone("ann", w2.Resume, 3)
	p.cut()
	h.resume("ann", w3.Resume, 3)
}

func TestResumeThatSkipsOrInventsEndsTheSession(t *testing.T) {
	h := newHouse(t, nil)
	_, w := h.enter("ann")
	h.gone("ann", w.Resume, 99)
	h.eventually("it has ended", func() bool { return h.desk.count("ann ended") == 1 })

	p, w := h.enter("ann")
	p.ask(2, proto.TypePeople, proto.Empty{})
	p.send(`{"type":"ack","data":{"seq":` + jsonNumber(p.reply(2).Seq) + `}}`)
	p.send(`{"type":"ping"}`)
	p.event(proto.TypePong)
	h.gone("ann", w.Resume, 1)
	h.eventually("it has ended", func() bool { return h.desk.count("ann ended") == 2 })
}

func TestTakeover(t *testing.T) {
	h := newHouse(t, nil)
	old, w := h.enter("ann")
	young, w2 := h.resume("ann", w.Resume, 1)
	require.True(t, w2.Resumed)
	code, _ := old.closed()
	require.Equal(t, proto.CloseTakenOver, code)
	h.hub.ToUser("ann", proto.TypeCallState, stateOf("c"))
	young.event(proto.TypeCallState)
	require.Zero(t, h.desk.count("ann ended"))
}

func TestResumeWindow(t *testing.T) {
	h := newHouse(t, func(c *signaling.Config) {
		c.ResumeWindow, c.PresenceGrace = 60*time.Millisecond, 20*time.Millisecond
	})
	p, w := h.enter("ann")
	p.cut()
	h.eventually("the session ends", func() bool { return h.desk.count("ann ended") == 1 })
	require.Equal(t, 1, h.desk.count("ann dropped"))
	h.gone("ann", w.Resume, 1)
	require.False(t, h.hub.Online("ann"))
}

func TestClosingWith1000EndsTheSession(t *testing.T) {
	h := newHouse(t, nil)
	p, w := h.enter("ann")
	require.NoError(t, p.ws.Close(websocket.StatusNormalClosure, "bye"))
	h.eventually("the session ends", func() bool { return h.desk.count("ann ended") == 1 })
	h.gone("ann", w.Resume, 1)
}

func TestDeadPeerIsNoticed(t *testing.T) {
	h := newHouse(t, func(c *signaling.Config) { c.PingInterval = time.Second })
	alive, _ := h.enter("ben")
	done := make(chan struct{})
	go func() { // reading answers the pings
		defer close(done)
		for err := error(nil); err == nil; {
			_, err = alive.next()
		}
	}()
	h.enter("ann") // reads nothing more: no pong
	h.eventually("the drop is noticed", func() bool { return h.desk.count("ann dropped") == 1 })
	require.Zero(t, h.desk.count("ben dropped"))
	alive.cut()
	<-done
}

func TestOverflowEndsTheSession(t *testing.T) {
	h := newHouse(t, func(c *signaling.Config) { c.OutboxMessages = 20 })
	p, w := h.enter("ann")
	for range 25 {
		h.hub.ToUser("ann", proto.TypeCallState, stateOf("c"))
	}
	code, reason := p.closed()
	require.Equal(t, proto.CloseOverflow, code)
	require.Contains(t, reason, "hello afresh")
	h.gone("ann", w.Resume, 1)
	h.eventually("calls is told", func() bool { return h.desk.count("ann ended") == 1 })
}

func TestOverflowByBytesWhileDropped(t *testing.T) {
	h := newHouse(t, func(c *signaling.Config) { c.OutboxBytes = 4000 })
	p, w := h.enter("ann")
	p.cut()
	h.eventually("the drop is noticed", func() bool { return h.desk.count("ann dropped") == 1 })
	for range 60 {
		h.hub.ToUser("ann", proto.TypeCallState, stateOf("c"))
	}
	h.gone("ann", w.Resume, 1)
}

// TestSlowReader has one client that reads nothing and whose buffers are
// full, and another one of the same person who must get everything at once.
func TestSlowReader(t *testing.T) {
	h := newHouse(t, func(c *signaling.Config) {
		c.OutboxBytes, c.PingInterval = 64<<20, time.Minute
		c.WriteTimeout = time.Minute
	})
	dialer := &net.Dialer{}
	slow, _, err := h.dial(&websocket.DialOptions{HTTPClient: &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, addr)
			if err == nil {
				err = c.(*net.TCPConn).SetReadBuffer(4096)
			}
			return c, err
		},
	}}})
	require.NoError(t, err)
	p := newPeer(t, slow)
	t.Cleanup(p.cut)
	p.hello(1, proto.Hello{Version: 1, Token: "token-ann"})
	p.reply(1)
	quick, _ := h.enter("ann")
	other, _ := h.enter("ben")

	const count = 150
	big := slices.Repeat([]proto.Participant{{Phase: proto.ParticipantJoined, Person: proto.Person{Role: proto.RoleChild}}}, 1000)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for range count {
			h.hub.ToUser("ann", proto.TypeCallState, proto.CallState{Call: proto.CallView{Phase: proto.PhaseRinging, Participants: big}})
		}
		h.hub.ToUser("ben", proto.TypeCallState, stateOf("c"))
	}()
	select {
	case <-sent:
	case <-time.After(patience):
		t.Fatal("the hub waits for a slow client")
	}
	other.event(proto.TypeCallState)
	for range count {
		quick.event(proto.TypeCallState)
	}
}

// wire is a client that cuts its own socket at random points and keeps the
// rules of the protocol. It fails the test when a message is lost, doubled or
// out of order.
type wire struct {
	h      *house
	rng    *rand.Rand
	p      *peer
	token  string
	seq    uint64
	nextID uint64
	open   map[uint64]bool // requests without reply
	order  []uint64
	events []string
	cuts   int
}

var errCut = errors.New("cut by the test")

// live runs one socket until it is cut, or until done. budget is after how
// many reads or writes it is cut.
func (w *wire) live(budget int, done func() bool, total uint64) error {
	w.p = w.h.connect()
	defer w.p.cut()
	spend := func() error {
		if budget--; budget < 0 {
			w.cuts++
			w.p.cut()
			return errCut
		}
		return nil
	}
	w.nextID++
	hello := w.nextID
	h := proto.Hello{Version: 1, Token: "token-ann", Resume: w.token}
	if w.token != "" {
		h.LastSeq = w.seq
	}
	if err := w.p.raw(string(request(w.h.t, hello, proto.TypeHello, h))); err != nil {
		return err
	}
	greeted := false
	for !done() {
		if err := spend(); err != nil {
			return err
		}
		quiet := greeted && len(w.open) == 0 && uint64(len(w.events)) == total // nothing will come unasked
		if quiet && uint64(len(w.order)) == total {
			continue // only the cut is left
		}
		if greeted && uint64(len(w.order)) < total && (quiet || w.rng.Intn(2) == 0) {
			w.nextID++
			w.order = append(w.order, w.nextID)
			w.open[w.nextID] = true
			if err := w.p.raw(string(w.invite(w.nextID))); err != nil {
				return err
			}
			continue
		}
		m, err := w.p.next()
		if errors.Is(err, context.DeadlineExceeded) {
			require.Fail(w.h.t, "nothing arrives", "open %v, %d requests, %d events, seq %d, %d cuts, greeted %v, budget %d", w.open, len(w.order), len(w.events), w.seq, w.cuts, greeted, budget)
		}
		if err != nil {
			return err
		}
		if err := w.take(m, hello, &greeted); err != nil {
			return err
		}
	}
	return nil
}

func (w *wire) invite(id uint64) []byte {
	return request(w.h.t, id, proto.TypeCallInvite, proto.CallInvite{To: []string{fmt.Sprint(id)}})
}

func (w *wire) take(m proto.Message, hello uint64, greeted *bool) error {
	t := w.h.t
	if m.Seq == 0 {
		require.Fail(t, "message without seq", "%+v", m)
	}
	require.Equal(t, w.seq+1, m.Seq, "a gap or a double")
	w.seq = m.Seq
	require.Nil(t, m.Error)
	switch {
	case m.Re == hello:
		*greeted = true
		w.token = as[proto.Welcome](t, m).Resume
		for _, id := range w.order { // repeat what has no reply
			if w.open[id] {
				if err := w.p.raw(string(w.invite(id))); err != nil {
					return err
				}
			}
		}
	case m.Re != 0 && w.open[m.Re]:
		require.Equal(t, fmt.Sprintf("call-%d", m.Re), as[proto.CallEntered](t, m).Call.CallID)
		delete(w.open, m.Re)
	case m.Re != 0:
		// The Welcome of a socket that was cut before it arrived. Its token is
		// the newest so far.
		w.token = as[proto.Welcome](t, m).Resume
	default:
		w.events = append(w.events, as[proto.CallState](t, m).Call.CallID)
	}
	if w.rng.Intn(4) == 0 {
		return w.p.raw(string(request(t, 0, proto.TypeAck, proto.Ack{Seq: w.seq})))
	}
	return nil
}

// TestRandomCuts is the promise of the resume: whatever the moment at which
// the socket is cut, every event arrives once and in order, and every request
// is carried out once and answered once.
func TestRandomCuts(t *testing.T) {
	const cuts, total = 200, 500
	h := newHouse(t, func(c *signaling.Config) { c.OutboxMessages = 10000 })
	h.kin.people = map[string]proto.Person{"ann": {ID: "ann", Role: proto.RoleChild}} // nobody else: no presence events
	w := &wire{h: h, rng: rand.New(rand.NewSource(7)), open: map[uint64]bool{}}

	var sent atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { // tells ann something all the time, as soon as she is there
		for i := 0; i < total; {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
			if h.hub.Online("ann") {
				h.hub.ToUser("ann", proto.TypeCallState, stateOf(fmt.Sprint(i)))
				i++
				sent.Store(int64(i))
			}
		}
	})
	defer wg.Wait()
	defer close(stop)
	all := func() bool {
		return w.cuts >= cuts && len(w.order) == total && len(w.open) == 0 && len(w.events) == total
	}
	for !all() {
		budget := 2 + w.rng.Intn(12)
		done := all
		if w.cuts >= cuts {
			budget = 1 << 30
		}
		if w.token == "" {
			budget = 3 // enough for the first Welcome: without it there is nothing to resume
		}
		_ = w.live(budget, done, total)
	}
	require.GreaterOrEqual(t, w.cuts, cuts)
	require.EqualValues(t, total, sent.Load())
	for i, id := range w.events {
		require.Equal(t, fmt.Sprint(i), id)
	}
	var want []string
	for _, id := range w.order {
		want = append(want, fmt.Sprintf("ann invite %d", id))
	}
	var got []string
	for _, note := range h.desk.list() {
		if note != "ann dropped" && note != "ann resumed" {
			got = append(got, note)
		}
	}
	require.Equal(t, want, got, "each request once, in the order of their ids")
}
