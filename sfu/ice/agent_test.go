package ice_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/sfu/ice"
)

func TestNothingIsSelectedBeforeANomination(t *testing.T) {
	a := newAgent()
	require.False(t, good(t, a, udp(0), at(0)))
	require.False(t, good(t, a, udp(1), at(10*second)))
	require.False(t, a.Heard(udp(1), at(10*second)))
	noneSelected(t, a)
	require.True(t, a.Valid(udp(0)), "and yet DTLS is answered where it came from")
	require.False(t, a.Valid(udp(2)))
	require.False(t, a.Valid(tcp(0)), "another way between the same addresses")
	require.ElementsMatch(t, []ice.Path{udp(0), udp(1)}, a.Paths())
}

func TestTheLastNominationWins(t *testing.T) {
	a := newAgent()
	require.True(t, good(t, a, udp(0), at(0), nominate()))
	require.Equal(t, udp(0), selected(t, a))
	require.False(t, good(t, a, udp(0), at(1), nominate()), "again is no change")
	require.True(t, good(t, a, tcp(1), at(2), nominate()), "at once, however lively the other")
	require.Equal(t, tcp(1), selected(t, a))
	require.False(t, good(t, a, udp(0), at(3)), "a check alone turns nothing back")
	require.True(t, good(t, a, udp(0), at(4), nominate()))
	require.Equal(t, udp(0), selected(t, a))
}

func TestMediaElsewhereTakesOverFromASilentPath(t *testing.T) {
	a := newAgent()
	good(t, a, udp(0), at(0), nominate())
	good(t, a, udp(1), at(0))

	require.False(t, a.Heard(udp(1), at(ice.TakeoverMedia-1)), "the selected path is not silent yet")
	require.False(t, a.Heard(udp(0), at(ice.TakeoverMedia-1)))
	require.False(t, a.Heard(udp(1), at(2*ice.TakeoverMedia-2)), "media counts as a sign of life")
	good(t, a, udp(0), at(2*ice.TakeoverMedia-2))
	require.False(t, a.Heard(udp(1), at(3*ice.TakeoverMedia-3)), "a check too")
	require.True(t, a.Heard(udp(1), at(3*ice.TakeoverMedia-2)))
	require.Equal(t, udp(1), selected(t, a))

	require.False(t, a.Heard(udp(0), at(3*ice.TakeoverMedia-1)), "a latecomer does not turn it back")
	require.False(t, a.Heard(udp(1), at(3*ice.TakeoverMedia)))
	require.Equal(t, udp(1), selected(t, a))
}

func TestMediaOnAPathWithoutACheckCountsForNothing(t *testing.T) {
	a := newAgent()
	require.False(t, a.Heard(udp(9), at(0)))
	require.Equal(t, ice.New, a.State(at(0)))
	good(t, a, udp(0), at(0), nominate())
	require.False(t, a.Heard(udp(9), at(4*second)))
	require.Equal(t, udp(0), selected(t, a))
	require.Equal(t, ice.Disconnected, a.State(at(config.Disconnected)))
}

// A quiet peer's checks of a path that it does not use must not pull us there.
func TestChecksElsewhereTakeOverOnlyFromADeadPath(t *testing.T) {
	a := newAgent()
	good(t, a, udp(0), at(0), nominate())
	require.False(t, good(t, a, udp(1), at(ice.TakeoverCheck-1)))
	require.True(t, good(t, a, udp(1), at(ice.TakeoverCheck)))
	require.Equal(t, udp(1), selected(t, a))
	require.Greater(t, ice.TakeoverCheck, 6*second, "RFC 7675 lets 6 s pass between checks")
}

func TestLostPath(t *testing.T) {
	a := newAgent()
	good(t, a, tcp(0), at(0), nominate())
	good(t, a, udp(1), at(0))
	a.Lost(udp(7), at(1)) // not one of ours
	require.Equal(t, tcp(0), selected(t, a))
	a.Lost(tcp(0), at(1))
	noneSelected(t, a)
	require.False(t, a.Valid(tcp(0)))
	require.Equal(t, ice.Connected, a.State(at(1)), "the peer may come over another path")
	require.True(t, a.Heard(udp(1), at(2)), "the next that brings anything follows it")
	require.Equal(t, udp(1), selected(t, a))

	a.Lost(udp(1), at(3))
	require.True(t, good(t, a, tcp(2), at(4)), "a new connection too")
	require.Equal(t, tcp(2), selected(t, a))
}

func TestLostBeforeNomination(t *testing.T) {
	a := newAgent()
	good(t, a, tcp(0), at(0))
	a.Lost(tcp(0), at(1))
	require.False(t, good(t, a, tcp(1), at(2)))
	noneSelected(t, a)
}

func TestPathsAreBounded(t *testing.T) {
	a := newAgent()
	good(t, a, udp(0), at(0), nominate())
	for i := 1; i < 16; i++ {
		good(t, a, udp(i), at(time.Duration(i)))
	}
	a.Heard(udp(1), at(20))
	require.Len(t, a.Paths(), 16)
	require.False(t, good(t, a, udp(16), at(21)))
	require.Len(t, a.Paths(), 16)
	require.True(t, a.Valid(udp(0)), "the selected path stays, though silent longest")
	require.True(t, a.Valid(udp(1)), "so does one that was heard")
	require.False(t, a.Valid(udp(2)))
	require.True(t, a.Valid(udp(16)))
	require.Equal(t, udp(0), selected(t, a))
}

