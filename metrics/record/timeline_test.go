package record

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// values are those of a column; NaN for none.
func values(l []*float64) []float64 {
	out := make([]float64, len(l))
	for i, v := range l {
		out[i] = math.NaN()
		if v != nil {
			out[i] = *v
		}
	}
	return out
}

func TestTheTimelineHasStepsOfTenSeconds(t *testing.T) {
	c := two()
	for i := range uint64(35) { // from 3 s to 37 s, 100 packets a second at first, then 200
		n := min(i, 17)*100 + (i-min(i, 17))*200
		s := link(up(n))
		s.RTT = time.Duration(10+10*(i/10)) * time.Millisecond
		c.Server("a", s, after(float64(3+i)), &notes{})
	}
	tl := c.SoFar(after(45)).Timeline
	require.Equal(t, int64(10_000), tl.StepMS)
	require.Equal(t, 5, tl.Steps)
	require.Len(t, tl.Links, 2)
	require.InDeltaSlice(t, []float64{10, 18, 28, 37.142}, values(tl.Links[0].RTT)[:4], 0.01)
	require.Nil(t, tl.Links[0].RTT[4])
	require.Nil(t, tl.Links[1].RTT[0])
	require.Len(t, tl.Media, 1)
	tr := tl.Media[0]
	require.Equal(t, "a up video a server", tr.Participant+" "+tr.Direction+" "+tr.Kind+" "+tr.From+" "+tr.View)
	require.InDeltaSlice(t, []float64{800_000, 800_000, 1_600_000, 1_600_000}, values(tr.Bitrate)[:4], 1)
	require.Len(t, tr.Layer, 5)
	require.Nil(t, tr.Layer[0])
	require.NotNil(t, tr.Score[1])
	require.Nil(t, tr.Score[4])
}

func TestAStepEndsWhereTheNextBegins(t *testing.T) {
	c := clock{start: began, step: firstStep}
	for at, want := range map[float64]int{-5: 0, 0: 0, 9.999: 0, 10: 0, 10.001: 1, 20: 1} {
		require.Equal(t, want, c.index(after(at)), "%v s", at)
	}
}

func TestLayersAndEstimatesAreInTheTimeline(t *testing.T) {
	c := two()
	for i := range uint64(20) {
		s := up(i * 100)
		s.Direction, s.From, s.Layers, s.Layer, s.EstimateBPS = "down", "b", 3, 2-int(i/10), 1e6
		c.Server("a", link(s), after(float64(3+i)), &notes{})
	}
	d := c.SoFar(after(23))
	require.InDelta(t, 1.571, *d.Timeline.Media[0].Layer[1]+0.571, 0.5)
	require.Equal(t, 1e6, *d.Timeline.Media[0].Estimate[0])
	var layers []string
	for _, e := range d.Events {
		if e.Event == EventLayer {
			layers = append(layers, e.Detail)
		}
	}
	require.Equal(t, []string{"2>1"}, layers)
}

// A call of two days takes no more room than one of four hours, and its means
// stay true.
func TestLongCallsJoinTheirSteps(t *testing.T) {
	c := two()
	const hours = 48
	for i := range uint64(hours * 360) { // every ten seconds
		s := link(up(i * 1000))
		s.RTT = 40 * time.Millisecond
		c.Server("a", s, after(3+10*float64(i)), &notes{})
	}
	tl := c.SoFar(after(hours * 3600)).Timeline
	require.LessOrEqual(t, tl.Steps, maxSteps)
	require.Equal(t, int64(160_000), tl.StepMS)
	for i, v := range values(tl.Media[0].Bitrate) {
		require.InDelta(t, 800_000, v, 1, "step %d", i)
	}
	v := c.participants["a"].streams[key{Up, 1, "a"}].views[Server]
	for _, col := range v.track.columns {
		require.LessOrEqual(t, cap(col.done), 2*maxSteps)
	}
}

// Whatever comes, the columns are as long as the call, and a column's values lie
// within those that went in.
func TestTracksKeepWithinTheirValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tr track
		least, most := math.Inf(1), math.Inf(-1)
		at, step := 0, 1
		for range rapid.IntRange(1, 200).Draw(t, "values") {
			at += rapid.IntRange(0, 3).Draw(t, "steps")
			if rapid.IntRange(0, 30).Draw(t, "join") == 0 {
				tr.halve()
				step *= 2
			}
			v := rapid.Float64Range(0, 1000).Draw(t, "value")
			least, most = min(least, v), max(most, v)
			tr.add(at/step, colRTT, v, rapid.Float64Range(0.1, 10).Draw(t, "weight"))
		}
		n, any := at/step+1, false
		list := tr.list(colRTT, n)
		if len(list) != n {
			t.Fatalf("%d steps of %d", len(list), n)
		}
		for _, v := range values(list) {
			if v == v {
				any = true
				if v < least-0.01 || v > most+0.01 {
					t.Fatalf("%v is not within %v and %v", v, least, most)
				}
			}
		}
		if !any || list[n-1] == nil {
			t.Fatal("what came last is missing")
		}
	})
}
