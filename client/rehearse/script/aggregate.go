package script

import (
	"math"
	"slices"

	"kinwire/client/rehearse"
)

// point is one sampled value.
type point struct {
	at int64 // milliseconds since the start of the run
	v  float64
}

// aggregate makes one value of those that were sampled, which are in the order
// of time and at least one.
func aggregate(points []point, agg string) float64 {
	values := make([]float64, len(points))
	for i, p := range points {
		values[i] = p.v
	}
	last := values[len(values)-1]
	slices.Sort(values)
	switch agg {
	case "min":
		return values[0]
	case "max":
		return values[len(values)-1]
	case "mean":
		sum := 0.0
		for _, v := range values {
			sum += v / float64(len(values))
		}
		return min(max(sum, values[0]), values[len(values)-1]) // rounding must not carry it outside
	case "median":
		return quantile(values, 0.5)
	case "last":
		return last
	}
	p, _ := percentOf(agg)
	return quantile(values, float64(p)/100)
}

// quantile is the value below which a share q of the sorted values lies,
// interpolated between the two nearest (Hyndman and Fan 1996, definition 7, as
// spreadsheets have it).
func quantile(sorted []float64, q float64) float64 {
	h := q * float64(len(sorted)-1)
	low := int(math.Floor(h))
	if low+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	part := h - float64(low)
	// Not a + part·(b−a), which could overflow or leave [a, b].
	v := sorted[low]*(1-part) + sorted[low+1]*part
	return min(max(v, sorted[low]), sorted[low+1])
}

// holds compares. Whatever is compared with NaN does not hold.
func holds(v float64, op string, with float64) bool {
	if math.IsNaN(v) || math.IsNaN(with) {
		return false
	}
	return comparisons[op](v, with)
}

var comparisons = map[string]func(a, b float64) bool{
	"<":  func(a, b float64) bool { return a < b },
	"<=": func(a, b float64) bool { return a <= b },
	">":  func(a, b float64) bool { return a > b },
	">=": func(a, b float64) bool { return a >= b },
	"==": func(a, b float64) bool { return a == b },
	"!=": func(a, b float64) bool { return a != b },
}

// Aggregate makes one value of what was sampled of a participant; false where
// nothing was.
func Aggregate(r *rehearse.Result, who, metric, agg string) (float64, bool) {
	points := samplesOf(r, who, metric)
	if len(points) == 0 {
		return 0, false
	}
	return aggregate(points, agg), true
}
