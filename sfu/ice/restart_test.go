package ice_test

import (
	"testing"
	"time"

	"github.com/pion/stun/v3"
	"github.com/stretchr/testify/require"

	"kinwire/sfu/ice"
)

func try(t *testing.T, a *ice.Agent, local, remote ice.Credentials, p ice.Path, now time.Time, more ...stun.Setter) (ice.Result, error) {
	t.Helper()
	return a.Check(check(t, local, remote, more...), p, now)
}

func TestRestart(t *testing.T) {
	a := newAgent()
	good(t, a, udp(0), at(0), nominate())
	a.Restart(ours2, theirs2, at(second))
	require.Equal(t, ours2, a.Local())
	require.Equal(t, udp(0), selected(t, a), "media goes on")
	require.Equal(t, ice.Connected, a.State(at(second)))

	require.True(t, good(t, a, udp(1), at(2*second), nominate()), "the old ones serve on")
	_, err := try(t, a, ours2, theirs, udp(5), at(2*second))
	require.ErrorIs(t, err, ice.ErrUsername, "they do not mix")

	r, err := try(t, a, ours2, theirs2, udp(2), at(3*second))
	require.NoError(t, err)
	require.False(t, r.Selected)
	require.Equal(t, udp(1), selected(t, a), "until a path of the new ones is nominated")
	_, err = try(t, a, ours, theirs, udp(1), at(3*second), nominate())
	require.ErrorIs(t, err, ice.ErrUsername, "the old ones have gone with the first check of the new")

	r, err = try(t, a, ours2, theirs2, udp(2), at(3*second), nominate())
	require.NoError(t, err)
	require.True(t, r.Selected)
	require.Equal(t, udp(2), selected(t, a))
	require.False(t, a.Heard(udp(1), at(4*second)), "the old path is left behind, however silent the new one")
	require.Equal(t, udp(2), selected(t, a))
}

func TestMediaOnTheNewPathTakesOverAfterRestart(t *testing.T) {
	a := newAgent()
	good(t, a, udp(0), at(0), nominate())
	a.Restart(ours2, theirs2, at(second))
	_, err := try(t, a, ours2, theirs2, udp(1), at(second))
	require.NoError(t, err)
	require.True(t, a.Heard(udp(1), at(second)))
	require.Equal(t, udp(1), selected(t, a))
}

func TestOldPathsTakeOverFromOneAnotherUntilTheNewCome(t *testing.T) {
	a := newAgent()
	good(t, a, udp(0), at(0), nominate())
	good(t, a, udp(1), at(0))
	a.Restart(ours2, theirs2, at(second))
	require.True(t, a.Heard(udp(1), at(second)))
	require.Equal(t, udp(1), selected(t, a))
}

func TestRestartBeforeTheFirstCheck(t *testing.T) {
	a := newAgent()
	a.Restart(ours2, theirs2, at(29*second))
	require.Equal(t, ice.New, a.State(at(58*second)), "time counts from the restart")
	require.True(t, good(t, a, udp(0), at(58*second), nominate()), "and the first credentials serve until then")
}

func TestTwoRestartsInARow(t *testing.T) {
	a := newAgent()
	good(t, a, udp(0), at(0), nominate())
	a.Restart(ours2, theirs2, at(second))
	a.Restart(ours3, theirs3, at(2*second))
	_, err := try(t, a, ours2, theirs2, udp(1), at(2*second))
	require.ErrorIs(t, err, ice.ErrUsername)
	require.False(t, good(t, a, udp(0), at(2*second)), "what carries the media serves on")
	r, err := try(t, a, ours3, theirs3, udp(1), at(2*second), nominate())
	require.NoError(t, err)
	require.True(t, r.Selected)
}

// A peer that restarts because it has lost its network must not be given up
// before it could come back.
func TestOldPathsDieDuringARestart(t *testing.T) {
	a := newAgent()
	good(t, a, udp(0), at(0), nominate())
	a.Restart(ours2, theirs2, at(19*second))
	expect(t, a, at(19*second), "disconnected until 20s", "new until 49s", "failed")

	a = newAgent()
	good(t, a, udp(0), at(0), nominate())
	a.Restart(ours2, theirs2, at(19*second))
	require.Equal(t, ice.New, a.State(at(20*second)))
	noneSelected(t, a)
	require.Empty(t, a.Paths(), "consent for them is gone")
	r, err := try(t, a, ours2, theirs2, udp(1), at(48*second), nominate())
	require.NoError(t, err)
	require.True(t, r.Selected)
	require.Equal(t, ice.Connected, a.State(at(48*second)))
}

func TestRestartWithoutRemote(t *testing.T) {
	a := newAgent()
	a.Restart(ours2, ice.Credentials{}, at(0))
	_, err := try(t, a, ours2, theirs3, udp(0), at(0))
	require.NoError(t, err, "a check may overtake the signaling")
}
