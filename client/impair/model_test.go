package impair

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// every is n packets of 200 bytes with the same time between them.
func every(d time.Duration, n int) []packet {
	in := make([]packet, n)
	for i := range in {
		in[i] = packet{d, 200}
	}
	return in
}

func up(d Direction) *Way { return New(Profile{Up: d}, 11).Up }

func TestNothingChangesNothing(t *testing.T) {
	for _, h := range play(up(Direction{}), every(time.Microsecond, 100)) {
		require.Equal(t, []time.Time{h.now}, h.at)
	}
}

func TestWaysAndSeedsDiffer(t *testing.T) {
	half := Profile{Up: Direction{Loss: 0.5}, Down: Direction{Loss: 0.5}}
	in := every(ms, 200)
	one, other := New(half, 1), New(half, 2)
	first := play(one.Up, in)
	require.NotEqual(t, first, play(one.Down, in), "the two ways of one network")
	require.NotEqual(t, first, play(other.Up, in), "two seeds")
}

// TestJitter: packets far apart have delays of their own, with the mean and the
// standard deviation that were asked for; close ones share theirs.
func TestJitter(t *testing.T) {
	d := Direction{Delay: 200 * ms, Jitter: 30 * ms}
	const n = 20_000
	var sum, squares float64
	for _, h := range play(up(d), every(time.Second, n)) {
		x := h.at[0].Sub(h.now).Seconds()
		sum, squares = sum+x, squares+x*x
	}
	mean := sum / n
	require.InDelta(t, 0.200, mean, 0.001)
	require.InDelta(t, 0.030, math.Sqrt(squares/n-mean*mean), 0.001)

	all := play(up(d), every(100*time.Microsecond, 1000))
	largest := time.Duration(0)
	for i := 1; i < len(all); i++ {
		step := all[i].at[0].Sub(all[i].now) - all[i-1].at[0].Sub(all[i-1].now)
		largest = max(largest, step.Abs())
	}
	require.Less(t, largest, 15*ms, "one tenth of a millisecond apart")

	// Without a delay there is nothing to take off: the floor is the sending.
	for _, h := range play(up(Direction{Jitter: 30 * ms}), every(time.Second, 100)) {
		require.False(t, h.at[0].Before(h.now))
	}
}

func TestReorderAndDuplicate(t *testing.T) {
	const n = 20_000
	w := up(Direction{Delay: 50 * ms, Reorder: 0.03, Duplicate: 0.01})
	var latest time.Time
	overtook, twice := 0, 0
	for _, h := range play(w, every(ms, n)) {
		if h.at[0].Before(latest) {
			overtook++
		}
		if len(h.at) == 2 {
			twice++
		}
		latest = later(latest, h.at[0])
	}
	require.InDelta(t, 0.03, float64(overtook)/n, 0.006)
	require.InDelta(t, 0.01, float64(twice)/n, 0.004)
	require.EqualValues(t, overtook, w.Counts().Reordered)
	require.EqualValues(t, twice, w.Counts().Duplicated)

	w = up(Direction{Reorder: 1})
	play(w, every(ms, 100))
	require.Zero(t, w.Counts().Reordered, "nobody is on the way to be overtaken")
}

func TestOutages(t *testing.T) {
	d := Direction{Delay: 10 * ms, Outages: []Outage{{From: 100 * ms, For: 50 * ms, Every: 200 * ms}, {From: 950 * ms, For: 20 * ms}}}
	w := up(d)
	for i, h := range play(w, every(ms, 1200)) {
		in := (i-100)%200 >= 0 && i >= 100 && (i-100)%200 < 50 || i >= 950 && i < 970
		require.Equal(t, in, h.fate == InOutage, "after %d ms", i)
	}

	// Another profile counts from its own first packet.
	w.Set(Direction{Outages: []Outage{{For: 10 * ms}}})
	later := start.Add(time.Hour)
	for after, want := range map[time.Duration]Fate{0: InOutage, 20 * ms: Delivered} {
		w.Set(w.Direction())
		w.Judge(later, 100)
		fate, _ := w.Judge(later.Add(after), 100)
		require.Equal(t, want, fate, after)
		later = later.Add(time.Hour)
	}

	// A packet that waits for the rate until the outage is over gets through, and one
	// that would be sent in the outage does not.
	w = up(Direction{RateBPS: 16_000, Queue: time.Second, Outages: []Outage{{From: 150 * ms, For: 100 * ms}}})
	var fates []Fate
	for _, h := range play(w, []packet{{0, 200}, {0, 200}, {0, 200}}) { // each takes 100 ms
		fates = append(fates, h.fate)
	}
	require.Equal(t, []Fate{Delivered, InOutage, Delivered}, fates)
}

