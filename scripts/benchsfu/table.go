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
	line("%-34s %22s  %20s  %13s  %s", "", "CPU µs a packet", "× sendto floor", "lost", "latency ms, median of rounds")
	line("%-34s %22s  %20s  %13s  %s", "", "min    median  max", "min  median  max", "", "p50    p95    p99    worst")
	for _, subject := range append([]string{"kinwire"}, s.floors()...) {
		of := slices.DeleteFunc(slices.Clone(results), func(r result) bool { return r.Shape != s.Name || r.Subject != subject })
		if len(of) == 0 {
			continue
		}
		cpu, ratio := spreadBy(of, func(r result) float64 { return r.CPUPerPacket }), spreadBy(of, func(r result) float64 { return r.Ratio })
		var lost, expected uint64
		for _, r := range of {
			lost, expected = lost+r.Lost, expected+r.Expected
		}
		ratios := "-"
		if ratio.Max > 0 {
			ratios = fmt.Sprintf("%.2f   %.2f   %.2f", ratio.Min, ratio.Median, ratio.Max)
		}
		row := fmt.Sprintf("%-34s %22s  %20s", descriptions[subject], fmt.Sprintf("%.2f   %.2f   %.2f", cpu.Min, cpu.Median, cpu.Max), ratios)
		if expected > 0 {
			row += fmt.Sprintf("  %13s  %-6.2f %-6.2f %-6.2f %.2f", fmt.Sprintf("%d/%d", lost, expected),
				spreadBy(of, func(r result) float64 { return r.Latency.P50 }).Median,
				spreadBy(of, func(r result) float64 { return r.Latency.P95 }).Median,
				spreadBy(of, func(r result) float64 { return r.Latency.P99 }).Median,
				spreadBy(of, func(r result) float64 { return r.Latency.Max }).Max)
		}
		line("%s", row)
		if subject == "kinwire" {
			defer server(line, of)
		}
	}
}

// server tells what a floor does not have.
func server(line func(string, ...any), of []result) {
	each := func(f func(*ofServer) float64) spread {
		return spreadBy(of, func(r result) float64 { return f(r.Server) })
	}
	three := func(s spread) string { return fmt.Sprintf("%.2f  %.2f  %.2f", s.Min, s.Median, s.Max) }
	line("  %-38s %s", "RSS a participant, MB", three(each(func(s *ofServer) float64 { return s.RSSParticipant })))
	line("  %-38s %s", "RSS in all, MB", three(each(func(s *ofServer) float64 { return float64(s.RSS) / (1 << 20) })))
	line("  %-38s %s", "CPU a join, ms", three(each(func(s *ofServer) float64 { return s.CPUPerJoin })))
	var joins, firsts []float64
	var bad counts
	for _, r := range of {
		joins, firsts = append(joins, r.Server.Joins...), append(firsts, r.Server.Firsts...)
		bad.add(r.counts)
	}
	line("  %-38s %s  of %d", "join, ms", three(spreadOf(joins)), len(joins))
	if len(firsts) > 0 {
		line("  %-38s %s  of %d", "join to first packet, ms", three(spreadOf(firsts)), len(firsts))
	}
	line("  %-38s %s", "goroutines", three(each(func(s *ofServer) float64 { return float64(s.Goroutines) })))
	line("  %-38s %s", "senders late, p99, ms", three(each(func(s *ofServer) float64 { return s.SenderLateP99 })))
	line("  %-38s %s", "CPUs that the clients took", three(spreadBy(of, func(r result) float64 { return r.ClientCores })))
	if n := bad.Duplicates + bad.Misnumbered + bad.Unsealed + bad.Foreign; n > 0 {
		line("  NOT SOUND: %d duplicates, %d misnumbered, %d not opened, %d not ours", bad.Duplicates, bad.Misnumbered, bad.Unsealed, bad.Foreign)
	}
}
