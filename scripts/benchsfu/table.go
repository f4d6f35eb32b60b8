//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
)

// table tells what all rounds of a shape have given.
func table(out io.Writer, s shape, results []result) {
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
	line("\n%s (%.0f packets a second delivered)", s.Title, s.delivered())
	line("%-34s %22s  %14s  %19s  %13s  %10s  %s", "", "CPU µs a packet", "user+system", "× sendto floor", "of which", "lost", "latency ms, median of rounds")
	line("%-34s %22s  %14s  %19s  %13s  %10s  %s", "", "min    median  max", "median", "min  median  max", "user+system", "", "p50    p95    p99    worst")
	for _, subject := range append([]string{"kinwire", "janus"}, s.floors()...) {
		of := those(results, s, subject)
		if len(of) == 0 {
			continue
		}
		line("%s", row(subject, of))
	}
	for _, subject := range []string{"kinwire", "janus"} {
		if of := those(results, s, subject); len(of) > 0 {
			ofAServer(line, subject, of)
		}
	}
}

// those are the results of a subject in a shape.
func those(results []result, s shape, subject string) []result {
	return slices.DeleteFunc(slices.Clone(results), func(r result) bool { return r.Shape != s.Name || r.Subject != subject })
}

// row is what servers and floors have in common.
func row(subject string, of []result) string {
	by := func(f func(result) float64) spread { return spreadBy(of, f) }
	median := func(f func(result) float64) float64 { return by(f).Median }
	cpu, ratio := by(func(r result) float64 { return r.CPUPerPacket }), by(func(r result) float64 { return r.Ratio })
	var lost, expected uint64
	for _, r := range of {
		lost, expected = lost+r.Lost, expected+r.Expected
	}
	ratios, parts := "-", "-"
	if ratio.Max > 0 {
		ratios = fmt.Sprintf("%.2f   %.2f   %.2f", ratio.Min, ratio.Median, ratio.Max)
		parts = fmt.Sprintf("%.2f + %.2f", median(func(r result) float64 { return r.UserRatio }), median(func(r result) float64 { return r.SystemRatio }))
	}
	row := fmt.Sprintf("%-34s %22s  %14s  %19s  %13s", descriptions[subject], fmt.Sprintf("%.2f   %.2f   %.2f", cpu.Min, cpu.Median, cpu.Max),
		fmt.Sprintf("%.2f + %.2f", median(func(r result) float64 { return r.UserPerPacket }), median(func(r result) float64 { return r.SystemPerPacket })),
		ratios, parts)
	if expected > 0 {
		row += fmt.Sprintf("  %10s  %-6.2f %-6.2f %-6.2f %.2f", fmt.Sprintf("%d/%d", lost, expected),
			median(func(r result) float64 { return r.Latency.P50 }), median(func(r result) float64 { return r.Latency.P95 }),
			median(func(r result) float64 { return r.Latency.P99 }), by(func(r result) float64 { return r.Latency.Max }).Max)
	}
	return row
}

// ofAServer tells what a floor does not have.
func ofAServer(line func(string, ...any), subject string, of []result) {
	each := func(f func(*ofServer) float64) spread {
		return spreadBy(of, func(r result) float64 { return f(r.Server) })
	}
	three := func(name string, s spread) {
		line("  %-34s %.2f  %.2f  %.2f", name, s.Min, s.Median, s.Max)
	}
	all := func(name string, values func(*ofServer) []float64) {
		var v []float64
		for _, r := range of {
			v = append(v, values(r.Server)...)
		}
		if s := spreadOf(v); len(v) > 0 {
			line("  %-34s %.2f  %.2f  p95 %.2f  worst %.2f, of %d", name, s.Min, s.Median, s.P95, s.Max, len(v))
		}
	}
	line("%s: min, median, max", descriptions[subject])
	three("RSS a participant, MB", each(func(s *ofServer) float64 { return s.RSSParticipant }))
	three("RSS in all, MB", each(func(s *ofServer) float64 { return float64(s.RSS) / (1 << 20) }))
	three("CPU a join, ms", each(func(s *ofServer) float64 { return s.CPUPerJoin }))
	all("join, ms", func(s *ofServer) []float64 { return s.Joins })
	all("join to first packet, ms", func(s *ofServer) []float64 { return s.Firsts })
	all("join to first key frame, ms", func(s *ofServer) []float64 { return s.Keys })
	if n := each(func(s *ofServer) float64 { return float64(s.Goroutines) }); n.Max > 0 {
		three("goroutines", n)
	}
	if n := each(func(s *ofServer) float64 { return float64(s.Threads) }); n.Max > 0 {
		three("threads", n)
	}
	three("senders late, p99, ms", each(func(s *ofServer) float64 { return s.SenderLateP99 }))
	three("CPUs that the clients took", spreadBy(of, func(r result) float64 { return r.ClientCores }))
	var bad counts
	for _, r := range of {
		bad.add(r.counts)
	}
	if n := bad.Duplicates + bad.Misnumbered + bad.Unsealed + bad.Foreign; n > 0 {
		line("  NOT SOUND: %d duplicates, %d misnumbered, %d not opened, %d not ours", bad.Duplicates, bad.Misnumbered, bad.Unsealed, bad.Foreign)
	}
}
