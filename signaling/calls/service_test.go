package calls

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/proto"
)

// deed is one thing that somebody does; which is how the same random lives
// can be lived one after the other and all at once.
type deed struct {
	what, who, device, other, call int
	pause                          time.Duration
}

var everybody = []string{"ana", "ben", "cat", "dan"}

// life is everybody's deeds so far.
type life struct {
	*house
	mu    sync.Mutex
	calls []string
}

func (l *life) anyCall(n int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.calls) == 0 {
		return "c_none"
	}
	return l.calls[len(l.calls)-1-n%min(len(l.calls), 3)]
}

func (l *life) anyPeer(call string, n int) string {
	l.Service.mu.Lock()
	defer l.Service.mu.Unlock()
	c, ok := l.board.calls[call]
	if !ok {
		return "p_none"
	}
	return c.people[n%len(c.people)].id
}

// deeds is everything a person, their device or their link can do. What they
// return is what the person is told.
var deeds = []func(ctx context.Context, l *life, d deed) error{
	func(ctx context.Context, l *life, d deed) error {
		to := []string{everybody[(d.who+1+d.other%3)%4]}
		if d.other%4 == 0 {
			to = []string{everybody[(d.who+1)%4], everybody[(d.who+2)%4]}
		}
		entered, err := l.Invite(ctx, l.is(d), proto.CallInvite{To: to})
		if err == nil {
			l.mu.Lock()
			l.calls = append(l.calls, entered.Call.CallID)
			l.mu.Unlock()
		}
		return err
	},
	func(ctx context.Context, l *life, d deed) error {
		_, err := l.Accept(ctx, l.is(d), l.ref(d))
		return err
	},
	func(ctx context.Context, l *life, d deed) error {
		_, err := l.Accept(ctx, l.is(d), l.ref(d))
		return err
	},
	func(ctx context.Context, l *life, d deed) error {
		_, err := l.Decline(ctx, l.is(d), l.ref(d))
		return err
	},
	func(ctx context.Context, l *life, d deed) error {
		_, err := l.Hangup(ctx, l.is(d), l.ref(d))
		return err
	},
	func(ctx context.Context, l *life, d deed) error {
		_, err := l.Leave(ctx, l.is(d), l.ref(d))
		return err
	},
	func(ctx context.Context, l *life, d deed) error { return l.joins(ctx, d) },
	func(ctx context.Context, l *life, d deed) error { return l.joins(ctx, d) },
	func(ctx context.Context, l *life, d deed) error {
		_, err := l.Offer(ctx, l.is(d), proto.MediaOffer{CallID: l.anyCall(d.call), Sources: ownSources})
		return err
	},
	func(ctx context.Context, l *life, d deed) error {
		_, err := l.Mute(ctx, l.is(d), proto.MediaMute{CallID: l.anyCall(d.call), Kind: proto.SourceAudio, Muted: d.other%2 == 0})
		return err
	},
	func(ctx context.Context, l *life, d deed) error {
		return l.Report(ctx, l.is(d), proto.StatsReport{CallID: l.anyCall(d.call)})
	},
	func(_ context.Context, l *life, d deed) error { l.SessionDropped(l.is(d)); return nil },
	func(_ context.Context, l *life, d deed) error { l.SessionResumed(l.is(d)); return nil },
	func(_ context.Context, l *life, d deed) error { l.SessionEnded(l.is(d)); return nil },
	func(_ context.Context, l *life, d deed) error {
		call := l.anyCall(d.call)
		states := []LinkState{LinkConnected, LinkConnected, LinkDisconnected, LinkFailed}
		l.LinkChanged(call, l.anyPeer(call, d.other), states[d.device])
		return nil
	},
	func(_ context.Context, l *life, d deed) error {
		call := l.anyCall(d.call)
		l.SlotsChanged(call, l.anyPeer(call, d.other), proto.MediaSlots{CallID: call})
		return nil
	},
	func(_ context.Context, l *life, d deed) error { l.Views(l.is(d).UserID); return nil },
	func(ctx context.Context, l *life, d deed) error { return l.Ringing(ctx, l.is(d), l.ref(d)) },
	func(ctx context.Context, l *life, d deed) error { return l.adds(ctx, d) },
	func(ctx context.Context, l *life, d deed) error { return l.adds(ctx, d) },
	func(_ context.Context, l *life, d deed) error {
		l.books.mu.Lock()
		defer l.books.mu.Unlock()
		l.books.waits[everybody[d.who]] = d.other%3 > 0
		return nil
	},
	func(_ context.Context, l *life, d deed) error { // a friendship ends, and another begins
		pair := [2]string{everybody[d.who], everybody[(d.who+1+d.other%3)%4]}
		l.policy.set(func(r *rules) { r.apart = [][2]string{pair}[:d.other%2] })
		l.Recheck(pair[0])
		return nil
	},
	func(_ context.Context, l *life, d deed) error { // a parent changes a child's rules
		user := everybody[d.who]
		l.policy.set(func(r *rules) {
			r.noVideo = map[string]bool{user: d.other%2 == 0}
			r.quiet = map[string]time.Time{}
			if d.other%3 == 0 {
				r.quiet[user] = time.Now().Add(time.Duration(d.other) * 10 * time.Second)
			}
		})
		l.Recheck(everybody...)
		return nil
	},
}

