package feedback_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/sfu/feedback"
)

func TestThrottle(t *testing.T) {
	th := feedback.NewThrottle(500 * ms)
	require.False(t, th.Due(epoch), "nothing was asked for")
	require.True(t, th.Allow(epoch))
	require.False(t, th.Due(after(time.Second)), "nothing was refused")

	require.False(t, th.Allow(after(100*ms)))
	require.False(t, th.Allow(after(200*ms)))
	require.True(t, th.Pending())
	require.False(t, th.Due(after(499*ms)))
	require.True(t, th.Due(after(500*ms)), "what was refused is not forgotten")
	require.False(t, th.Due(after(2*time.Second)), "and goes out once")

	require.True(t, th.Allow(after(2*time.Second)))
	require.False(t, th.Allow(after(2001*ms)))
	th.Satisfied()
	require.False(t, th.Pending())
	require.False(t, th.Due(after(4*time.Second)))

	allowed, refused := th.Counts()
	require.EqualValues(t, 3, allowed)
	require.EqualValues(t, 3, refused)
}

// However it is called, it lets through nothing sooner than it may, and every
// request is answered in the end.
func TestThrottleKeepsItsPace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		interval := time.Duration(rapid.IntRange(0, 100).Draw(t, "interval")) * ms
		th := feedback.NewThrottle(interval)
		now := epoch
		var last time.Time
		wanted := false
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "ms")) * ms)
			out := false
			if rapid.Bool().Draw(t, "ask") {
				out = th.Allow(now)
				wanted = true
			} else {
				out = th.Due(now)
				require.False(t, out && !wanted)
			}
			if out {
				require.True(t, last.IsZero() || now.Sub(last) >= interval)
				last, wanted = now, false
			}
			require.Equal(t, wanted, th.Pending())
		}
		if wanted {
			require.True(t, th.Due(last.Add(interval)))
		}
	})
}

// TestThrottleLetsTheRareComeSooner: a request with a shorter gap goes out at
// its own time, also when others were refused before it.
func TestThrottleLetsTheRareComeSooner(t *testing.T) {
	begin := time.Unix(1000, 0)
	at := func(ms int) time.Time { return begin.Add(time.Duration(ms) * time.Millisecond) }
	th := feedback.NewThrottle(400 * time.Millisecond)
	require.True(t, th.Allow(at(0)))
	require.False(t, th.Allow(at(10)))
	require.False(t, th.AllowAfter(at(20), 100*time.Millisecond))
	require.False(t, th.Allow(at(30)), "and does not put off the one that waits")
	require.False(t, th.Due(at(99)))
	require.True(t, th.Due(at(100)))
	require.False(t, th.Allow(at(150)))
	require.True(t, th.AllowAfter(at(200), 100*time.Millisecond))
	require.False(t, th.Allow(at(210)))
	require.False(t, th.Due(at(599)))
	require.True(t, th.Due(at(600)), "what was refused with the usual gap waits for the usual time")
}
