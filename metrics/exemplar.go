package metrics

import (
	"sort"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

// exemplarLabel names the call that a value is of, where somebody asks for
// OpenMetrics with exemplars. It is no label of the metric: the number of time
// series does not grow by it.
const exemplarLabel = "call_id"

// exemplar is what leads from a value to a call; nil for an id that does not fit
// into one: OpenMetrics allows 128 characters for names and values of all its
// labels together.
func exemplar(callID string) prometheus.Labels {
	if callID == "" || len(exemplarLabel)+utf8.RuneCountInString(callID) > prometheus.ExemplarMaxRunes || !utf8.ValidString(callID) {
		return nil
	}
	return prometheus.Labels{exemplarLabel: callID}
}

func observe(o prometheus.Observer, value float64, lead prometheus.Labels) {
	if with, ok := o.(prometheus.ExemplarObserver); ok && lead != nil {
		with.ObserveWithExemplar(value, lead)
		return
	}
	o.Observe(value)
}

func count(c prometheus.Counter, lead prometheus.Labels) {
	if with, ok := c.(prometheus.ExemplarAdder); ok && lead != nil {
		with.AddWithExemplar(1, lead)
		return
	}
	c.Inc()
}

// led is a histogram whose buckets lead to calls. An exemplar costs several
// allocations, and a scraper takes the newest of each bucket, so a bucket gets
// one a second at most: a rare bucket each time, a full one now and then.
type led struct {
	histogram prometheus.Observer
	bounds    []float64
	last      []atomic.Int64 // by bucket: the second of its last exemplar, Unix time
}

func newLed(h prometheus.Observer, bounds []float64) *led {
	return &led{histogram: h, bounds: bounds, last: make([]atomic.Int64, len(bounds)+1)}
}

func (l *led) observe(value float64, callID string, now time.Time) {
	second := now.Unix()
	last := &l.last[sort.SearchFloat64s(l.bounds, value)]
	if before := last.Load(); before == second || !last.CompareAndSwap(before, second) {
		l.histogram.Observe(value)
		return
	}
	observe(l.histogram, value, exemplar(callID))
}