func (l *life) adds(ctx context.Context, d deed) error {
	_, err := l.Add(ctx, l.is(d), proto.CallAdd{CallID: l.anyCall(d.call), To: []string{everybody[(d.who+1+d.other%3)%4]}})
	return err
}

func (l *life) is(d deed) Who { return l.on(everybody[d.who], d.device%2) }

func (l *life) ref(d deed) proto.CallRef { return proto.CallRef{CallID: l.anyCall(d.call)} }

func (l *life) joins(ctx context.Context, d deed) error {
	_, err := l.Join(ctx, l.is(d), proto.CallJoin{CallID: l.anyCall(d.call), Sources: ownSources})
	return err
}

// do does it, and says if the answer is no proper one.
func (l *life) do(ctx context.Context, d deed) error {
	err := deeds[d.what](ctx, l, d)
	var refused *proto.Error
	if err != nil && (!errors.As(err, &refused) || refused.Code == proto.CodeInternal) {
		return fmt.Errorf("%+v: not a refusal: %w", d, err)
	}
	return l.oneCallEach()
}

// oneCallEach is the promise that nobody is in two calls, and rung by one at
// most, which waits if they are in another; that who has been parted is; and
// that the index of calls is right.
func (l *life) oneCallEach() error {
	l.Service.mu.Lock()
	defer l.Service.mu.Unlock()
	in, rung := map[string]*call{}, map[string]*participant{}
	for id, c := range l.board.calls {
		for _, p := range c.people {
			user := p.person.ID
			if p.stage == active {
				if in[user] != nil {
					return fmt.Errorf("%s is in %s and in %s", user, in[user].id, id)
				}
				in[user] = c
			}
			if p.stage == invited {
				if rung[user] != nil {
					return fmt.Errorf("%s is rung twice, by %s too", user, id)
				}
				rung[user] = p
			}
			if listed := slices.Contains(l.board.byUser[user], c); listed != (p.stage != gone) {
				return fmt.Errorf("%s in %s: stage %d, listed: %t", user, id, p.stage, listed)
			}
			for _, source := range p.sources {
				if c.terms.NoVideo && isPicture(source.Kind) && !source.Muted {
					return fmt.Errorf("%s shows a picture in %s, where none may be", user, id)
				}
			}
		}
		if e := l.entries[id]; c.phase != proto.PhaseEnded && c.next() != e.due {
			return fmt.Errorf("%s: its timer is set to %v, and due is %v", id, e.due, c.next())
		}
	}
	for user, p := range rung {
		if p.ring.waiting != (in[user] != nil) {
			return fmt.Errorf("%s is rung, waiting: %t, in a call: %t", user, p.ring.waiting, in[user] != nil)
		}
	}
	return nil
}

