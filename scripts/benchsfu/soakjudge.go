//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// soakSample is a look at the server.
type soakSample struct {
	At          float64 `json:"at"`      // seconds since the first call
	RSS         float64 `json:"rss_mb"`  // as the kernel counts
	Heap        float64 `json:"heap_mb"` // in use after a collection
	Goroutines  int     `json:"goroutines"`
	Files       int     `json:"open_files"`
	Peers       int     `json:"peers"` // as the server counts
	Here        int     `json:"here"`  // as the clients count
	ServerCores float64 `json:"server_cores"`
	ClientCores float64 `json:"client_cores"`

	serverCPU, clientCPU time.Duration
}

// Memory may grow from the first quarter to the last by this share, and so
// much: a median of samples moves with the number of calls at their times.
const (
	growthShare = 0.05
	growthRSS   = 4.0 // MB
	growthHeap  = 1.0 // MB
	warmUpShare = 0.1 // of the run, before the first quarter
	fewest      = 8   // samples that allow a judgment
)

// soakVerdict is what a run has shown.
type soakVerdict struct {
	RSS    growth   `json:"rss"`
	Heap   growth   `json:"heap"`
	Faults []string `json:"faults,omitempty"` // none: all is flat and gone
}

// growth is of one kind of memory, in MB.
type growth struct {
	First   float64 `json:"first_quarter"` // medians
	Last    float64 `json:"last_quarter"`
	Allowed float64 `json:"allowed"`  // that Last may be
	Slope   float64 `json:"per_hour"` // of the line nearest to all samples
}

// judge compares the first quarter after the warm-up with the last, and the
// end with the beginning.
func judge(r *soakReport) soakVerdict {
	var v soakVerdict
	fault := func(format string, args ...any) { v.Faults = append(v.Faults, fmt.Sprintf(format, args...)) }
	samples := r.Samples[int(float64(len(r.Samples))*warmUpShare):]
	if len(samples) < fewest {
		fault("%d samples after the warm-up, %d are needed for a judgment", len(samples), fewest)
	} else {
		v.RSS = growthOf(samples, growthRSS, func(s soakSample) float64 { return s.RSS })
		v.Heap = growthOf(samples, growthHeap, func(s soakSample) float64 { return s.Heap })
		for _, g := range []struct {
			name string
			growth
		}{{"RSS", v.RSS}, {"heap", v.Heap}} {
			if g.Last > g.Allowed {
				fault("%s grows: median of the first quarter %.2f MB, of the last %.2f MB, allowed are %.2f MB", g.name, g.First, g.Last, g.Allowed)
			}
		}
	}
	for _, c := range []struct {
		name       string
		base, left int
	}{{"goroutines", r.Baseline.Goroutines, r.Final.Goroutines}, {"open files", r.Baseline.Files, r.Final.Files}, {"peers", 0, r.Final.Peers}} {
		if c.left > c.base {
			fault("%s: %d are left when all have gone, before there were %d", c.name, c.left, c.base)
		}
	}
	if r.Errors > 0 {
		fault("%d unexpected errors", r.Errors)
	}
	if r.Joins == 0 {
		fault("nobody has joined")
	}
	return v
}

func growthOf(samples []soakSample, slack float64, of func(soakSample) float64) growth {
	quarter := len(samples) / 4
	median := func(part []soakSample) float64 {
		var values []float64
		for _, s := range part {
			values = append(values, of(s))
		}
		return spreadOf(values).Median
	}
	g := growth{First: median(samples[:quarter]), Last: median(samples[len(samples)-quarter:])}
	g.Allowed = g.First*(1+growthShare) + slack
	g.Slope = slope(samples, of) * 3600
	return g
}

// slope is that of the line with the least squares, a second.
func slope(samples []soakSample, of func(soakSample) float64) float64 {
	var at, value float64
	for _, s := range samples {
		at, value = at+s.At/float64(len(samples)), value+of(s)/float64(len(samples))
	}
	var both, square float64
	for _, s := range samples {
		both += (s.At - at) * (of(s) - value)
		square += (s.At - at) * (s.At - at)
	}
	if square == 0 {
		return 0
	}
	return both / square
}

// tell prints what a run has shown.
func (r *soakReport) tell(out io.Writer) error {
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
	line("\n%s of calls coming and going: %d calls, %d joins, %d unexpected errors", r.Plan.Duration, r.Calls, r.Joins, r.Errors)
	for _, text := range r.Texts {
		line("  error: %s", text)
	}
	for _, w := range slices.Compact(slices.Clone(waysToLeave)) {
		line("  left %-10s %d", w, r.Left[w])
	}
	for _, g := range []struct {
		name string
		growth
	}{{"RSS", r.Verdict.RSS}, {"heap", r.Verdict.Heap}} {
		line("  %-5s median of the first quarter %.2f MB, of the last %.2f MB (allowed %.2f), %+.2f MB an hour", g.name, g.First, g.Last, g.Allowed, g.Slope)
	}
	line("  %-11s %10s %6s", "", "before", "after")
	line("  %-11s %10d %6d", "goroutines", r.Baseline.Goroutines, r.Final.Goroutines)
	line("  %-11s %10d %6d", "open files", r.Baseline.Files, r.Final.Files)
	line("  %-11s %10d %6d", "peers", r.Baseline.Peers, r.Final.Peers)
	line("  %-11s %10.2f %6.2f", "heap, MB", r.Baseline.Heap, r.Final.Heap)
	for _, f := range r.Verdict.Faults {
		line("NOT FLAT: %s", f)
	}
	if len(r.Verdict.Faults) == 0 {
		line("flat")
	}
	return nil
}
