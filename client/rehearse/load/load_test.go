package load

import (
	"context"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// heard keeps the states of a load.
type heard struct {
	mu     sync.Mutex
	states []State
	on     func(State)
}

func (h *heard) Loading(s State) {
	h.mu.Lock()
	h.states = append(h.states, s)
	h.mu.Unlock()
	if h.on != nil {
		h.on(s)
	}
}

// TestRun puts a small load on a real server.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a server")
	}
	h := &heard{}
	r, err := Run(t.Context(), Options{Calls: 3, PerCall: 3, Ramp: time.Second, Hold: 3 * time.Second, Codec: "h264"}, h)
	require.NoError(t, err)
	require.Equal(t, 3, r.Connected, "%v", r.Why)
	require.Zero(t, r.Failed)
	require.Empty(t, r.Why)
	require.Equal(t, 3, r.SetupMS.N)
	require.Equal(t, 3*3*2*2, r.LossRatio.N)
	require.Zero(t, r.LossRatio.Max)
	require.Equal(t, 3*3*2*2, r.FirstMediaMS.N)
	require.Positive(t, r.JitterMS.N)
	require.Positive(t, r.RTTMS.N)
	require.True(t, r.Cost.Known)
	require.Positive(t, r.Cost.CPUPerPacket)
	require.Greater(t, r.Cost.Packets, 0.5*9*65*2*3)
	require.GreaterOrEqual(t, r.TookMS, 3000.0)
	seen := map[string]bool{}
	for _, s := range h.states {
		seen[s.Phase] = true
	}
	for _, phase := range []string{"preparing", "hold", "done"} {
		require.True(t, seen[phase], phase)
	}
	last := h.states[len(h.states)-1]
	require.Equal(t, 3, last.Connected)
	require.Positive(t, last.Sent)
	require.Greater(t, last.Received, last.Sent, "each packet goes to two others")
}

// TestRunIsStopped: what it began is hung up all the same.
func TestRunIsStopped(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a server")
	}
	ctx, stop := context.WithCancel(t.Context())
	h := &heard{on: func(s State) {
		if s.Phase == "hold" {
			stop()
		}
	}}
	r, err := Run(ctx, Options{Calls: 1, Audio: true, Hold: time.Hour}, h)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, r.Connected)
	require.Equal(t, 2, r.LossRatio.N)
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []Options{{Calls: -1}, {Calls: 1001}, {PerCall: 1}, {PerCall: 17}, {Calls: 300, PerCall: 16}, {Ramp: -1}, {Hold: -1}, {Codec: "vp9"}} {
		_, err := Run(t.Context(), o, nil)
		require.ErrorContains(t, err, "llowed", "%+v", o)
	}
}

// TestCrowd: nobody is in two calls, and a call's people are of one circle.
func TestCrowd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Options{Calls: rapid.IntRange(1, 200).Draw(t, "calls"), PerCall: rapid.IntRange(2, 16).Draw(t, "per call")}
		l := &load{opt: o}
		l.people()
		taken := map[string]bool{}
		most := 0
		for _, c := range l.calls {
			of := -1
			for _, m := range c.members {
				if taken[m.login] {
					t.Fatalf("%s is in two calls", m.login)
				}
				taken[m.login] = true
				if of >= 0 && of != (m.number-1)/circle {
					t.Fatalf("a call has people of two circles")
				}
				of = (m.number - 1) / circle
				most = max(most, m.number)
			}
		}
		if len(taken) != o.Calls*o.PerCall || most != o.crowd() {
			t.Fatalf("%d people up to number %d; crowd %d", len(taken), most, o.crowd())
		}
	})
}

func TestSpread(t *testing.T) {
	require.Zero(t, spread(nil))
	require.Zero(t, spread([]float64{math.NaN()}))
	require.Equal(t, Spread{N: 4, Min: 1, Mean: 2.5, Median: 2, P90: 4, P95: 4, P99: 4, Max: 4}, spread([]float64{4, 2, 1, 3}))
	rapid.Check(t, func(t *rapid.T) {
		s := spread(rapid.SliceOfN(rapid.Float64Range(-1e9, 1e9), 1, 300).Draw(t, "values"))
		for _, pair := range [][2]float64{{s.Min, s.Median}, {s.Median, s.P90}, {s.P90, s.P95}, {s.P95, s.P99}, {s.P99, s.Max}, {s.Min, s.Mean}, {s.Mean, s.Max}} {
			if pair[0] > pair[1] {
				t.Fatalf("%+v", s)
			}
		}
	})
}

func TestParseMetrics(t *testing.T) {
	got, err := parseMetrics(strings.NewReader("# HELP a b\na 1\nb{x=\"} 9\",y=\"z\"} 2.5 # {call=\"c\"} 1\nb{x=\"w\"} 1e1\n\n"))
	require.NoError(t, err)
	require.Equal(t, map[string]float64{"a": 1, "b": 12.5}, got)
	_, err = parseMetrics(strings.NewReader("a x\n"))
	require.ErrorContains(t, err, `"a x"`)
	c := cost(reading{time.Unix(10, 0), map[string]float64{metricCPU: 1, metricSent: 1000}}, reading{time.Unix(20, 0), map[string]float64{metricCPU: 2, metricSent: 101000, metricMemory: 7}})
	require.Equal(t, Cost{Known: true, Seconds: 10, CPUSeconds: 1, Packets: 100000, CPUPerPacket: 10, Cores: 0.1, MemoryBytes: 7}, c)
}

func FuzzParseMetrics(f *testing.F) {
	f.Add("a 1\nb{x=\"y\"} 2\n")
	f.Add("a{ 1")
	f.Add("} {")
	f.Fuzz(func(_ *testing.T, text string) {
		_, _ = parseMetrics(strings.NewReader(text))
	})
}
