package metrics

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"kinwire/metrics/label"
)

// Kind says how a metric's value moves.
type Kind int

// The kinds of metric.
const (
	Counter Kind = iota // never falls while the process runs; its name ends in _total
	Gauge
)

// Metric declares one metric of a source.
type Metric struct {
	Name   string // kinwire_…, with the base unit last, and _total for a counter
	Help   string
	Kind   Kind
	Labels []Label
}

// Label is a label and the closed list of its values. A value that is not in
// the list becomes "other", which need not be listed.
type Label struct {
	Name   string
	Values []string
}

// Emit gives the value of a metric at this moment; labels are values in the
// order of the declaration. Values with the same labels are added up.
type Emit func(metric string, value float64, labels ...string)

// MaxSeries is the largest number of time series that one declared metric
// may come to: the product of its labels' lists.
const MaxSeries = 1024

// SourceError says what is wrong with a source's declaration.
type SourceError struct {
	Source, Metric, Problem string
}

func (e *SourceError) Error() string {
	return fmt.Sprintf("metrics source %q, metric %q: %s", e.Source, e.Metric, e.Problem)
}

// Source exposes what a plane counts. read is called at each scrape, maybe by
// several goroutines at once, and must not block; a declared metric that it
// does not emit is absent from that scrape. What it emits against its
// declaration is left out and counted in kinwire_source_errors_total.
func (r *Recorder) Source(name string, declared []Metric, read func(emit Emit)) error {
	s := &source{name: name, read: read, metrics: map[string]*declaredMetric{}, errors: r.m.sourceErrors}
	for _, m := range declared {
		d, problem := declare(m)
		if s.metrics[m.Name] != nil {
			problem = "declared twice"
		}
		if problem != "" {
			return &SourceError{name, m.Name, problem}
		}
		s.metrics[m.Name] = d
	}
	if err := r.registry.Register(s); err != nil {
		return fmt.Errorf("registering metrics source %q: %w", name, err)
	}
	r.m.sourceErrors.WithLabelValues(name) // from the start, at 0
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sources = append(r.sources, s)
	return nil
}

// Reading is the value of one series of a source at this moment.
type Reading struct {
	Source, Metric string
	Kind           Kind
	Labels         []string // values, in the order of the declaration
	Value          float64
}

// Readings reads every source, as a scrape does, in the order of their
// declaration, names and labels.
func (r *Recorder) Readings() []Reading {
	r.mu.RLock()
	sources := slices.Clone(r.sources)
	r.mu.RUnlock()
	var out []Reading
	for _, s := range sources {
		at := len(out)
		s.each(func(d *declaredMetric, place int, value float64) {
			out = append(out, Reading{Source: s.name, Metric: d.name, Kind: d.is, Labels: d.values(place), Value: value})
		})
		slices.SortFunc(out[at:], func(a, b Reading) int {
			return cmp.Or(cmp.Compare(a.Metric, b.Metric), slices.Compare(a.Labels, b.Labels))
		})
	}
	return out
}

// source is a prometheus.Collector.
type source struct {
	name    string
	read    func(Emit)
	metrics map[string]*declaredMetric
	errors  *prometheus.CounterVec
}

type declaredMetric struct {
	name   string
	is     Kind
	desc   *prometheus.Desc
	kind   prometheus.ValueType
	lists  []label.List
	series int
}

var (
	metricName = regexp.MustCompile(`^kinwire_[a-z0-9_]*[a-z0-9]$`)
	labelName  = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	kinds      = map[Kind]prometheus.ValueType{Counter: prometheus.CounterValue, Gauge: prometheus.GaugeValue}
)

// declare checks a declaration; problem is empty if it is sound.
func declare(m Metric) (d *declaredMetric, problem string) {
	kind, known := kinds[m.Kind]
	d = &declaredMetric{name: m.Name, is: m.Kind, kind: kind, series: 1}
	var names []string
	for _, l := range m.Labels {
		switch {
		case !labelName.MatchString(l.Name):
			return nil, fmt.Sprintf("label %q; allowed: %s", l.Name, labelName)
		case len(l.Values) == 0:
			return nil, fmt.Sprintf("label %q lists no values", l.Name)
		}
		list := label.Of(l.Values...)
		d.lists = append(d.lists, list)
		d.series *= list.Len()
		names = append(names, l.Name)
	}
	for _, c := range []struct {
		wrong   bool
		problem string
	}{
		{!metricName.MatchString(m.Name), "name; allowed: " + metricName.String()},
		{!known, fmt.Sprintf("kind %d; allowed: Counter, Gauge", m.Kind)},
		{(m.Kind == Counter) != strings.HasSuffix(m.Name, "_total"), "the names of counters, and of counters only, end in _total"},
		{m.Help == "", "help is empty"},
		{d.series > MaxSeries, fmt.Sprintf("%d time series; allowed: up to %d", d.series, MaxSeries)},
	} {
		if c.wrong {
			return nil, c.problem
		}
	}
	d.desc = prometheus.NewDesc(m.Name, m.Help, names, nil)
	return d, ""
}

// Describe is of prometheus.Collector.
func (s *source) Describe(out chan<- *prometheus.Desc) {
	for _, name := range slices.Sorted(maps.Keys(s.metrics)) {
		out <- s.metrics[name].desc
	}
}

// Collect is of prometheus.Collector.
func (s *source) Collect(out chan<- prometheus.Metric) {
	s.each(func(d *declaredMetric, place int, value float64) {
		out <- prometheus.MustNewConstMetric(d.desc, d.kind, value, d.values(place)...)
	})
}

// each reads the source and calls f with every series.
func (s *source) each(f func(d *declaredMetric, place int, value float64)) {
	sums := map[*declaredMetric]map[int]float64{}
	s.read(func(metric string, value float64, labels ...string) {
		d := s.metrics[metric]
		if d == nil || len(labels) != len(d.lists) || math.IsNaN(value) || math.IsInf(value, 0) || d.kind == prometheus.CounterValue && value < 0 {
			s.errors.WithLabelValues(s.name).Inc()
			return
		}
		if sums[d] == nil {
			sums[d] = map[int]float64{}
		}
		sums[d][d.place(labels)] += value
	})
	for d, series := range sums {
		for place, value := range series {
			f(d, place, value)
		}
	}
}

// place numbers the series of these label values.
func (d *declaredMetric) place(labels []string) int {
	place := 0
	for i, l := range d.lists {
		place = place*l.Len() + l.Index(labels[i])
	}
	return place
}

// values is the inverse of place.
func (d *declaredMetric) values(place int) []string {
	out := make([]string, len(d.lists))
	for i, l := range slices.Backward(d.lists) {
		out[i] = l.At(place % l.Len())
		place /= l.Len()
	}
	return out
}
