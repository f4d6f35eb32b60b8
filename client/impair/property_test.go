package impair

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// packet is one that comes in.
type packet struct {
	after time.Duration // the one before
	size  int
}

var packets = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) packet {
	return packet{
		after: time.Duration(rapid.Int64Range(0, int64(30*time.Millisecond)).Draw(t, "after")),
		size:  rapid.IntRange(28, 1500).Draw(t, "size"),
	}
}), 1, 300)

var share = rapid.Float64Range(0, 0.5)

func durations(most time.Duration) *rapid.Generator[time.Duration] {
	return rapid.Map(rapid.Int64Range(0, int64(most)), func(n int64) time.Duration { return time.Duration(n) })
}

// anything is a way with some of everything.
func anything(t *rapid.T) Direction {
	d := Direction{
		Loss: share.Draw(t, "loss"), Delay: durations(300*ms).Draw(t, "delay"), Jitter: durations(50*ms).Draw(t, "jitter"),
		Duplicate: share.Draw(t, "duplicate"), Queue: durations(time.Second).Draw(t, "queue"),
	}
	if rapid.Bool().Draw(t, "bursts") {
		d.Burst = &GilbertElliott{share.Draw(t, "to bad"), share.Draw(t, "to good"), share.Draw(t, "in good"), share.Draw(t, "in bad")}
	}
	if rapid.Bool().Draw(t, "limited") {
		d.RateBPS = rapid.Int64Range(10_000, 50_000_000).Draw(t, "rate")
	}
	return d
}

// happened is what became of one packet.
type happened struct {
	fate Fate
	now  time.Time
	at   []time.Time
}

func play(w *Way, in []packet) []happened {
	now, out := start, make([]happened, 0, len(in))
	for _, p := range in {
		now = now.Add(p.after)
		fate, all := w.Judge(now, p.size)
		h := happened{fate: fate, now: now}
		for _, d := range all {
			h.at = append(h.at, d.At)
		}
		out = append(out, h)
	}
	return out
}

func TestLossConverges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 20_000
		d := Direction{Loss: share.Draw(t, "loss")}
		w := New(Profile{Up: d}, rapid.Uint64().Draw(t, "seed")).Up
		for range n {
			w.Arrive(start, 100)
		}
		sigma := math.Sqrt(d.Loss * (1 - d.Loss) / n)
		require.InDelta(t, d.LossRatio(), w.Counts().LossRatio(), 6*sigma+1e-9)
	})
}

func TestBurstLossConverges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 50_000
		mean, length := rapid.Float64Range(0.01, 0.3).Draw(t, "mean"), rapid.Float64Range(1.5, 10).Draw(t, "length")
		d := Direction{Burst: burstsOf(mean, length)}
		require.InDelta(t, mean, d.LossRatio(), 1e-9)
		w := New(Profile{Up: d}, rapid.Uint64().Draw(t, "seed")).Up
		lost, runs, before := 0, 0, false
		for range n {
			gone := len(w.Arrive(start, 100)) == 0
			if gone {
				lost++
				if !before {
					runs++
				}
			}
			before = gone
		}
		// States hang together, which makes the mean vary more than by chance alone:
		// by (1+r)/(1-r), r the correlation from one packet to the next.
		r := 1 - d.Burst.ToBad - d.Burst.ToGood
		sigma := math.Sqrt(mean * (1 - mean) / n * (1 + r) / (1 - r))
		require.InDelta(t, mean, float64(lost)/n, 6*sigma)
		require.InDelta(t, length, float64(lost)/float64(runs), 6*length/math.Sqrt(float64(runs)))
		require.EqualValues(t, lost, w.Counts().LostInBurst)
	})
}

// TestBothStatesLose: changing over and losing are two draws.
func TestBothStatesLose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 50_000
		g := GilbertElliott{
			ToBad: rapid.Float64Range(0.05, 0.5).Draw(t, "to bad"), ToGood: rapid.Float64Range(0.05, 0.5).Draw(t, "to good"),
			LossGood: rapid.Float64Range(0, 0.2).Draw(t, "in good"), LossBad: rapid.Float64Range(0.2, 0.8).Draw(t, "in bad"),
		}
		w := New(Profile{Up: Direction{Burst: &g}}, rapid.Uint64().Draw(t, "seed")).Up
		for range n {
			w.Arrive(start, 100)
		}
		r := 1 - g.ToBad - g.ToGood
		sigma := math.Sqrt(0.25 / n * (1 + r) / (1 - r))
		require.InDelta(t, g.Mean(), w.Counts().LossRatio(), 6*max(sigma, math.Sqrt(0.25/n)))
	})
}

func TestOrderIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := New(Profile{Up: anything(t)}, rapid.Uint64().Draw(t, "seed")).Up
		in := packets.Draw(t, "packets")
		half := rapid.IntRange(0, len(in)).Draw(t, "changed after")
		all := play(w, in[:half])
		w.Set(anything(t)) // another network in mid-run
		last := start
		for _, h := range all {
			last = later(last, h.now)
		}
		now := last
		for _, p := range in[half:] {
			now = now.Add(p.after)
			fate, out := w.Judge(now, p.size)
			h := happened{fate: fate, now: now}
			for _, d := range out {
				h.at = append(h.at, d.At)
			}
			all = append(all, h)
		}
		var latest time.Time
		for _, h := range all {
			require.Equal(t, h.fate == Delivered, len(h.at) > 0)
			for _, at := range h.at {
				require.False(t, at.Before(h.now), "before it was sent")
				require.False(t, at.Before(latest), "before the one before")
				latest = at
			}
		}
		c := w.Counts()
		require.EqualValues(t, len(in), c.Packets)
		require.Equal(t, c.Packets, c.Delivered+c.Lost+c.LostInBurst+c.Dropped+c.Outage)
		require.Zero(t, c.Reordered)
	})
}

// TestRateAndQueue holds a way against a queue that is written down in the simplest
// manner: bits that go off at the rate.
func TestRateAndQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Direction{
			RateBPS: rapid.Int64Range(10_000, 5_000_000).Draw(t, "rate"),
			Queue:   durations(time.Second).Draw(t, "queue"), Delay: durations(100*ms).Draw(t, "delay"),
		}
		room := d.Queue
		if room == 0 {
			room = DefaultQueue
		}
		in := packets.Draw(t, "packets")
		waiting := 0.0 // seconds of work
		var before time.Time
		for i, h := range play(New(Profile{Up: d}, 1).Up, in) {
			waiting = max(0, waiting-in[i].after.Seconds())
			takes := float64(in[i].size) * 8 / float64(d.RateBPS)
			if slack := waiting - room.Seconds(); math.Abs(slack) > 1e-6 {
				require.Equal(t, slack > 0, h.fate == Dropped, "wait %f s, room %s", waiting, room)
			}
			if h.fate == Dropped {
				continue
			}
			waiting += takes
			require.InDelta(t, waiting+d.Delay.Seconds(), h.at[0].Sub(h.now).Seconds(), 1e-6)
			if !before.IsZero() {
				bits := int64(in[i].size) * 8
				require.GreaterOrEqual(t, int64(h.at[0].Sub(before))*d.RateBPS, bits*int64(time.Second), "faster than the rate")
			}
			before = h.at[0]
		}
	})
}

func TestSameSeedSameFate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anything(t)
		d.Reorder = share.Draw(t, "reorder")
		d.Outages = []Outage{{From: 50 * ms, For: 20 * ms, Every: 200 * ms}}
		seed, in := rapid.Uint64().Draw(t, "seed"), packets.Draw(t, "packets")
		p := Profile{Up: d, Down: d}
		one, two := New(p, seed), New(p, seed)
		play(two.Down, in) // what goes the other way makes no difference
		first := play(one.Up, in)
		require.Equal(t, first, play(two.Up, in))
		require.Equal(t, one.Up.Counts(), two.Up.Counts())

		// Neither do delay, jitter and time to who is lost.
		bare := Direction{Loss: d.Loss, Burst: d.Burst}
		moved := make([]packet, len(in))
		other := play(New(Profile{Up: bare}, seed).Up, moved)
		for i, h := range first {
			if h.fate == Lost || h.fate == LostInBurst || h.fate == Delivered {
				require.Equal(t, h.fate, other[i].fate, "packet %d", i)
			}
		}
	})
}
