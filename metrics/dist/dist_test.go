package dist

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func of(values ...float64) *Dist {
	d := &Dist{}
	for _, v := range values {
		d.Add(v)
	}
	return d
}

func TestSummaryOfFewValuesIsExact(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []float64
		want   Summary
	}{
		{"none", nil, Summary{}},
		{"one", []float64{7}, Summary{N: 1, Min: 7, Median: 7, P95: 7, Max: 7}},
		{"two take the lower middle", []float64{4, 2}, Summary{N: 2, Min: 2, Median: 2, P95: 4, Max: 4}},
		{"twenty", []float64{20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1},
			Summary{N: 20, Min: 1, Median: 10, P95: 19, Max: 20}},
		{"zeros", []float64{0, 0, 0}, Summary{N: 3}},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, of(c.values...).Summary()) })
	}
}

func TestAddRefusesWhatIsNoQuantity(t *testing.T) {
	d := of(1)
	for _, v := range []float64{-1, math.NaN(), math.Inf(1), math.Inf(-1)} {
		require.False(t, d.Add(v), "%v", v)
	}
	require.Equal(t, uint64(1), d.N())
}

func TestQuantileTakesAnyQ(t *testing.T) {
	for _, n := range []int{10, 10 * ExactLimit} {
		d := &Dist{}
		for i := range n {
			d.Add(float64(i + 1))
		}
		for _, q := range []float64{-1, 0, math.NaN()} {
			require.Equal(t, d.min, d.Quantile(q))
		}
		require.InEpsilon(t, d.max, d.Quantile(2), RelativeError)
	}
	require.Zero(t, (&Dist{}).Quantile(0.5))
}

// values draws figures of the sizes that calls produce, few and many.
func values(t *rapid.T) []float64 {
	value := rapid.OneOf(
		rapid.Float64Range(0, 1),
		rapid.Float64Range(0, 1e9),
		rapid.SampledFrom([]float64{0, 1, 20, 1e-12, Smallest, Largest, Largest * 10}),
	)
	vs := rapid.SliceOfN(value, 1, 40).Draw(t, "values")
	times := rapid.SampledFrom([]int{1, 2, 20, 200}).Draw(t, "times")
	out := make([]float64, 0, len(vs)*times)
	for i := range times {
		for _, v := range vs {
			out = append(out, v*(1+float64(i)/7))
		}
	}
	return out
}

func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vs := values(t)
		want := of(vs...).Summary()
		seed := rapid.Uint64().Draw(t, "seed")
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(vs), func(i, j int) { vs[i], vs[j] = vs[j], vs[i] })
		if got := of(vs...).Summary(); got != want {
			t.Fatalf("shuffled: %+v, first: %+v", got, want)
		}
	})
}

func TestQuantileIsWithinTheDocumentedError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vs := values(t)
		d := of(vs...)
		slices.Sort(vs)
		last := 0.0
		for _, q := range []float64{0, 0.01, 0.25, 0.5, 0.75, 0.95, 0.99, 1} {
			got, exact := d.Quantile(q), sortedQuantile(vs, q)
			if got < last || got < vs[0] || got > vs[len(vs)-1] {
				t.Fatalf("quantile %v = %v: below an earlier one (%v) or outside %v…%v", q, got, last, vs[0], vs[len(vs)-1])
			}
			last = got
			if exact > Largest {
				continue
			}
			if off := math.Abs(got - exact); off > exact*RelativeError*(1+1e-9)+Smallest {
				t.Fatalf("quantile %v = %v, exactly %v (n=%d)", q, got, exact, len(vs))
			}
		}
		s := d.Summary()
		if s.Min != vs[0] || s.Max != vs[len(vs)-1] || s.N != uint64(len(vs)) {
			t.Fatalf("%+v: count, least and largest must be exact", s)
		}
	})
}

func TestMemoryIsBounded(t *testing.T) {
	d := &Dist{}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		d.Add(math.Pow(10, r.Float64()*30-12))
	}
	require.Nil(t, d.exact)
	require.LessOrEqual(t, len(d.buckets), lastIndex-firstIndex+1)
	require.Less(t, lastIndex-firstIndex, 3000)
}

func BenchmarkAdd(b *testing.B) {
	d := &Dist{}
	r := rand.New(rand.NewPCG(1, 2))
	b.ReportAllocs()
	for b.Loop() {
		d.Add(20 + 10*r.Float64())
	}
}
