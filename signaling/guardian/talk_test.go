package guardian_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/guardian"
	"kinwire/signaling/proto"
)

func talk(a, b string, from, to time.Time) proto.Talk {
	return proto.Talk{CallID: "c", A: a, B: b, From: from, To: to}
}

func TestTimeInCallsIsCounted(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	from := h.now.Add(-time.Hour)
	require.NoError(t, h.Used(ctx, talk("mia", "leo", from, from.Add(10*time.Minute)), "mia", "leo"))
	require.NoError(t, h.Used(ctx, talk("leo", "mia", from, from.Add(10*time.Minute))), "told again, the other way round")
	for _, child := range []string{"mia", "leo"} {
		got, err := h.Rules(ctx, child)
		require.NoError(t, err)
		require.EqualValues(t, 600, got.UsedSeconds, child)
	}
	// Somebody who is no child, and no friend yet or any more, is counted for
	// nobody but the child.
	require.NoError(t, h.Used(ctx, talk("mia", "tomek", from.Add(20*time.Minute), from.Add(25*time.Minute))))
	require.Equal(t, map[string]time.Duration{"2026-03-01": 15 * time.Minute}, h.counted(t, "mia"))
	require.Empty(t, h.counted(t, "tomek"))

	// The next day begins at zero.
	h.now = h.now.Add(12 * time.Hour)
	got, err := h.Rules(ctx, "mia")
	require.NoError(t, err)
	require.Zero(t, got.UsedSeconds)
}

func TestOnlyThoseNamed(t *testing.T) {
	h := newHouse(t)
	require.NoError(t, h.Used(t.Context(), talk("mia", "leo", h.now.Add(-time.Minute), h.now), "leo", "raj"))
	require.Empty(t, h.counted(t, "mia"))
	require.Equal(t, map[string]time.Duration{"2026-03-01": time.Minute}, h.counted(t, "leo"))
	require.Empty(t, h.counted(t, "raj"))
}

func TestFamilyDoesNotCount(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	from := h.now.Add(-time.Hour)
	require.NoError(t, h.Used(ctx, talk("mia", "priya", from, from.Add(30*time.Minute))))
	require.Empty(t, h.counted(t, "mia"))
	// A friend who comes in for a part of it does.
	require.NoError(t, h.Used(ctx, talk("mia", "leo", from.Add(5*time.Minute), from.Add(9*time.Minute))))
	require.Equal(t, map[string]time.Duration{"2026-03-01": 4 * time.Minute}, h.counted(t, "mia"))
}

func TestTalksOfNoLength(t *testing.T) {
	h := newHouse(t)
	for _, c := range []proto.Talk{
		talk("mia", "leo", h.now, h.now),
		talk("mia", "leo", h.now, h.now.Add(-time.Hour)),
		talk("mia", "leo", h.now, h.now.Add(time.Microsecond)),
		talk("mia", "mia", h.now.Add(-time.Hour), h.now),
		talk("mia", "leo", h.now.Add(-2*guardian.Keep), h.now.Add(-guardian.Keep)),
		talk("nobody", "noone", h.now.Add(-time.Hour), h.now),
	} {
		require.NoError(t, h.Used(t.Context(), c))
	}
	require.Empty(t, h.counted(t, "mia"))
	require.Empty(t, h.counted(t, "leo"))
}

// TestDaysAreTheChilds: midnight and changes of the clock where the child is.
func TestDaysAreTheChilds(t *testing.T) {
	utc := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		require.NoError(t, err)
		return at
	}
	cases := map[string]struct {
		zone     string
		from, to string
		want     map[string]time.Duration
	}{
		"over midnight":       {"Asia/Kolkata", "2026-02-01T18:00:00Z", "2026-02-01T19:00:00Z", map[string]time.Duration{"2026-02-01": 30 * time.Minute, "2026-02-02": 30 * time.Minute}},
		"a day of 23 hours":   {"Europe/Warsaw", "2026-03-28T22:00:00Z", "2026-03-29T23:00:00Z", map[string]time.Duration{"2026-03-28": time.Hour, "2026-03-29": 23 * time.Hour, "2026-03-30": time.Hour}},
		"a day of 25 hours":   {"Europe/Warsaw", "2025-10-25T21:00:00Z", "2025-10-26T23:00:00Z", map[string]time.Duration{"2025-10-25": time.Hour, "2025-10-26": 25 * time.Hour}},
		"midnight is skipped": {"Africa/Cairo", "2026-04-23T21:30:00Z", "2026-04-23T22:30:00Z", map[string]time.Duration{"2026-04-23": 30 * time.Minute, "2026-04-24": 30 * time.Minute}},
		"a date is skipped":   {"Pacific/Apia", "2011-12-30T09:00:00Z", "2011-12-30T11:00:00Z", map[string]time.Duration{"2011-12-29": time.Hour, "2011-12-31": time.Hour}},
		// Clocks went back from 0:01 to 23:01: the new day began twice.
		"a date comes twice": {"America/St_Johns", "2010-11-07T02:00:00Z", "2010-11-07T04:00:00Z", map[string]time.Duration{"2010-11-06": 30*time.Minute + 59*time.Minute, "2010-11-07": 31 * time.Minute}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.now = utc(c.to)
			h.sql(t, `UPDATE rules SET time_zone = $1 WHERE child_id = 'mia'`, c.zone)
			require.NoError(t, h.Used(t.Context(), talk("mia", "leo", utc(c.from), utc(c.to))))
			require.Equal(t, c.want, h.counted(t, "mia"))
		})
	}
}

