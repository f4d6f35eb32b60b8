//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const usageText = `Usage: scripts/bench-sfu [FLAGS]

Measures what the SFU costs: CPU time for each packet that arrives at a
receiver, packets lost, latency, memory a participant, CPU and time of a join.
Three shapes: 50 audio receivers of one sender, 30 video receivers of one
sender, 10 calls of 4. Real clients (ICE, DTLS, SRTP with AES-128-GCM) over
loopback; the server is a process of its own and reads its own CPU time.

In turn with it run the floors, in the same shape and towards the same sleeping
readers: sealing each packet and sending it with one sendto; with one sendmmsg
for a frame; with sendmmsg of GSO runs (the packets of a frame to one receiver);
with GSO, 32 equal packets to one receiver. Every result is told in µs and as a
multiple of the sendto floor of its round.

Flags:
  --shape NAMES     audio, video, calls, separated by commas (all)
  --rounds N        rounds, of which minimum, median and maximum are told (3)
  --seconds S       length of each window in seconds (5)
  --floors=false    leave the floors out; then there are no ratios
  --feedback D      time between two transport-wide feedbacks of a client, as
                    browsers send them; 0 for none (100ms)
  --probes N        joins while media flows, in each round (5)
  --json FILE       write every single result to FILE
  --profile FILE    write CPU profiles of the server's windows to
                    FILE.SHAPE.ROUND; profiling costs some CPU time itself
  --help            this text

The whole takes about five minutes. It needs Linux, and two cores with little
else to do: docs/bench.md says what each figure means and where noise comes from.
Comparing with another server (--vs, Debian's Janus) is not there yet.
`

// children are what this program does as a child of itself.
var children = map[string]func(io.Reader, io.Writer) error{
	"serve-sfu": serveSFU,
	"floor":     serveFloor,
}

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	os.Exit(run(ctx, os.Args[1:]))
}

// run is the whole program; it returns the exit code.
func run(ctx context.Context, args []string) int {
	if len(args) > 0 {
		if child, ok := children[args[0]]; ok {
			if err := child(os.Stdin, os.Stdout); err != nil {
				_, _ = fmt.Fprintf(os.Stderr, "bench-sfu %s: %v\n", args[0], err)
				return 1
			}
			return 0
		}
	}
	p, err := parseFlags(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Print(usageText)
		return 0
	}
	if err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "bench-sfu: %v; --help tells more\n", err)
		return 2
	}
	if err := p.run(ctx, os.Stdout); err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "bench-sfu: %v\n", err)
		return 1
	}
	return 0
}

// plan is what a run is to measure.
type plan struct {
	shapes []shape
	rounds int
	floors bool
	json   string
	opts   options
}

func parseFlags(args []string) (*plan, error) {
	p := &plan{opts: options{
		settle: time.Second, lead: 200 * time.Millisecond, drain: 400 * time.Millisecond,
		probeGap: keyFrameGap + 100*time.Millisecond,
	}}
	f := flag.NewFlagSet("bench-sfu", flag.ContinueOnError)
	f.SetOutput(io.Discard) // we say it ourselves
	names := f.String("shape", "all", "")
	f.IntVar(&p.rounds, "rounds", 3, "")
	seconds := f.Float64("seconds", 5, "")
	f.BoolVar(&p.floors, "floors", true, "")
	f.DurationVar(&p.opts.feedback, "feedback", 100*time.Millisecond, "")
	f.IntVar(&p.opts.probes, "probes", 5, "")
	f.StringVar(&p.json, "json", "", "")
	f.StringVar(&p.opts.profile, "profile", "", "")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("given %q, only flags are allowed", f.Arg(0))
	}
	var err error
	if p.shapes, err = chooseShapes(*names); err != nil {
		return nil, err
	}
	limits := []struct {
		name            string
		given, from, to float64
	}{
		{"--rounds", float64(p.rounds), 1, 100},
		{"--seconds", *seconds, 0.2, 300},
		{"--probes", float64(p.opts.probes), 0, 100},
		{"--feedback in seconds", p.opts.feedback.Seconds(), 0, 1},
	}
	for _, l := range limits {
		if l.given < l.from || l.given > l.to {
			return nil, fmt.Errorf("%s: given %v, allowed are %v to %v", l.name, l.given, l.from, l.to)
		}
	}
	p.opts.window = time.Duration(*seconds * float64(time.Second))
	return p, nil
}
