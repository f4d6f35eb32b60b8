package calls

import (
	"fmt"
	"slices"
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
func TestTable(t *testing.T) {
	const order = "ADBHLJjfom↓↑†+-"
	want := map[stage]string{
		invited: "ADBHxxxxxxxxxxx",
		active:  "AxxHLJjfom↓↑†+-",
		away:    "xxxHLJjfxx↓↑†xx",
		gone:    "xDxHLxjfxxxxxxx",
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
	require.Len(t, []rune(order), int(evLinkDown)+1)
	for st, letters := range want {
		require.Equal(t, letters, row(transitions[st]), "stage %d", st)
		require.NotEmpty(t, stageRefusals[st])
	}
	require.Equal(t, "xDxHLxjfxxxxxxx", row(afterEnd))
	require.Len(t, transitions, len(want))
}

// world is a call, and what its effects have done so far.
type world struct {
	c       *call
	now     time.Time
	pending map[string]int  // joins that the media plane has not answered
	peers   map[string]bool // whom the media plane holds
	present map[string]bool // who is in the record
	finals  map[string]int
	started bool
	ended   bool
	rank    int // of the phase; must never fall
}

var phaseRank = map[proto.Phase]int{
	proto.PhaseRinging: 0, proto.PhaseConnecting: 1, proto.PhaseConnected: 2, proto.PhaseEnded: 3,
}

func newWorld(people, busy int) *world {
	var others []newcomer
	for i := 1; i < people; i++ {
		others = append(others, newcomer{id: fmt.Sprint("p", i), person: proto.Person{ID: fmt.Sprint("u", i)}, busy: i <= busy})
	}
	w := &world{now: t0, pending: map[string]int{}, peers: map[string]bool{}, present: map[string]bool{}, finals: map[string]int{}}
	w.c = newCall("c", true, testConfig, newcomer{id: "p0", person: proto.Person{ID: "u0"}}, Who{UserID: "u0", SessionID: "u0/0"}, others, t0)
	return w
}

// happen applies an event as the service would, and carries out the effects.
func (w *world) happen(p *participant, ev event) {
	if (ev.kind == evJoined || ev.kind == evJoinFailed) && w.pending[p.id] == 0 {
		return
	}
	if ev.kind == evJoin && w.pending[p.id] > 0 {
		return // the service lets only one at a time through
	}
	refused := w.c.apply(p, ev, w.now)
	switch {
	case ev.kind == evJoin && refused == nil:
		w.pending[p.id]++
	case ev.kind == evJoined:
		w.pending[p.id]--
		w.peers[p.id] = true // before the effects: the media plane has answered
	case ev.kind == evJoinFailed:
		w.pending[p.id]--
	}
}

// check carries out effects and returns what is wrong.
func (w *world) check() error {
	notices, todo := w.c.take()
	for _, n := range notices {
		d, ok := n.data.(proto.CallState)
		if ok && d.Call.Phase == proto.PhaseEnded && d.Call.Reason != proto.ReasonElsewhere {
			if w.finals[n.user]++; w.finals[n.user] > 1 {
				return fmt.Errorf("%s was told twice that it is over", n.user)
			}
			if d.Call.Reason == "" {
				return fmt.Errorf("%s was told no reason", n.user)
			}
		}
	}
	for _, job := range todo {
		if err := w.perform(job); err != nil {
			return err
		}
	}
	return w.invariants()
}

func (w *world) perform(job work) error {
	steps := map[workKind]func() bool{
		recordStart: func() bool { was := w.started; w.started = true; return !was },
		recordJoin: func() bool {
			was := w.present[job.participant]
			w.present[job.participant] = true
			return w.started && !w.ended && !was
		},
		recordLeave: func() bool {
			was := w.present[job.participant]
			delete(w.present, job.participant)
			return !w.ended && was && job.reason != ""
		},
		recordEnd: func() bool {
			was := w.ended
			w.ended = true
			return !was && len(w.present) == 0 && job.reason != ""
		},
		mediaLeave: func() bool { delete(w.peers, job.participant); return true },
		mediaEnd:   func() bool { clear(w.peers); return true },
	}
	if !steps[job.kind]() {
		return fmt.Errorf("out of order: %+v", job)
	}
	return nil
}

func (w *world) invariants() error {
	c := w.c
	rank, over := phaseRank[c.phase], c.phase == proto.PhaseEnded
	if rank < w.rank {
		return fmt.Errorf("the phase went back to %s", c.phase)
	}
	w.rank = rank
	if over != w.ended || over != (c.reason != "") {
		return fmt.Errorf("phase %s, reason %q, record ended: %t", c.phase, c.reason, w.ended)
	}
	ringing, here, _ := c.count()
	if !over && here == 0 {
		return fmt.Errorf("nobody is in the call and it goes on")
	}
	if !over && c.phase == proto.PhaseRinging && ringing == 0 && !c.allBusy {
		return fmt.Errorf("it rings for nobody")
	}
	if !over && here == 1 && c.next().IsZero() {
		return fmt.Errorf("somebody waits alone for ever")
	}
	for _, p := range c.people {
		if over && p.stage != gone {
			return fmt.Errorf("%s is still at stage %d after the end", p.id, p.stage)
		}
		if (p.stage == gone) != (w.finals[p.person.ID] == 1) && p.reason != proto.ReasonBusy {
			return fmt.Errorf("%s: stage %d, told of the end %d times", p.id, p.stage, w.finals[p.person.ID])
		}
		if p.media && p.stage != active {
			return fmt.Errorf("%s has media at stage %d", p.id, p.stage)
		}
		if w.peers[p.id] != p.media || w.present[p.id] != p.media {
			return fmt.Errorf("%s: media %t, peer %t, in the record %t", p.id, p.media, w.peers[p.id], w.present[p.id])
		}
		if p.stage == active && p.reconnecting() && p.lostAt.IsZero() && !over {
			return fmt.Errorf("%s reconnects for ever", p.id)
		}
	}
	return nil
}

// TestAnyHistory lets anything happen in any order.
func TestAnyHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.IntRange(2, 5).Draw(t, "people")
		w := newWorld(people, rapid.IntRange(0, people-1).Draw(t, "busy"))
		require.NoError(t, w.check())
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			w.step(t)
			require.NoError(t, w.check())
		}
		w.windDown(t)
	})
}

