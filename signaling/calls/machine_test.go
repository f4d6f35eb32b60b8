package calls

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/proto"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// TestTable is the table of transitions once more, as letters, so that a
// change to it is made on purpose: x means refused with wrong_state.
//
//	A accept  D decline  B busy  H hang up  L leave  J join  j joined  f join failed
//	o offer  m mute  ↓ socket down  ↑ socket up  † session over  + link up  - link down
//	r rings  F free
func TestTable(t *testing.T) {
	const order = "ADBHLJjfom↓↑†+-rF"
	want := map[stage]string{
		invited: "ADBHxxjfxxxx†xxrF",
		active:  "AxxHLJjfom↓↑†+-rx",
		away:    "xxxHLJjfxx↓↑†xxrx",
		gone:    "xDxHLxjfxxxxxxxrx",
	}
	row := func(actions map[eventKind]action) string {
		var s []rune
		for kind, letter := range []rune(order) {
			if _, ok := actions[eventKind(kind)]; !ok {
				letter = 'x'
			}
			s = append(s, letter)
		}
		return string(s)
	}
	require.Len(t, []rune(order), int(lastEvent)+1)
	for st, letters := range want {
		require.Equal(t, letters, row(transitions[st]), "stage %d", st)
		require.NotEmpty(t, stageRefusals[st])
	}
	require.Equal(t, "xDxHLxjfxxxxxxxrx", row(afterEnd))
	require.Len(t, transitions, len(want))
}

const lastEvent = evFree

// world is a call, and what its effects have done so far.
type world struct {
	c      *call
	now    time.Time
	ledger ledger
}

func newWorld(people, busy int) *world {
	var others []newcomer
	for i := 1; i < people; i++ {
		others = append(others, newcomer{id: fmt.Sprint("p", i), person: proto.Person{ID: fmt.Sprint("u", i)}, busy: i <= busy})
	}
	w := &world{now: t0}
	w.c = newCall("c", true, testConfig, proto.CallTerms{}, newcomer{id: "p0", person: proto.Person{ID: "u0"}}, Who{UserID: "u0", SessionID: "u0/0"}, others, t0)
	return w
}

// happen applies an event as the service would.
func (w *world) happen(p *participant, ev event) {
	if w.ledger.lets(w.c, p, ev.kind) {
		w.ledger.happened(w.c, p, ev.kind, w.c.apply(p, ev, w.now))
	}
}

func (w *world) check() error { return w.ledger.carryOut(w.c) }

// TestAnyHistory lets anything happen in any order.
func TestAnyHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.IntRange(2, 5).Draw(t, "people")
		w := newWorld(people, rapid.IntRange(0, people-1).Draw(t, "busy"))
		require.NoError(t, w.check())
		for range rapid.IntRange(20, 80).Draw(t, "steps") {
			w.step(t)
			require.NoError(t, w.check())
		}
		w.windDown(t)
	})
}

func (w *world) step(t *rapid.T) {
	what := rapid.IntRange(0, 8).Draw(t, "what")
	switch p := rapid.SampledFrom(w.c.people).Draw(t, "who"); {
	case what == 0:
		w.now = w.now.Add(time.Duration(rapid.IntRange(0, 50_000).Draw(t, "ms")) * time.Millisecond)
		w.c.tick(w.now)
	case what == 1 && p.stage == active && w.c.phase != proto.PhaseEnded:
		n := rapid.IntRange(0, 6).Draw(t, "added")
		w.c.add(p, []newcomer{{
			id: fmt.Sprint("p", n), person: proto.Person{ID: fmt.Sprint("u", n)}, busy: rapid.IntRange(0, 3).Draw(t, "busy") == 0,
		}}, w.now)
	case what == 2:
		w.c.expel([]removal{{p.person.ID, proto.ReasonNotAllowed}}, w.now)
	case what == 3:
		terms := proto.CallTerms{NoVideo: rapid.Bool().Draw(t, "no video")}
		if rapid.Bool().Draw(t, "ends") {
			terms.EndsAt, terms.Reason = w.now.Add(time.Duration(rapid.IntRange(-10, 400).Draw(t, "end"))*time.Second), proto.ReasonAllowance
		}
		w.c.agree(terms, w.now)
	default:
		w.happen(p, event{
			kind:    eventKind(rapid.IntRange(0, int(lastEvent)).Draw(t, "event")),
			session: fmt.Sprint(p.person.ID, "/", rapid.IntRange(0, 1).Draw(t, "device")),
			source:  proto.SourceVideo, muted: rapid.Bool().Draw(t, "muted"), seated: rapid.Bool().Draw(t, "seated"),
			sources: []proto.Source{{Kind: proto.SourceAudio, MID: "0"}, {Kind: proto.SourceVideo, MID: "1", Muted: rapid.Bool().Draw(t, "off")}},
		})
	}
}

// windDown: whatever the state, when everybody's page is killed the call ends
// by itself, and nothing is left behind.
func (w *world) windDown(t *rapid.T) {
	for _, p := range w.c.people {
		w.happen(p, event{kind: evJoined})
		require.NoError(t, w.check())
		w.happen(p, event{kind: evSocketDown, session: p.session})
		require.NoError(t, w.check())
	}
	for range 20 {
		if w.c.phase == proto.PhaseEnded {
			break
		}
		w.now = w.c.next()
		require.False(t, w.now.IsZero(), "nothing is due, and the call goes on")
		w.c.tick(w.now)
		require.NoError(t, w.check())
	}
	require.Equal(t, proto.PhaseEnded, w.c.phase)

	// The end is final.
	reason := w.c.reason
	for _, p := range w.c.people {
		for kind := evAccept; kind <= lastEvent; kind++ {
			w.happen(p, event{kind: kind, session: p.session})
			require.NoError(t, w.check())
		}
	}
	w.c.tick(w.now.Add(time.Hour))
	w.c.shutdown(w.now)
	require.NoError(t, w.check())
	require.Equal(t, reason, w.c.reason)
}

// TestDeadlinesRunFromTheFirstDrop: a socket that flaps does not buy time,
// and one that is well again starts afresh.
func TestDeadlinesRunFromTheFirstDrop(t *testing.T) {
	w := newWorld(2, 0)
	p := w.c.people[0]
	down, up := event{kind: evSocketDown, session: p.session}, event{kind: evSocketUp, session: p.session}
	require.Nil(t, w.c.apply(p, down, t0))
	first := p.lostAt
	require.Equal(t, t0.Add(testConfig.LostTimeout), first)
	require.Nil(t, w.c.apply(p, down, t0.Add(time.Second)))
	require.Equal(t, first, p.lostAt)
	require.Nil(t, w.c.apply(p, up, t0.Add(2*time.Second)))
	require.True(t, p.lostAt.IsZero())
	require.Nil(t, w.c.apply(p, down, t0.Add(3*time.Second)))
	require.Equal(t, first.Add(3*time.Second), p.lostAt)
}
