//go:build linux

package main

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func soaked(of func(i int, s *soakSample)) *soakReport {
	r := &soakReport{Joins: 1, Baseline: soakSample{Goroutines: 4, Files: 9}, Final: soakSample{Goroutines: 4, Files: 9}}
	for i := range 100 {
		s := soakSample{At: float64(10 * i), RSS: 30 + float64(i%7), Heap: 5}
		of(i, &s)
		r.Samples = append(r.Samples, s)
	}
	return r
}

func TestSoakVerdict(t *testing.T) {
	flat := func(int, *soakSample) {}
	leak := func(i int, s *soakSample) { s.RSS += float64(i) / 10 }
	cases := []struct {
		name   string
		of     func(int, *soakSample)
		change func(*soakReport)
		faults []string
	}{
		{"flat", flat, nil, nil},
		{"a warm-up is no leak", func(i int, s *soakSample) { s.RSS -= max(0, 20-3*float64(i)) }, nil, nil},
		{"memory shrinks", func(i int, s *soakSample) { s.RSS -= float64(i) / 10 }, nil, nil},
		{"RSS grows", leak, nil, []string{"RSS grows"}},
		{"the heap grows", func(i int, s *soakSample) { s.Heap += float64(i) / 20 }, nil, []string{"heap grows"}},
		{"goroutines stay", flat, func(r *soakReport) { r.Final.Goroutines++ }, []string{"goroutines: 5 are left"}},
		{"files stay", flat, func(r *soakReport) { r.Final.Files++ }, []string{"open files: 10 are left"}},
		{"peers stay", flat, func(r *soakReport) { r.Final.Peers++ }, []string{"peers: 1 are left"}},
		{"errors", flat, func(r *soakReport) { r.Errors = 3 }, []string{"3 unexpected errors"}},
		{"too short", flat, func(r *soakReport) { r.Samples = r.Samples[:4] }, []string{"4 samples"}},
		{"nobody came", flat, func(r *soakReport) { r.Joins = 0 }, []string{"nobody has joined"}},
		{"two at once", leak, func(r *soakReport) { r.Final.Files++ }, []string{"RSS grows", "open files"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := soaked(c.of)
			if c.change != nil {
				c.change(r)
			}
			r.Verdict = judge(r)
			require.Len(t, r.Verdict.Faults, len(c.faults), "%v", r.Verdict.Faults)
			var out bytes.Buffer
			require.NoError(t, r.tell(&out))
			for i, f := range c.faults {
				require.Contains(t, r.Verdict.Faults[i], f)
				require.Contains(t, out.String(), "NOT FLAT: "+f)
			}
			require.Equal(t, len(c.faults) == 0, bytes.HasSuffix(out.Bytes(), []byte("\nflat\n")))
		})
	}
}

func TestSlopeOfALine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, perSecond := rapid.Float64Range(0, 100).Draw(t, "from"), rapid.Float64Range(-1, 1).Draw(t, "slope")
		var samples []soakSample
		for i := range rapid.IntRange(2, 50).Draw(t, "samples") {
			samples = append(samples, soakSample{At: float64(10 * i), RSS: from + perSecond*float64(10*i)})
		}
		require.InDelta(t, perSecond, slope(samples, func(s soakSample) float64 { return s.RSS }), 1e-6)
	})
	require.Zero(t, slope(nil, func(soakSample) float64 { return 1 }))
}

func TestCallsAreDrawnWithinTheirLimits(t *testing.T) {
	p := soakPlan{Stay: time.Second}
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		plan := p.planCall(rand.New(rand.NewPCG(seed, 0)))
		require.Equal(t, plan, p.planCall(rand.New(rand.NewPCG(seed, 0))), "the same seed gives the same calls")
		require.GreaterOrEqual(t, len(plan), 2)
		require.LessOrEqual(t, len(plan), 5)
		for _, m := range plan {
			require.LessOrEqual(t, m.after, p.Stay/2)
			require.GreaterOrEqual(t, m.stay, p.Stay)
			require.LessOrEqual(t, m.stay, 3*p.Stay)
			require.Contains(t, waysToLeave, m.way)
		}
	})
}

func TestWhoHearsNothing(t *testing.T) {
	at := func(s float64) time.Time { return time.Unix(1000, 0).Add(time.Duration(s * float64(time.Second))) }
	someone := func(from, to float64, streams int) *member {
		c := &client{tally: newTally(newWindow())}
		for i := range streams {
			c.tally.streams[uint16(i)] = &stream{}
		}
		return &member{from: at(from), to: at(to), clients: []*client{c}}
	}
	deaf, hearing, short, never := someone(0, 5, 0), someone(1, 9, 1), someone(4, 6, 0), &member{}
	all := []*member{deaf, hearing, short, never}
	require.True(t, hearsNothing(deaf, all))
	require.False(t, hearsNothing(hearing, all))
	require.True(t, hearsNothing(short, all), "together with one for two seconds")
	require.False(t, hearsNothing(short, []*member{deaf, short}), "together for one second only")
	require.False(t, hearsNothing(never, all))
}

// A short soak end to end: calls come and go in every way, and all is gone in
// the end. Whether memory is flat cannot be seen in so short a time.
func TestSoakEndToEnd(t *testing.T) {
	p := soakPlan{Duration: 2 * time.Second, Joins: 12, Seed: 3, Every: 100 * time.Millisecond, Stay: 200 * time.Millisecond, Failed: 400 * time.Millisecond}
	var out bytes.Buffer
	r, err := runSoak(t.Context(), p, 50*time.Millisecond, &out)
	t.Log(out.String())
	if err != nil {
		require.ErrorIs(t, err, errNotFlat)
	}
	for _, f := range r.Verdict.Faults {
		require.Contains(t, f, " grows: ")
	}
	require.Zero(t, r.Final.Peers)
	require.Positive(t, r.Joins)
	require.NotEmpty(t, r.Samples)
	require.Positive(t, r.Final.Heap)
	left := 0
	for w, n := range r.Left {
		require.Positive(t, n, w)
		left += n
	}
	require.LessOrEqual(t, left, r.Joins)
	require.Positive(t, left)
}