// TestEveryMinuteHasItsDay compares with a count minute by minute.
func TestEveryMinuteHasItsDay(t *testing.T) {
	h := newHouse(t)
	zones := []string{"UTC", "Europe/Warsaw", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "America/Sao_Paulo", "America/Havana",
		"Africa/Cairo", "Asia/Beirut", "Asia/Taipei", "Australia/Lord_Howe", "Antarctica/Troll", "Pacific/Apia", "America/New_York"}
	first := time.Date(1985, 1, 1, 0, 0, 0, 0, time.UTC)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		id := fmt.Sprint("child", n)
		h.person(t, id, "child")
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		loc, err := time.LoadLocation(zone)
		require.NoError(t, err)
		h.sql(t, `UPDATE rules SET time_zone = $1 WHERE child_id = $2`, zone, id)
		from := first.Add(time.Duration(rapid.IntRange(0, 44*365*24*60).Draw(t, "from")) * time.Minute)
		if rapid.Bool().Draw(t, "near a change of the clock") {
			if _, change := from.In(loc).ZoneBounds(); !change.IsZero() {
				from = change.UTC().Truncate(time.Minute).Add(-time.Duration(rapid.IntRange(0, 600).Draw(t, "before")) * time.Minute)
			}
		}
		minutes := rapid.IntRange(1, 3*24*60).Draw(t, "minutes")
		to := from.Add(time.Duration(minutes) * time.Minute)
		h.now = to
		require.NoError(t, h.Used(context.Background(), talk(id, "tomek", from, to)))

		want := map[string]time.Duration{}
		for at := from; at.Before(to); at = at.Add(time.Minute) {
			want[at.In(loc).Format(time.DateOnly)] += time.Minute
		}
		require.Equal(t, want, h.counted(t, id), "%s from %s", zone, from)
	})
}

// TestWallClock: whatever talks of whichever calls arrive, in whatever order
// and how often, with restarts in between: what is counted is the time in
// which the child was in a call with anybody outside the family.
func TestWallClock(t *testing.T) {
	h := newHouse(t)
	const slots, slot = 60, 1700 * time.Millisecond // over midnight, and nothing comes out in whole seconds
	base := time.Date(2026, 3, 1, 23, 59, 7, 0, time.UTC)
	h.now = base.Add(slots * slot)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		id := fmt.Sprint("kid", n)
		h.person(t, id, "child")
		h.friends(t, id, "priya", true)
		var want [slots]bool
		var talks []proto.Talk
		for range rapid.IntRange(1, 12).Draw(t, "talks") {
			from := rapid.IntRange(0, slots-1).Draw(t, "from")
			to := rapid.IntRange(from, slots).Draw(t, "to")
			with := rapid.SampledFrom([]string{"leo", "tomek", "raj", "priya"}).Draw(t, "with")
			a, b := id, with
			if rapid.Bool().Draw(t, "the other way round") {
				a, b = b, a
			}
			talks = append(talks, talk(a, b, base.Add(time.Duration(from)*slot), base.Add(time.Duration(to)*slot)))
			for i := from; i < to && with != "priya"; i++ {
				want[i] = true
			}
		}
		talks = append(talks, rapid.SliceOfN(rapid.SampledFrom(talks), 0, 4).Draw(t, "told twice")...)
		service := h.Service
		for _, one := range rapid.Permutation(talks).Draw(t, "order") {
			if rapid.IntRange(0, 5).Draw(t, "restart") == 0 {
				service = h.again()
			}
			require.NoError(t, service.Used(context.Background(), one, id))
		}
		var sum, total time.Duration
		for _, in := range want {
			if in {
				total += slot
			}
		}
		days := h.counted(t, id)
		for _, d := range days {
			sum += d
		}
		require.Equal(t, total, sum)
		require.LessOrEqual(t, len(days), 2)
	})
}

func TestOldDaysGo(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	start := h.now
	require.NoError(t, h.Used(ctx, talk("mia", "leo", start.Add(-time.Hour), start)))
	h.now = start.Add(guardian.Keep)
	require.NoError(t, h.Used(ctx, talk("mia", "leo", h.now.Add(-time.Hour), h.now)))
	require.NoError(t, h.Sweep(ctx))
	require.Len(t, h.counted(t, "mia"), 2, "forty days ago is kept")

	// The span that goes must not be counted anew when it is told once more.
	h.now = start.Add(guardian.Keep + 24*time.Hour)
	require.NoError(t, h.Sweep(ctx))
	require.NoError(t, h.Used(ctx, talk("mia", "leo", start.Add(-time.Hour), start)))
	require.Equal(t, map[string]time.Duration{"2026-04-10": time.Hour}, h.counted(t, "mia"))
	var spans int
	require.NoError(t, h.db.QueryRow(`SELECT count(*) FROM talk_spans WHERE child_id = 'mia'`).Scan(&spans))
	require.Equal(t, 1, spans)
}

func TestRunSweepsUntilItsContextEnds(t *testing.T) {
	h := newHouse(t)
	require.NoError(t, h.Used(t.Context(), talk("mia", "leo", h.now.Add(-time.Hour), h.now)))
	h.now = h.now.Add(guardian.Keep + 24*time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); h.Run(ctx) }()
	require.Eventually(t, func() bool { return len(h.counted(t, "mia")) == 0 }, 10*time.Second, 5*time.Millisecond)
	cancel()
	<-done
}
