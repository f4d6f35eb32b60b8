// Package dist keeps the distribution of one measured figure, such as the
// round-trip time of a stream over a call, in bounded memory.
//
// Up to ExactLimit values are kept as they are, and every quantile is exact.
// Beyond that the values are counted in buckets whose borders grow by a
// constant factor, so that a quantile is off by at most RelativeError of its
// own size, however long the call lasts; this is the logarithmic histogram
// described as DDSketch (Masson, Rim and Lee, VLDB 2019). The count, the
// smallest and the largest value stay exact.
//
// What a Dist answers depends on the set of values alone, never on the order
// in which they came: either all are kept or all are counted.
package dist

import (
	"math"
	"slices"
)

const (
	// ExactLimit is the number of values up to which quantiles are exact.
	ExactLimit = 256
	// RelativeError bounds |quantile − exact| / exact beyond ExactLimit, for
	// values between Smallest and Largest.
	RelativeError = 0.01
	// Smallest is the smallest value told from zero by the buckets.
	Smallest = 1e-9
	// Largest is the largest value with a bucket of its own; larger ones
	// share it, and the maximum still reports them exactly.
	Largest = 1e15
)

const growth = (1 + RelativeError) / (1 - RelativeError)

var (
	logGrowth  = math.Log(growth)
	firstIndex = int(math.Ceil(math.Log(Smallest) / logGrowth))
	lastIndex  = int(math.Ceil(math.Log(Largest) / logGrowth))
)

// Dist is a distribution of values that are zero or more, in whatever unit
// the caller keeps to. The zero value is empty and ready. It is not safe for
// use by several goroutines at once.
type Dist struct {
	n        uint64
	min, max float64
	exact    []float64 // while n ≤ ExactLimit
	zero     uint64    // values below Smallest, once counted
	buckets  []uint32  // counts of bucket offset, offset+1, …
	offset   int
}

// Summary is what a Dist has to say: the number of values, the smallest, the
// median, the 95th percentile and the largest. All are 0 when N is 0.
type Summary struct {
	N                     uint64
	Min, Median, P95, Max float64
}

// Add takes in one value. It reports false, and changes nothing, for a value
// that is negative, infinite or not a number.
func (d *Dist) Add(v float64) bool {
	if !(v >= 0) || math.IsInf(v, 1) {
		return false
	}
	if d.n == 0 || v < d.min {
		d.min = v
	}
	if d.n == 0 || v > d.max {
		d.max = v
	}
	d.n++
	switch {
	case d.n <= ExactLimit:
		d.exact = append(d.exact, v)
		return true
	case d.exact != nil:
		d.spill()
	}
	d.count(v)
	return true
}

// N is the number of values taken in.
func (d *Dist) N() uint64 { return d.n }

// spill moves the values kept exactly into the buckets.
func (d *Dist) spill() {
	low, high := lastIndex, firstIndex
	for _, v := range d.exact {
		if v >= Smallest {
			low, high = min(low, index(v)), max(high, index(v))
		}
	}
	if low <= high {
		d.offset, d.buckets = low, make([]uint32, high-low+1)
	}
	for _, v := range d.exact {
		d.count(v)
	}
	d.exact = nil
}

func (d *Dist) count(v float64) {
	if v < Smallest {
		d.zero++
		return
	}
	i := index(v)
	d.cover(i)
	if c := &d.buckets[i-d.offset]; *c < math.MaxUint32 {
		*c++
	}
}

// cover makes sure that bucket i exists.
func (d *Dist) cover(i int) {
	switch {
	case len(d.buckets) == 0:
		d.offset, d.buckets = i, make([]uint32, 1)
	case i < d.offset:
		d.buckets = slices.Insert(d.buckets, 0, make([]uint32, d.offset-i)...)
		d.offset = i
	case i >= d.offset+len(d.buckets):
		d.buckets = append(d.buckets, make([]uint32, i-d.offset-len(d.buckets)+1)...)
	}
}

// index is the bucket of v: bucket i holds (growth^(i−1), growth^i].
func index(v float64) int {
	if v >= Largest {
		return lastIndex
	}
	return max(firstIndex, int(math.Ceil(math.Log(v)/logGrowth)))
}

// Quantile is the value at rank ⌈q·n⌉ (nearest rank, from the smallest), for
// q in 0…1; q outside is taken as the nearest of the two. An empty Dist gives 0.
func (d *Dist) Quantile(q float64) float64 {
	if d.n == 0 {
		return 0
	}
	if d.n <= ExactLimit {
		return sortedQuantile(d.sorted(), q)
	}
	return d.bucketQuantile(q)
}

// Summary gives all figures at once.
func (d *Dist) Summary() Summary {
	s := Summary{N: d.n, Min: d.min, Max: d.max}
	switch {
	case d.n == 0:
	case d.n <= ExactLimit:
		sorted := d.sorted()
		s.Median, s.P95 = sortedQuantile(sorted, 0.5), sortedQuantile(sorted, 0.95)
	default:
		s.Median, s.P95 = d.bucketQuantile(0.5), d.bucketQuantile(0.95)
	}
	return s
}

func (d *Dist) sorted() []float64 {
	s := slices.Clone(d.exact)
	slices.Sort(s)
	return s
}

func sortedQuantile(sorted []float64, q float64) float64 {
	return sorted[rank(q, uint64(len(sorted)))-1]
}

func (d *Dist) bucketQuantile(q float64) float64 {
	want := rank(q, d.n)
	seen := d.zero
	if want <= seen {
		return d.clamp(0)
	}
	for i, c := range d.buckets {
		if seen += uint64(c); want <= seen {
			return d.clamp(middle(d.offset + i))
		}
	}
	return d.max
}

// middle is the value of bucket i that is off by the same share of either border.
func middle(i int) float64 {
	return 2 * math.Exp(float64(i)*logGrowth) / (growth + 1)
}

func (d *Dist) clamp(v float64) float64 { return min(max(v, d.min), d.max) }

func rank(q float64, n uint64) uint64 {
	if !(q > 0) {
		return 1
	}
	return max(1, min(n, uint64(math.Ceil(q*float64(n)))))
}