// Consent is a path's, so a path without checks goes though others have them.
func TestPathWithoutChecksExpires(t *testing.T) {
	a := newAgent()
	good(t, a, udp(0), at(0), nominate())
	for i := 1; i < 30; i++ {
		now := at(time.Duration(i) * second)
		a.Heard(udp(0), now)
		require.False(t, good(t, a, udp(1), now))
	}
	require.Equal(t, udp(0), selected(t, a))
	a.Heard(udp(0), at(30*second-1))
	require.True(t, good(t, a, udp(1), at(30*second)))
	require.Equal(t, udp(1), selected(t, a))
	require.Equal(t, []ice.Path{udp(1)}, a.Paths())
}

// expect walks through the states that silence leads to, by NextChange.
func expect(t *testing.T, a *ice.Agent, now time.Time, steps ...string) {
	t.Helper()
	var got []string
	for {
		next, ok := a.NextChange(now)
		state := a.State(now)
		if !ok {
			got = append(got, state.String())
			break
		}
		require.True(t, next.After(now))
		got = append(got, fmt.Sprintf("%v until %v", state, next.Sub(epoch)))
		require.Equal(t, state, a.State(next.Add(-1)), "not sooner")
		now = next
	}
	require.Equal(t, steps, got)
}

func TestLife(t *testing.T) {
	heard := func(a *ice.Agent, until time.Duration) {
		for d := time.Duration(0); d <= until; d += second {
			a.Heard(udp(0), at(d))
		}
	}
	for name, c := range map[string]struct {
		cfg   ice.Config
		do    func(*testing.T, *ice.Agent)
		from  time.Duration
		steps []string
	}{
		"never a check": {config, func(*testing.T, *ice.Agent) {}, 0, []string{"new until 30s", "failed"}},
		"one check": {config, func(t *testing.T, a *ice.Agent) { good(t, a, udp(0), at(second)) }, second,
			[]string{"connected until 6s", "disconnected until 21s", "failed"}},
		"media keeps it up": {config, func(t *testing.T, a *ice.Agent) { good(t, a, udp(0), at(0)); heard(a, 9*second) }, 9 * second,
			[]string{"connected until 14s", "disconnected until 29s", "failed"}},
		"until consent ends": {config, func(t *testing.T, a *ice.Agent) { good(t, a, udp(0), at(0)); heard(a, 29*second) }, 29 * second,
			[]string{"connected until 30s", "failed"}},
		"a check ends the silence": {config, func(t *testing.T, a *ice.Agent) {
			good(t, a, udp(0), at(0))
			require.Equal(t, ice.Disconnected, a.State(at(10*second)))
			good(t, a, udp(0), at(10*second))
		}, 10 * second, []string{"connected until 15s", "disconnected until 30s", "failed"}},
		"media too": {config, func(t *testing.T, a *ice.Agent) {
			good(t, a, udp(0), at(0))
			require.Equal(t, ice.Disconnected, a.State(at(7*second)))
			a.Heard(udp(0), at(7*second))
		}, 7 * second, []string{"connected until 12s", "disconnected until 27s", "failed"}},
		"news that comes late": {config, func(t *testing.T, a *ice.Agent) {
			good(t, a, udp(0), at(4*second))
			a.Heard(udp(0), at(2*second))
		}, 4 * second, []string{"connected until 9s", "disconnected until 24s", "failed"}},
		"defaults": {ice.Config{}, func(t *testing.T, a *ice.Agent) { good(t, a, udp(0), at(0)) }, 0,
			[]string{"connected until 5s", "disconnected until 25s", "failed"}},
		"no disconnected": {ice.Config{Disconnected: 60 * second, Failed: 10 * second}, func(t *testing.T, a *ice.Agent) { good(t, a, udp(0), at(0)) }, 0,
			[]string{"connected until 10s", "failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := ice.NewAgent(c.cfg, ours, epoch)
			a.SetRemote(theirs)
			c.do(t, a)
			expect(t, a, at(c.from), c.steps...)
		})
	}
}

func TestAfterFailedNothingButRestartHelps(t *testing.T) {
	a := newAgent()
	good(t, a, udp(0), at(0), nominate())
	// Nobody looks when the time is over; what comes afterwards finds it over.
	now := at(config.Failed)
	require.False(t, a.Heard(udp(0), now))
	r, err := a.Check(check(t, ours, theirs, nominate()), udp(0), now)
	require.ErrorIs(t, err, ice.ErrFailed)
	require.Equal(t, ice.Result{}, r, "no answer: the peer is to notice")
	require.Equal(t, ice.Failed, a.State(now))
	require.Equal(t, ice.Failed, a.State(at(0)), "nor does a clock that lags")
	noneSelected(t, a)
	require.Empty(t, a.Paths())
	require.False(t, a.Valid(udp(0)))

	a.Restart(ours2, theirs2, now)
	require.Equal(t, ours2, a.Local())
	require.Equal(t, ice.New, a.State(now))
	_, err = a.Check(check(t, ours, theirs), udp(0), now)
	require.ErrorIs(t, err, ice.ErrUsername, "the old credentials are over with the old life")
	r, err = a.Check(check(t, ours2, theirs2), udp(0), now)
	require.NoError(t, err)
	require.True(t, r.Valid)
	require.False(t, r.Selected, "to be nominated again")
	require.Equal(t, ice.Connected, a.State(now))
}

// A check that comes too late does not bring back what nobody has seen end.
func TestCheckAfterTheEnd(t *testing.T) {
	a := newAgent()
	good(t, a, udp(0), at(0), nominate())
	_, err := a.Check(check(t, ours, theirs, nominate()), udp(0), at(config.Failed))
	require.ErrorIs(t, err, ice.ErrFailed)
	require.Empty(t, a.Paths())
}

func TestStateNames(t *testing.T) {
	require.Equal(t, "unknown", ice.State(99).String())
}
