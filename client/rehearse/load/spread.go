package load

import (
	"math"
	"slices"
)

// spread makes a distribution of values, which it sorts. A percentile is the
// smallest value that as many are not above (nearest rank).
func spread(values []float64) Spread {
	values = slices.DeleteFunc(values, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	if len(values) == 0 {
		return Spread{}
	}
	slices.Sort(values)
	at := func(q float64) float64 { return values[max(0, int(math.Ceil(q*float64(len(values))))-1)] }
	mean := 0.0
	for _, v := range values {
		mean += v / float64(len(values))
	}
	return Spread{
		N: len(values), Min: values[0], Mean: min(max(mean, values[0]), values[len(values)-1]),
		Median: at(0.5), P90: at(0.9), P95: at(0.95), P99: at(0.99), Max: values[len(values)-1],
	}
}
