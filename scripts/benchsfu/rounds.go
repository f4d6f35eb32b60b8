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
	results, err := p.measure(ctx, out)
	rep.Results, rep.LoadTo = results, load()
	for _, s := range p.shapes {
		rep.Shapes[s.Name] = s.Title
	}
	if p.json != "" && len(results) > 0 {
		err = errors.Join(err, rep.write(p.json))
	}
	for _, s := range p.shapes {
		table(out, s, rep.Results)
	}
	return errors.Join(err, say(out, "\n%d CPUs, %s, Linux %s; load average before %s, after %s\n", rep.CPUs, rep.Go, rep.Kernel, rep.LoadFrom, rep.LoadTo))
}

func (r *report) write(file string) error {
	b, err := json.MarshalIndent(r, "", "\t")
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
			subjects := []string{"kinwire"}
			if p.floors {
				subjects = append(subjects, s.floors()...)
			}
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
		if subject == "kinwire" {
			if o.profile != "" {
				o.profile = fmt.Sprintf("%s.%s.%d", o.profile, s.Name, round)
			}
			r, err = measureSFU(ctx, s, o)
		} else {
			r, err = measureFloor(ctx, s, subject, o)
		}
		if err != nil {
			return results, fmt.Errorf("measuring %s, %s: %w", descriptions[subject], s.Title, err)
		}
		r.Round = round
		results = append(results, r)
		if err := say(out, "%7.2f µs a packet, %d of %d lost\n", r.CPUPerPacket, r.Lost, r.Expected); err != nil {
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
		results[i].Ratio = results[i].CPUPerPacket / floor
	}
}

func say(out io.Writer, format string, args ...any) error {
	if _, err := fmt.Fprintf(out, format, args...); err != nil {
		return fmt.Errorf("telling the results: %w", err)
	}
	return nil
}
