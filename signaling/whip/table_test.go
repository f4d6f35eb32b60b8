package whip

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// stub is a seat, and its media, that are good until told otherwise.
type stub struct {
	Seat
	Media
	live bool
	ask  func() // runs whenever somebody asks whether it is live
}

func (s *stub) Live() bool {
	if s.ask != nil {
		s.ask()
	}
	return s.live
}

func (s *stub) Allow() bool { return true }

func newService(now func() time.Time) *Service { return New(Config{}, Deps{Now: now}) }

// crowd is a service and sessions that use it.
type crowd struct {
	*Service
	at     time.Time
	tokens map[string]string // the one that media was last started with, by session
	media  map[string]*stub
	seats  map[string]*stub
}

func newCrowd() *crowd {
	c := &crowd{at: time.Unix(1000, 0), tokens: map[string]string{}, media: map[string]*stub{}, seats: map[string]*stub{}}
	c.Service = newService(func() time.Time { return c.at })
	return c
}

func (c *crowd) ask(t *rapid.T, o string) {
	if c.seats[o] == nil || !c.seats[o].live {
		c.seats[o] = &stub{live: true}
	}
	got := c.Token(o, c.seats[o])
	require.Equal(t, c.at.Add(2*time.Minute).UnixMilli(), got.ExpiresAt)
	require.NotNil(t, c.table.find(hashed(got.Token)))
	if m := c.media[o]; m == nil || !m.live {
		c.tokens[o] = got.Token
	}
}

func (c *crowd) start(t *rapid.T, o string) {
	g := c.table.find(hashed(c.tokens[o]))
	if g == nil || !g.seat.Live() {
		return
	}
	c.endMedia(o) // a person has one media
	c.media[o] = &stub{live: true}
	require.True(t, c.table.put(g, &resource{id: "r" + o, role: sender, media: c.media[o]}))
}

func (c *crowd) endMedia(o string) {
	if c.media[o] != nil {
		c.media[o].live = false
	}
}

func (c *crowd) leave(o string) {
	c.endMedia(o)
	if c.seats[o] != nil {
		c.seats[o].live = false
	}
}

func (c *crowd) endSession(t *rapid.T, o string) {
	c.Forget(o)
	require.Nil(t, c.table.find(hashed(c.tokens[o])))
	require.Nil(t, c.table.owners[o])
	delete(c.tokens, o)
	delete(c.media, o)
}

func (c *crowd) check(t *rapid.T) {
	n := 0
	for o, list := range c.table.owners {
		require.NotEmpty(t, list)
		require.LessOrEqual(t, len(list), tokensEach)
		for _, g := range list {
			require.Equal(t, o, g.owner)
			require.Same(t, g, c.table.grants[g.key])
		}
		n += len(list)
	}
	require.Len(t, c.table.grants, n)
	for o, m := range c.media { // media that runs is never taken away
		if m.live {
			g := c.table.find(hashed(c.tokens[o]))
			require.NotNil(t, g)
			require.NotNil(t, c.table.resource(g, sender, "r"+o))
			require.Nil(t, c.table.resource(g, receiver, "r"+o))
			require.Nil(t, c.table.resource(g, sender, "other"))
		}
	}
}

// TestTableIsBounded lets sessions come, ask for tokens, start and end media,
// and go, in any order.
func TestTableIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newCrowd()
		owner := func(t *rapid.T) string { return fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "owner")) }
		t.Repeat(map[string]func(*rapid.T){
			"ask":          func(t *rapid.T) { c.ask(t, owner(t)) },
			"start":        func(t *rapid.T) { c.start(t, owner(t)) },
			"end of media": func(t *rapid.T) { c.endMedia(owner(t)) },
			"leave":        func(t *rapid.T) { c.leave(owner(t)) },
			"session over": func(t *rapid.T) { c.endSession(t, owner(t)) },
			"time": func(t *rapid.T) {
				c.at = c.at.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "seconds")) * time.Second)
			},
			"": c.check,
		})
		// Whatever it was, it goes when nobody needs it any more.
		for _, seat := range c.seats {
			seat.live = false
		}
		c.at = c.at.Add(sweepEvery)
		c.table.sweep(c.at)
		require.Empty(t, c.table.grants)
		require.Empty(t, c.table.owners)
	})
}

func TestForgottenWhileItStarts(t *testing.T) {
	s := newService(func() time.Time { return time.Unix(1000, 0) })
	g := s.table.find(hashed(s.Token("o", &stub{live: true}).Token))
	s.Forget("o")
	require.False(t, s.table.put(g, &resource{}))
}

// TestStartedDuringTheSweep: what starts media while the sweep looks at it
// stays.
func TestStartedDuringTheSweep(t *testing.T) {
	now := time.Unix(1000, 0)
	s := newService(func() time.Time { return now })
	seat := &stub{live: true}
	g := s.table.find(hashed(s.Token("o", seat).Token))
	now = now.Add(time.Hour) // it can start nothing more, and nothing runs
	seat.ask = func() { s.table.put(g, &resource{id: "r", media: &stub{live: true}}) }
	s.table.sweep(now)
	require.Same(t, g, s.table.find(g.key))
	seat.ask = nil
	now = now.Add(time.Hour)
	s.table.sweep(now)
	require.Same(t, g, s.table.find(g.key), "it runs")
	g.res.media.(*stub).live = false
	s.table.sweep(now.Add(time.Second))
	require.NotNil(t, s.table.find(g.key), "not so often")
	s.table.sweep(now.Add(sweepEvery))
	require.Nil(t, s.table.find(g.key))
}

func TestSecretsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		token, tag := newSecret(), newTag()
		require.Len(t, token, 43)
		require.False(t, seen[token] || seen[tag])
		seen[token], seen[tag] = true, true
	}
}
