//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// report is what --json writes.
type report struct {
	At       time.Time         `json:"at"`
	Go       string            `json:"go"`
	Kernel   string            `json:"kernel"`
	CPUs     int               `json:"cpus"`
	LoadFrom string            `json:"load_before"` // load average over 1, 5 and 15 minutes
	LoadTo   string            `json:"load_after"`
	Feedback string            `json:"feedback"`
	Shapes   map[string]string `json:"shapes"`
	Results  []result          `json:"results"`
	// User-space instructions, where they were asked for.
	Instructions []counted `json:"instructions,omitempty"`
}

func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	f := strings.Fields(string(b))
	if err != nil || len(f) < 3 {
		return "unknown"
	}
	return strings.Join(f[:3], " ")
}

func kernel() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(u.Release[:])
}

// run measures and tells.
func (p *plan) run(ctx context.Context, out io.Writer) error {
	rep := &report{
		At: time.Now().UTC().Truncate(time.Second), Go: runtime.Version(), Kernel: kernel(), CPUs: runtime.NumCPU(),
		LoadFrom: load(), Feedback: p.opts.feedback.String(), Shapes: map[string]string{},
	}
	var err error
	rep.Results, err = p.measure(ctx, out)
	if p.instructions && err == nil {
		rep.Instructions, err = p.countAll(ctx, out)
	}
	rep.LoadTo = load()
	for _, s := range p.shapes {
		rep.Shapes[s.Name] = s.Title
	}
	if p.json != "" && len(rep.Results)+len(rep.Instructions) > 0 {
		err = errors.Join(err, writeJSON(p.json, rep))
	}
	for _, s := range p.shapes {
		if len(rep.Results) > 0 {
			table(out, s, rep.Results)
		}
	}
	if len(rep.Instructions) > 0 {
		instructionTable(out, p, rep.Instructions)
	}
	return errors.Join(err, say(out, "\n%d CPUs, %s, Linux %s; load average before %s, after %s\n", rep.CPUs, rep.Go, rep.Kernel, rep.LoadFrom, rep.LoadTo))
}

func writeJSON(file string, report any) error {
	b, err := json.MarshalIndent(report, "", "\t")
	if err == nil {
		err = os.WriteFile(file, append(b, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("writing the results: %w", err)
	}
	return nil
}

// measure runs all rounds. Every second one goes backwards, so that nothing
// always comes after the same thing.
func (p *plan) measure(ctx context.Context, out io.Writer) ([]result, error) {
	var results []result
	for round := 1; round <= p.rounds; round++ {
		for _, s := range p.shapes {
			subjects := p.subjects(s)
			if round%2 == 0 {
				slices.Reverse(subjects)
			}
			of, err := p.round(ctx, out, round, s, subjects)
			results = append(results, of...)
			if err != nil {
				return results, err
			}
		}
	}
	return results, nil
}

// subjects are what a shape measures, in order.
func (p *plan) subjects(s shape) []string {
	out := []string{"kinwire"}
	if p.vs {
		out = append(out, "janus")
	}
	if p.floors {
		out = append(out, s.floors()...)
	}
	return out
}

// round measures the subjects of a shape once, and relates them.
func (p *plan) round(ctx context.Context, out io.Writer, round int, s shape, subjects []string) ([]result, error) {
	var results []result
	for _, subject := range subjects {
		if err := say(out, "round %d of %d  %-5s  %-34s", round, p.rounds, s.Name, descriptions[subject]); err != nil {
			return results, err
		}
		var r result
		var err error
		o := p.opts
		if servers[subject] != nil {
			if o.profile != "" {
				o.profile = fmt.Sprintf("%s.%s.%d", o.profile, s.Name, round)
			}
			r, err = measureServer(ctx, s, subject, o)
		} else {
			r, err = measureFloor(ctx, s, subject, o)
		}
		if err != nil {
			return results, fmt.Errorf("measuring %s, %s: %w", descriptions[subject], s.Title, err)
		}
		r.Round = round
		results = append(results, r)
		if err := say(out, "%7.2f µs a packet (user %.2f, system %.2f), %d of %d lost\n",
			r.CPUPerPacket, r.UserPerPacket, r.SystemPerPacket, r.Lost, r.Expected); err != nil {
			return results, err
		}
	}
	relate(results)
	return results, nil
}

// relate divides by the sendto floor of the same round.
func relate(results []result) {
	i := slices.IndexFunc(results, func(r result) bool { return r.Subject == "sendto" })
	if i < 0 || results[i].CPUPerPacket == 0 {
		return
	}
	floor := results[i].CPUPerPacket
	for i := range results {
		r := &results[i]
		r.Ratio, r.UserRatio, r.SystemRatio = r.CPUPerPacket/floor, r.UserPerPacket/floor, r.SystemPerPacket/floor
	}
}

func say(out io.Writer, format string, args ...any) error {
	if _, err := fmt.Fprintf(out, format, args...); err != nil {
		return fmt.Errorf("telling the results: %w", err)
	}
	return nil
}