func TestCut(t *testing.T) {
	m := New(Profile{Up: Direction{Delay: ms}}, 1)
	m.Cut(true)
	fate, out := m.Up.Judge(start, 100)
	require.Equal(t, InOutage, fate)
	require.Empty(t, out)
	require.Empty(t, m.Down.Arrive(start, 100))
	m.Cut(false)
	require.Len(t, m.Up.Arrive(start, 100), 1)
	require.Len(t, m.Down.Arrive(start, 100), 1)
	require.EqualValues(t, 1, m.Up.Counts().Outage)
	require.InDelta(t, 0.5, m.Up.Counts().LossRatio(), 0)
	require.Zero(t, Counts{}.LossRatio())
}

// TestTheClockMayStepBack: two threads that read packets may come in the wrong
// order.
func TestTheClockMayStepBack(t *testing.T) {
	w := up(Direction{Delay: 10 * ms, Jitter: 5 * ms})
	first := w.Arrive(start.Add(100*ms), 100)[0].At
	require.Equal(t, first, w.Arrive(start, 100)[0].At, "as if they had come together")
	require.True(t, w.Arrive(start.Add(time.Second), 100)[0].At.After(start.Add(time.Second)), "and jitter is a number still")
}

func TestJudgeAllocatesNothing(t *testing.T) {
	p, _ := Named("train")
	p.Up.Duplicate, p.Up.Reorder = 0.1, 0.1
	w, now := New(p, 3).Up, start
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		now = now.Add(ms)
		w.Judge(now, 1200)
	}))
}

func TestProfiles(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Profiles() {
		require.NoError(t, p.Check(), p.Name)
		require.NotEmpty(t, p.Says, p.Name)
		require.False(t, seen[p.Name], p.Name)
		seen[p.Name] = true
		found, ok := Named(p.Name)
		require.True(t, ok)
		require.Equal(t, p, found)
		if p.Name != "none" {
			require.NotEmpty(t, p.Source, p.Name)
			require.NotEqual(t, Direction{}, p.Up, p.Name)
			require.NotEqual(t, Direction{}, p.Down, p.Name)
		}
	}
	_, ok := Named("5g-on-the-moon")
	require.False(t, ok)
	bursty, _ := Named("bursty")
	require.InDelta(t, 0.05, bursty.Down.LossRatio(), 1e-9)
	both := Direction{Loss: 0.1, Burst: &GilbertElliott{LossGood: 0.1}}
	require.InDelta(t, 0.19, both.LossRatio(), 1e-9)
}

func TestCheckRefuses(t *testing.T) {
	for field, d := range map[string]Direction{
		"loss":           {Loss: 1.1},
		"reorder":        {Reorder: -0.1},
		"duplicate":      {Duplicate: math.NaN()},
		"delay":          {Delay: -1},
		"jitter":         {Jitter: time.Hour},
		"queue":          {Queue: 2 * time.Minute},
		"rate":           {RateBPS: 999},
		"burst.to_good":  {Burst: &GilbertElliott{ToGood: 2}},
		"burst.loss_bad": {Burst: &GilbertElliott{LossBad: -1}},
		"outages":        {Outages: []Outage{{For: 2, Every: 1}}},
	} {
		for way, p := range map[string]Profile{"up": {Up: d}, "down": {Down: d}} {
			var e *RangeError
			require.ErrorAs(t, p.Check(), &e, field)
			require.Equal(t, way+"."+field, e.Field)
			require.NotEmpty(t, e.Error())
		}
	}
}

func TestFatesHaveNames(t *testing.T) {
	names := map[string]bool{}
	for f := Delivered; f <= InOutage; f++ {
		names[f.String()] = true
	}
	require.Len(t, names, 5)
}
