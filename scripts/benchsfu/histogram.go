//go:build linux

package main

import (
	"math/bits"
	"time"
)

// histogram counts durations in microseconds: exactly below 64 µs, above it
// in steps of 3 %.
type histogram struct {
	counts [1024]uint32
	n      uint64
	most   time.Duration
}

func bucketOf(us uint64) int {
	if us < 64 {
		return int(us)
	}
	shift := bits.Len64(us) - 6
	return min(shift*32+int(us>>shift), len(histogram{}.counts)-1)
}

// upperOf is the largest value of a bucket, in microseconds.
func upperOf(bucket int) uint64 {
	if bucket < 64 {
		return uint64(bucket)
	}
	shift := (bucket - 32) / 32
	return (uint64(bucket-shift*32)+1)<<shift - 1
}

func (h *histogram) add(d time.Duration) {
	d = max(d, 0)
	h.counts[bucketOf(uint64(d.Microseconds()))]++
	h.n++
	h.most = max(h.most, d)
}

func (h *histogram) merge(o *histogram) {
	for i, c := range o.counts {
		h.counts[i] += c
	}
	h.n += o.n
	h.most = max(h.most, o.most)
}

// quantile is the value that a share q of all does not exceed; 0 when there
// are none.
func (h *histogram) quantile(q float64) time.Duration {
	rank := uint64(q*float64(h.n) + 0.5)
	rank = max(rank, 1)
	var sum uint64
	for i, c := range h.counts {
		sum += uint64(c)
		if c > 0 && sum >= rank {
			return min(time.Duration(upperOf(i))*time.Microsecond, h.most)
		}
	}
	return h.most
}
