package ice_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/sfu/ice"
)

// view is all that can be seen of an agent.
type view struct {
	state     ice.State
	selected  ice.Path
	is        bool
	paths     []ice.Path
	next      time.Time
	ends      bool
	localUser ice.Credentials
}

func look(a *ice.Agent, now time.Time) view {
	v := view{state: a.State(now), paths: a.Paths(), localUser: a.Local()}
	v.selected, v.is = a.Selected()
	v.next, v.ends = a.NextChange(now)
	return v
}

// world is an agent and what a test that knows who is who expects of it.
type world struct {
	agent    *ice.Agent
	now      time.Time
	sets     [][2]ice.Credentials // every pair of credentials there was
	old      int                  // the pair that serves beside the last one, or -1
	began    time.Time            // of the last pair
	alive    bool
	failed   bool
	chosen   bool // a path was nominated in this life
	checked  map[ice.Path]time.Time
	lastGood time.Time
	lastSeen time.Time
}

func (w *world) current() int { return len(w.sets) - 1 }

// end lets time do its work on the model.
func (w *world) end() {
	limit := w.began.Add(config.Consent)
	if w.alive {
		limit = w.lastGood.Add(config.Consent)
		if silence := w.lastSeen.Add(config.Failed); silence.Before(limit) {
			limit = silence
		}
	}
	if w.failed || w.now.Before(limit) {
		return
	}
	restarting := w.alive && w.old >= 0
	w.alive, w.chosen, w.old, w.checked = false, false, -1, map[ice.Path]time.Time{}
	w.failed = !restarting
	w.end()
}

func (w *world) state() ice.State {
	switch {
	case w.failed:
		return ice.Failed
	case !w.alive:
		return ice.New
	case w.now.Sub(w.lastSeen) < config.Disconnected:
		return ice.Connected
	}
	return ice.Disconnected
}

func (w *world) goodCheck(t *rapid.T, p ice.Path) {
	which := w.current()
	if w.old >= 0 && rapid.Bool().Draw(t, "old credentials") {
		which = w.old
	}
	nominated := rapid.Bool().Draw(t, "nominate")
	b := check(t, w.sets[which][0], w.sets[which][1])
	if nominated {
		b = check(t, w.sets[which][0], w.sets[which][1], nominate())
	}
	before := look(w.agent, w.now)
	r, err := w.agent.Check(b, p, w.now)
	if w.failed {
		require.ErrorIs(t, err, ice.ErrFailed)
		require.Equal(t, before, look(w.agent, w.now))
		return
	}
	require.NoError(t, err)
	require.True(t, r.Valid)
	require.True(t, w.agent.Valid(p))
	after := look(w.agent, w.now)
	require.Equal(t, before.selected != after.selected || before.is != after.is, r.Selected)
	if r.Selected {
		require.Equal(t, p, after.selected)
	}
	w.chosen = w.chosen || nominated
	if nominated {
		require.Equal(t, p, after.selected)
	}
	if which == w.current() {
		w.old = -1
	}
	w.alive, w.lastGood, w.lastSeen = true, w.now, w.now
	w.checked[p] = w.now
}

// badCheck sends what nobody who knows the password would.
func (w *world) badCheck(t *rapid.T, p ice.Path) {
	serving := w.sets[w.current()]
	stranger := ice.Credentials{Ufrag: "stranger", Pwd: "passwordOfTheStranger123"}
	forged := ice.Credentials{Ufrag: serving[0].Ufrag, Pwd: stranger.Pwd}
	packets := map[string][]byte{
		"wrong password": check(t, forged, serving[1], nominate()),
		"wrong username": check(t, stranger, serving[1], nominate()),
		"wrong peer":     check(t, serving[0], stranger, nominate()),
		"no integrity":   build(t, username(serving[0], serving[1]), nominate()),
	}
	kinds := []string{"wrong password", "wrong username", "wrong peer", "no integrity"}
	for i, set := range w.sets[:w.current()] {
		if i != w.old {
			packets["over"] = check(t, set[0], set[1], nominate())
		}
	}
	if packets["over"] != nil {
		kinds = append(kinds, "over")
	}
	before := look(w.agent, w.now)
	r, err := w.agent.Check(packets[rapid.SampledFrom(kinds).Draw(t, "bad")], p, w.now)
	require.Error(t, err)
	require.False(t, r.Valid || r.Selected)
	require.Equal(t, before, look(w.agent, w.now), "nothing unauthenticated changes anything")
}

