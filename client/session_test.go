package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/signaling/proto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func (s *server) dial(t *testing.T, change ...func(*Options)) *Session {
	t.Helper()
	o := Options{BaseURL: s.URL, Token: "tok", Backoff: Backoff{Min: time.Millisecond, Max: 5 * time.Millisecond}, AckEvery: 5 * time.Millisecond}
	for _, f := range change {
		f(&o)
	}
	c, err := Dial(limit(t), o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func limit(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

type number struct{ N int }

// TestNothingLostNothingDoubled drops the socket at random points, before a
// request arrives, before its reply, between events, while old messages are
// sent again, and by DropSocket.
func TestNothingLostNothingDoubled(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			ctx := limit(t)
			s := newServer(t)
			c := s.dial(t)
			rng := rand.New(rand.NewPCG(seed, 7))
			s.mu.Lock()
			s.cut = func() bool { return rng.IntN(6) == 0 }
			s.mu.Unlock()
			ev := c.Events()

			const workers, each, events = 4, 25, 120
			var wg sync.WaitGroup
			for w := range workers {
				wg.Go(func() {
					for i := range each {
						in := number{w*1000 + i}
						out, err := Request[number](ctx, c, "echo", in)
						if err != nil || out != in {
							t.Errorf("request %v: got %v, %v", in, out, err)
						}
						if i%10 == 0 {
							c.DropSocket()
						}
					}
				})
			}
			wg.Go(func() {
				for i := range events {
					s.event(proto.TypePresence, proto.Presence{Person: proto.Person{ID: fmt.Sprint(i)}})
				}
			})
			wg.Wait()
			s.mu.Lock()
			s.cut = func() bool { return false }
			s.mu.Unlock()
			c.DropSocket() // whatever has not arrived comes now
			for i := range events {
				p, err := Await[proto.Presence](ctx, ev, nil)
				require.NoError(t, err)
				require.Equal(t, fmt.Sprint(i), p.Person.ID, "events come once and in order")
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			require.Greater(t, s.hellos, 5, "the test must have cut sockets")
			require.Len(t, s.carried, workers*each)
			for k, n := range s.carried {
				require.Equal(t, 1, n, "%s was carried out more than once", k)
			}
			require.Zero(t, c.Err())
		})
	}
}

func TestAcknowledges(t *testing.T) {
	s := newServer(t)
	s.dial(t)
	for range 40 {
		s.event(proto.TypePresence, proto.Presence{})
	}
	require.Eventually(t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.acked == s.seq && len(s.kept) == 0
	}, 20*time.Second, time.Millisecond)
}

func TestSessionGone(t *testing.T) {
	ctx := limit(t)
	s := newServer(t)
	c := s.dial(t)
	ev := c.Events()
	s.deaf.Store(true)
	got := make(chan error, 1)
	go func() {
		_, err := Request[number](ctx, c, "echo", number{1})
		got <- err
	}()
	require.Eventually(t, func() bool {
		c.out.mu.Lock()
		defer c.out.mu.Unlock()
		return len(c.out.open) == 1 && c.out.open[0].id != 0
	}, 20*time.Second, time.Millisecond, "the request is on the wire")
	s.mu.Lock()
	s.tokens = nil // it knows none of this client
	s.mu.Unlock()
	s.deaf.Store(false)
	c.DropSocket()
	require.ErrorIs(t, <-got, ErrSessionLost)
	_, err := Await[proto.Welcome](ctx, ev, nil)
	require.NoError(t, err)
	out, err := Request[number](ctx, c, "echo", number{2})
	require.NoError(t, err, "the new session works")
	require.Equal(t, number{2}, out)
	s.event(proto.TypePresence, proto.Presence{Online: true})
	_, err = Await[proto.Presence](ctx, ev, nil)
	require.NoError(t, err, "seq begins anew")
}

