package netcheck

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"kinwire/signaling/proto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plane stands where the media plane stands: it knows its rooms.
type plane struct {
	mu     sync.Mutex
	rooms  map[string]string // offers, by room
	most   int
	fails  error
	onJoin func(room string)
}

func (p *plane) Join(_ context.Context, room, peer, offer string) (string, error) {
	if p.onJoin != nil {
		p.onJoin(room)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fails != nil {
		return "", p.fails
	}
	if p.rooms[room] != "" {
		return "", fmt.Errorf("two peers in room %s", room)
	}
	p.rooms[room] = offer
	p.most = max(p.most, len(p.rooms))
	return "answer to " + offer, nil
}

func (p *plane) EndRoom(room string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.rooms, room)
}

func (p *plane) live() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.rooms))
}

func (p *plane) ICEServers(id string) []proto.ICEServer {
	return []proto.ICEServer{{URLs: []string{"turn:x"}, Username: "for " + id}}
}

// inHouse runs a test on a service that runs, with a clock of its own.
func inHouse(t *testing.T, cfg Config, f func(t *testing.T, s *Service, p *plane)) {
	synctest.Test(t, func(t *testing.T) {
		p := &plane{rooms: map[string]string{}}
		s := New(cfg, Deps{Media: p, ICE: p, STUN: []string{"192.0.2.1:3478"}})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.Run(ctx) }()
		f(t, s, p)
		stop()
		<-done
		require.Empty(t, p.live(), "Run ends everything")
	})
}

func refusedWith(t *testing.T, code proto.Code, err error) {
	t.Helper()
	var refused *proto.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, code, refused.Code)
}

func offers(sdp string) proto.NetCheckOffer { return proto.NetCheckOffer{SDP: sdp} }

func TestACheck(t *testing.T) {
	inHouse(t, Config{Enabled: true, AtOnce: 2}, func(t *testing.T, s *Service, p *plane) {
		c, err := s.Begin(t.Context())
		require.NoError(t, err)
		require.Regexp(t, `^[a-z2-7]{26}$`, c.ID)
		require.Equal(t, time.Now().Add(time.Minute).UnixMilli(), c.ExpiresAt)
		require.Equal(t, []string{"192.0.2.1:3478"}, c.STUN)
		require.Equal(t, "for "+c.ID, c.ICEServers[0].Username)
		require.Empty(t, c.Seen)
		for i := range 3 {
			a, err := s.Offer(t.Context(), c.ID, offers(fmt.Sprint(i)))
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint("answer to ", i), a.SDP)
		}
		require.Len(t, p.live(), 3, "each in a room of its own")
		for _, room := range p.live() {
			require.True(t, strings.HasPrefix(room, RoomPrefix+c.ID))
		}
		require.NoError(t, s.End(t.Context(), c.ID))
		require.Empty(t, p.live())
		refusedWith(t, proto.CodeNotFound, s.End(t.Context(), c.ID))
		_, err = s.Offer(t.Context(), c.ID, offers("late"))
		refusedWith(t, proto.CodeNotFound, err)
		_, err = s.Offer(t.Context(), "made-up", offers("x"))
		refusedWith(t, proto.CodeNotFound, err)
	})
}

func TestChecksEndByThemselves(t *testing.T) {
	inHouse(t, Config{Enabled: true, AtOnce: 1}, func(t *testing.T, s *Service, p *plane) {
		c, err := s.Begin(t.Context())
		require.NoError(t, err)
		_, err = s.Offer(t.Context(), c.ID, offers("early"))
		require.NoError(t, err)
		time.Sleep(connected - tick)
		_, err = s.Offer(t.Context(), c.ID, offers("later"))
		require.NoError(t, err)
		require.Len(t, p.live(), 2)
		time.Sleep(2 * tick)
		require.Equal(t, []string{RoomPrefix + c.ID + "-2"}, p.live(), "a connection ends, the check goes on")
		_, err = s.Begin(t.Context())
		refusedWith(t, proto.CodeRateLimited, err)
		time.Sleep(lasts - connected)
		require.Empty(t, p.live())
		_, err = s.Offer(t.Context(), c.ID, offers("too late"))
		refusedWith(t, proto.CodeNotFound, err)
		_, err = s.Begin(t.Context())
		require.NoError(t, err, "there is room again")
	})
}

func TestOffersAreBounded(t *testing.T) {
	inHouse(t, Config{Enabled: true, AtOnce: 1}, func(t *testing.T, s *Service, p *plane) {
		c, err := s.Begin(t.Context())
		require.NoError(t, err)
		p.fails = &proto.Error{Code: proto.CodeBadOffer, Message: "no"}
		_, err = s.Offer(t.Context(), c.ID, offers("x"))
		refusedWith(t, proto.CodeBadOffer, err)
		p.fails = errors.New("no port left")
		_, err = s.Offer(t.Context(), c.ID, offers("x"))
		require.ErrorContains(t, err, "answer an offer of a network check: no port left")
		p.fails = nil
		for range maxOffers - 2 {
			_, err := s.Offer(t.Context(), c.ID, offers("x"))
			require.NoError(t, err)
		}
		_, err = s.Offer(t.Context(), c.ID, offers("x"))
		refusedWith(t, proto.CodeRateLimited, err)
		require.Len(t, p.live(), maxOffers-2)
	})
}

// TestAnEndWhileAnOfferIsAnswered: the room is not forgotten.
func TestAnEndWhileAnOfferIsAnswered(t *testing.T) {
	inHouse(t, Config{Enabled: true, AtOnce: 1}, func(t *testing.T, s *Service, p *plane) {
		c, err := s.Begin(t.Context())
		require.NoError(t, err)
		p.onJoin = func(string) { require.NoError(t, s.End(t.Context(), c.ID)) }
		_, err = s.Offer(t.Context(), c.ID, offers("x"))
		refusedWith(t, proto.CodeNotFound, err)
		require.Empty(t, p.live())
	})
}

func TestTune(t *testing.T) {
	inHouse(t, Config{}, func(t *testing.T, s *Service, p *plane) {
		_, err := s.Begin(t.Context())
		refusedWith(t, proto.CodeNotFound, err)
		s.Tune(Config{Enabled: true, AtOnce: 1})
		c, err := s.Begin(t.Context())
		require.NoError(t, err)
		s.Tune(Config{})
		_, err = s.Offer(t.Context(), c.ID, offers("x"))
		require.NoError(t, err, "what is under way goes on")
	})
}

// TestNothingIsForgotten does anything in any order: there are never more
// checks or connections than may be, and after a minute of silence none.
func TestNothingIsForgotten(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		most := rapid.IntRange(1, 3).Draw(rt, "at once")
		steps := rapid.SliceOfN(rapid.IntRange(0, 99), 1, 60).Draw(rt, "steps")
		inHouse(t, Config{Enabled: true, AtOnce: most}, func(t *testing.T, s *Service, p *plane) {
			var known []string
			for _, n := range steps {
				switch {
				case n < 25:
					if c, err := s.Begin(t.Context()); err == nil {
						known = append(known, c.ID)
					}
				case n < 80 && len(known) > 0:
					_, _ = s.Offer(t.Context(), known[n%len(known)], offers("x"))
				case n < 90 && len(known) > 0:
					_ = s.End(t.Context(), known[n%len(known)])
				default:
					time.Sleep(time.Duration(n) * 200 * time.Millisecond)
				}
			}
			require.LessOrEqual(t, p.most, most*maxOffers)
			time.Sleep(lasts + tick)
			require.Empty(t, p.live())
			_, err := s.Begin(t.Context())
			require.NoError(t, err)
		})
	})
}