func (w *world) media(t *rapid.T, p ice.Path) {
	before := look(w.agent, w.now)
	valid := w.agent.Valid(p)
	changed := w.agent.Heard(p, w.now)
	after := look(w.agent, w.now)
	if !valid {
		require.Equal(t, before, after)
		return
	}
	w.lastSeen = w.now
	require.Equal(t, before.paths, after.paths)
	require.Equal(t, before.selected != after.selected || before.is != after.is, changed)
	if changed {
		require.Equal(t, p, after.selected)
		require.True(t, w.chosen, "media alone selects nothing")
		require.False(t, w.agent.Heard(before.selected, w.now), "and it does not flap")
	}
}

func (w *world) restart(*rapid.T, ice.Path) {
	local, remote := ice.NewCredentials(), ice.NewCredentials()
	w.agent.Restart(local, remote, w.now)
	switch {
	case w.failed:
		w.failed, w.old = false, -1
	case w.old < 0:
		w.old = w.current()
	}
	w.sets = append(w.sets, [2]ice.Credentials{local, remote})
	w.began = w.now
}

func (w *world) lost(t *rapid.T, p ice.Path) {
	before := look(w.agent, w.now)
	w.agent.Lost(p, w.now)
	after := look(w.agent, w.now)
	require.Equal(t, before.state, after.state)
	require.Equal(t, before.is && before.selected != p, after.is)
	require.False(t, w.agent.Valid(p))
	delete(w.checked, p)
}

func TestAgentKeepsToItsRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{agent: newAgent(), now: epoch, sets: [][2]ice.Credentials{{ours, theirs}}, old: -1, began: epoch, checked: map[ice.Path]time.Time{}}
		steps := map[string]func(*rapid.T, ice.Path){
			"good": w.goodCheck, "bad": w.badCheck, "media": w.media, "restart": w.restart, "lost": w.lost,
		}
		names := []string{"good", "good", "good", "media", "media", "bad", "bad", "lost", "restart"}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			pause := rapid.SampledFrom([]time.Duration{0, 0, time.Millisecond, 300 * time.Millisecond, ice.TakeoverMedia, 2 * second, 6 * second, ice.TakeoverCheck, 19 * second}).Draw(t, "pause")
			w.now = w.now.Add(pause)
			w.end()
			require.Equal(t, w.state(), w.agent.State(w.now))
			p := udp(rapid.IntRange(0, 19).Draw(t, "path"))
			if few := rapid.Bool().Draw(t, "few paths"); few {
				p = tcp(rapid.IntRange(0, 2).Draw(t, "connection"))
			}
			steps[rapid.SampledFrom(names).Draw(t, "step")](t, p)
			w.hold(t)
		}
	})
}

// hold is what is so at any time.
func (w *world) hold(t *rapid.T) {
	v := look(w.agent, w.now)
	require.Equal(t, w.state(), v.state)
	require.LessOrEqual(t, len(v.paths), 16)
	seen := map[ice.Path]bool{}
	for _, p := range v.paths {
		require.False(t, seen[p], "twice")
		seen[p] = true
		require.Contains(t, w.checked, p, "a path that no check has proved")
	}
	if v.is {
		require.True(t, seen[v.selected], "a selected path that is not valid")
		require.True(t, w.chosen)
	}
	require.Equal(t, !w.failed, v.ends)
	if v.ends {
		require.True(t, v.next.After(w.now))
	}
	if w.failed || !w.alive {
		require.Empty(t, v.paths)
	}
}