func TestRefusals(t *testing.T) {
	ctx := limit(t)
	s := newServer(t)
	s.handle = func(proto.Request) (any, *proto.Error) {
		return nil, &proto.Error{Code: proto.CodeNotAllowed, Message: "no"}
	}
	c := s.dial(t)
	_, err := Request[number](ctx, c, "echo", number{})
	var pe *proto.Error
	require.ErrorAs(t, err, &pe)
	require.Equal(t, proto.CodeNotAllowed, pe.Code)

	s.helloErr.Store(&proto.Error{Code: proto.CodeUnauthenticated, Message: "expired"})
	_, err = Dial(ctx, Options{BaseURL: s.URL, Token: "tok"})
	require.ErrorAs(t, err, &pe)
	require.Equal(t, proto.CodeUnauthenticated, pe.Code)

	c.DropSocket()
	select {
	case <-c.Done():
	case <-ctx.Done():
		t.Fatal("a login that has expired ends the session")
	}
	require.ErrorAs(t, c.Err(), &pe)
	_, err = Request[number](ctx, c, "echo", number{})
	require.ErrorAs(t, err, &pe)
}

func TestServerDownForAWhile(t *testing.T) {
	ctx := limit(t)
	s := newServer(t)
	c := s.dial(t)
	ev := c.Events()
	s.helloErr.Store(&proto.Error{Code: proto.CodeUnavailable, Message: "later"})
	c.DropSocket()
	_, err := Await[Down](ctx, ev, nil)
	require.NoError(t, err)
	got := make(chan error, 1)
	go func() {
		_, err := Request[number](ctx, c, "echo", number{3})
		got <- err
	}()
	require.Eventually(t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.hellos > 4
	}, 20*time.Second, time.Millisecond)
	require.False(t, c.Connected())
	s.helloErr.Store(nil)
	require.NoError(t, <-got, "asked while down, answered when up")
	require.EqualValues(t, 2, c.Sockets())
}

func TestCancelledRequest(t *testing.T) {
	s := newServer(t)
	s.deaf.Store(true)
	c := s.dial(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Request[number](ctx, c, "echo", number{})
	require.ErrorIs(t, err, context.Canceled)
	go func() { _ = c.Close() }()
	_, err = Request[number](context.Background(), c, "echo", number{})
	require.True(t, errors.Is(err, ErrClosed), "%v", err)
	_, err = c.Events().Next(context.Background())
	require.ErrorIs(t, err, ErrClosed)
}

func TestSilentServer(t *testing.T) {
	ctx := limit(t)
	var sockets atomic.Int64
	s := newServer(t)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if sockets.Add(1) > 1 {
			s.serve(w, r)
			return
		}
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		_, b, err := c.Read(r.Context())
		var q proto.Request
		if err != nil || json.Unmarshal(b, &q) != nil {
			return
		}
		s.write(c, proto.Message{Seq: 1, Re: q.ID, Data: json.RawMessage(`{"version":1,"resume":"x"}`)})
		for err == nil { // answers no ping
			_, _, err = c.Read(context.Background())
		}
	}))
	defer proxy.Close()
	c, err := Dial(ctx, Options{BaseURL: proxy.URL, Token: "tok", PingEvery: 20 * time.Millisecond, Backoff: Backoff{Min: time.Millisecond}})
	require.NoError(t, err)
	defer c.Close()
	_, err = Await[Down](ctx, c.Events(), nil)
	require.NoError(t, err)
	_, err = Request[number](ctx, c, "echo", number{4})
	require.NoError(t, err)
}

func TestBadOptions(t *testing.T) {
	for _, u := range []string{"", "localhost:8080", "ftp://x", "http://", "http://[::1"} {
		_, err := Dial(context.Background(), Options{BaseURL: u})
		require.ErrorContains(t, err, "BaseURL", u)
	}
	_, err := Dial(limit(t), Options{BaseURL: "http://127.0.0.1:1"})
	require.Error(t, err, "nobody listens: no endless attempts")
}

func TestBackoff(t *testing.T) {
	b := Backoff{Min: 100 * time.Millisecond, Max: time.Second, Rand: func() float64 { return 0 }}.withDefaults()
	var got []time.Duration
	for n := range 6 {
		got = append(got, b.After(n))
	}
	ms := time.Millisecond
	require.Equal(t, []time.Duration{100 * ms, 200 * ms, 400 * ms, 800 * ms, 1000 * ms, 1000 * ms}, got)
	b.Rand = func() float64 { return 0.5 }
	require.Equal(t, 75*ms, b.After(0))
	require.Equal(t, 750*ms, b.After(1<<40))
}