// apartNow is the promise that nobody who may not meet is in one call.
func (l *life) apartNow() error {
	l.Service.mu.Lock()
	defer l.Service.mu.Unlock()
	for id, c := range l.board.calls {
		if pairs, _ := l.policy.Pairs(context.Background(), c.present()); len(pairs) > 0 {
			return fmt.Errorf("in %s are %v, who may not meet", id, pairs)
		}
	}
	return nil
}

// callsBack makes the media plane call back from inside Join.
func (h *house) callsBack() {
	var joins atomic.Int64
	h.media.onJoin = func(j MediaJoin) error {
		h.SlotsChanged(j.CallID, j.ParticipantID, proto.MediaSlots{CallID: j.CallID})
		h.LinkChanged(j.CallID, j.ParticipantID, LinkConnected)
		runtime.Gosched()
		if joins.Add(1)%5 == 0 {
			return &proto.Error{Code: proto.CodeBadOffer, Message: "some fail"}
		}
		return nil
	}
}

// TestAnyLife lives random lives of four people, with time passing.
func TestAnyLife(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ds := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) deed {
			return deed{
				what: rapid.IntRange(0, len(deeds)-1).Draw(t, "what"), who: rapid.IntRange(0, 3).Draw(t, "who"),
				device: rapid.IntRange(0, 3).Draw(t, "device"), other: rapid.IntRange(0, 7).Draw(t, "other"),
				call: rapid.IntRange(0, 2).Draw(t, "call"), pause: time.Duration(rapid.IntRange(0, 15).Draw(t, "s")) * time.Second,
			}
		}), 25, 80).Draw(rt, "deeds")
		if err := live(t, ds); err != nil {
			rt.Fatal(err)
		}
	})
}

func live(t *testing.T, ds []deed) (err error) {
	synctest.Test(t, func(t *testing.T) {
		l := &life{house: newHouse(testConfig)}
		l.callsBack()
		for _, d := range ds {
			if err = l.do(t.Context(), d); err != nil {
				break
			}
			time.Sleep(d.pause)
			synctest.Wait()
			if err = l.apartNow(); err != nil {
				break
			}
			for user, in := range l.hub.presence {
				if in != l.InCall(user) {
					err = errors.Join(err, fmt.Errorf("%s is shown as in a call: %t, which is wrong", user, in))
				}
			}
		}
		err = errors.Join(err, l.Close(t.Context()))
		if err == nil {
			err = l.audit()
		}
	})
	return err
}

// TestAllAtOnce lives such lives at the same time, in real time, with the
// media plane calling back from inside Join and the hub from PresenceChanged.
// It is for the race detector; and whatever the interleaving, the books must
// balance in the end.
func TestAllAtOnce(t *testing.T) {
	cfg := testConfig
	// Short, so that timers take part.
	cfg.RingTimeout, cfg.AloneTimeout, cfg.LostTimeout = 5*time.Millisecond, 3*time.Millisecond, 4*time.Millisecond
	l := &life{house: newHouse(cfg)}
	l.callsBack()
	const people, each = 8, 400
	errs := make(chan error, people)
	var wg sync.WaitGroup
	for n := range people {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(n), 1))
			for range each {
				d := deed{what: r.IntN(len(deeds)), who: r.IntN(4), device: r.IntN(4), other: r.IntN(8), call: r.IntN(3)}
				if err := l.do(t.Context(), d); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, l.Close(ctx))
	require.NoError(t, l.audit())
	require.NotEmpty(t, l.calls)
	t.Logf("%d calls", len(l.record.calls))
}

func TestLineKeepsOrder(t *testing.T) {
	var running sync.WaitGroup
	l := &line{running: &running}
	var got []int
	for i := range 1000 {
		l.add(func() { got = append(got, i) })
		if i%100 == 0 {
			require.NoError(t, l.wait(t.Context()))
			require.Len(t, got, i+1)
		}
	}
	running.Wait()
	for i, n := range got {
		require.Equal(t, i, n)
	}
	require.Len(t, got, 1000)

	block := make(chan struct{})
	l.add(func() { <-block })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, l.wait(ctx), context.Canceled)
	close(block)
	running.Wait()
}