func (w *world) step(t *rapid.T) {
	if rapid.IntRange(0, 5).Draw(t, "what") == 0 {
		w.now = w.now.Add(time.Duration(rapid.IntRange(0, 50_000).Draw(t, "ms")) * time.Millisecond)
		w.c.tick(w.now)
		return
	}
	p := rapid.SampledFrom(w.c.people).Draw(t, "who")
	session := fmt.Sprint(p.person.ID, "/", rapid.IntRange(0, 1).Draw(t, "device"))
	kind := eventKind(rapid.IntRange(0, int(evLinkDown)).Draw(t, "event"))
	w.happen(p, event{
		kind: kind, session: session, source: proto.SourceAudio, muted: rapid.Bool().Draw(t, "muted"),
		seated:  rapid.Bool().Draw(t, "seated"),
		sources: []proto.Source{{Kind: proto.SourceAudio, MID: "0"}},
	})
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
	require.Empty(t, w.peers)

	// The end is final.
	reason := w.c.reason
	for _, p := range w.c.people {
		for kind := evAccept; kind <= evLinkDown; kind++ {
			w.happen(p, event{kind: kind, session: p.session})
			require.NoError(t, w.check())
		}
	}
	w.c.tick(w.now.Add(time.Hour))
	w.c.shutdown(w.now)
	require.NoError(t, w.check())
	require.Equal(t, reason, w.c.reason)
}

// TestEveryState walks from state to state by every event until no new state
// turns up, for two people with one device each.
func TestEveryState(t *testing.T) {
	kinds := []eventKind{evAccept, evDecline, evHangup, evLeave, evJoin, evJoined, evSocketDown, evSocketGone, evLinkUp, evLinkDown}
	moves := []move{{due: true}}
	for who := range 2 {
		for _, kind := range kinds {
			moves = append(moves, move{who: who, kind: kind})
		}
	}
	seen := map[string]bool{}
	frontier, depth := [][]move{nil}, 0
	for ; len(frontier) > 0; depth++ {
		var next [][]move
		for _, history := range frontier {
			for _, m := range moves {
				longer := append(slices.Clone(history), m)
				w, err := replay(longer)
				require.NoError(t, err, "%+v", longer)
				if k := w.key(); !seen[k] {
					seen[k] = true
					next = append(next, longer)
				}
			}
		}
		frontier = next
	}
	t.Logf("%d states, the farthest %d events away", len(seen), depth)
	require.Greater(t, len(seen), 1000, "the walk got somewhere")
}

// move is an event, or that what is due next happens.
type move struct {
	who  int
	kind eventKind
	due  bool
}

func replay(history []move) (*world, error) {
	w := newWorld(2, 0)
	for _, m := range history {
		if m.due {
			if at := w.c.next(); !at.IsZero() {
				w.now = at
			}
			w.c.tick(w.now)
		} else {
			p := w.c.people[m.who]
			w.happen(p, event{kind: m.kind, session: p.person.ID + "/0"})
		}
		if err := w.check(); err != nil {
			return w, err
		}
	}
	return w, nil
}

// key is the state without its history: deadlines count from now.
func (w *world) key() string {
	left := func(at time.Time) any {
		if at.IsZero() {
			return "-"
		}
		return at.Sub(w.now)
	}
	k := fmt.Sprint(w.c.phase, w.c.reason, left(w.c.ringAt), left(w.c.aloneAt), w.c.mediaUsed)
	for _, p := range w.c.people {
		k += fmt.Sprint("|", p.stage, p.reason, p.session, p.socketDown, p.joining, p.media, p.link,
			left(p.lostAt), left(p.setupAt), w.pending[p.id])
	}
	return k
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