func TestSeqs(t *testing.T) {
	var q seqs
	for _, c := range []struct {
		seq   uint64
		fresh bool
		last  uint64
	}{{1, true, 1}, {1, false, 1}, {4, true, 1}, {4, false, 1}, {2, true, 2}, {3, true, 4}, {3, false, 4}, {4, false, 4}, {5, true, 5}} {
		require.Equal(t, c.fresh, q.see(c.seq), "seq %d", c.seq)
		require.Equal(t, c.last, q.last, "after seq %d", c.seq)
	}
	require.Zero(t, q.gap())
}

func TestSlowReader(t *testing.T) {
	e := newEvents(func(*Events) {})
	for range maxQueued + 1 {
		e.push(Event{})
	}
	_, err := e.Next(context.Background())
	require.ErrorIs(t, err, ErrSlowReader)
}

func TestLogin(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ User, Password string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		if in.Password != "right" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"code":"unauthenticated","message":"wrong name or password"}`)
			return
		}
		fmt.Fprint(w, `{"token":"t","expires_at":1700000000000,"me":{"id":"u","name":"Mia"}}`)
	}))
	defer srv.Close()
	r, err := Login(limit(t), srv.URL, "mia", "right")
	require.NoError(t, err)
	require.Equal(t, "t", r.Token)
	require.Equal(t, "Mia", r.Me.Name)
	require.Equal(t, int64(1700000000), r.ExpiresAt.Unix())
	_, err = Login(limit(t), srv.URL, "mia", "wrong")
	var pe *proto.Error
	require.ErrorAs(t, err, &pe)
	require.Equal(t, proto.CodeUnauthenticated, pe.Code)
}

// TestRingingIsTold: a session says by itself that a call rings, one that
// comes and one that it finds, and only where it rings for this person.
func TestRingingIsTold(t *testing.T) {
	ring := func(id, phase string) proto.CallView {
		return proto.CallView{CallID: id, Phase: proto.PhaseRinging, You: "p2", Participants: []proto.Participant{
			{ID: "p1", Phase: proto.ParticipantAccepted}, {ID: "p2", Phase: proto.ParticipantPhase(phase)},
		}}
	}
	for name, silent := range map[string]bool{"told": false, "silent": true} {
		t.Run(name, func(t *testing.T) {
			ctx := limit(t)
			s := newServer(t)
			s.calls = []proto.CallView{ring("found", "invited"), ring("mine", "accepted")}
			c := s.dial(t, func(o *Options) { o.Silent = silent })
			s.event(proto.TypeCallIncoming, proto.CallIncoming{Call: ring("came", "invited")})
			_, err := Await[proto.CallIncoming](ctx, c.Events(), nil)
			require.NoError(t, err)
			_, err = Request[number](ctx, c, "echo", number{1})
			require.NoError(t, err)
			if silent {
				require.NoError(t, c.Ringing("by hand"))
				require.Eventually(t, func() bool { return len(s.rung()) == 1 }, 20*time.Second, time.Millisecond)
				require.Equal(t, []string{"by hand"}, s.rung())
				return
			}
			require.Eventually(t, func() bool { return len(s.rung()) == 2 }, 20*time.Second, time.Millisecond)
			require.Equal(t, []string{"found", "came"}, s.rung())
		})
	}
}

func TestAddAndWarning(t *testing.T) {
	ctx := limit(t)
	s := newServer(t)
	var got proto.CallAdd
	s.handle = func(r proto.Request) (any, *proto.Error) {
		_ = json.Unmarshal(r.Data, &got)
		return proto.Empty{}, nil
	}
	c := s.dial(t)
	require.NoError(t, c.Add(ctx, "c1", "u_ben", "u_cat"))
	require.Equal(t, proto.CallAdd{CallID: "c1", To: []string{"u_ben", "u_cat"}}, got)
	warning := proto.CallWarning{CallID: "c1", Reason: proto.ReasonQuietHours, EndsAt: 1767225900000}
	ev := c.Events()
	s.event(proto.TypeFriendsChanged, proto.Empty{})
	s.event(proto.TypeCallWarning, warning)
	e, err := ev.Next(ctx)
	require.NoError(t, err)
	require.Equal(t, proto.Empty{}, e.Data)
	w, err := Await[proto.CallWarning](ctx, ev, nil)
	require.NoError(t, err)
	require.Equal(t, warning, w)
}

func contextWithin(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(context.Background(), d)
}
