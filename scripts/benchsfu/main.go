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
multiple of the sendto floor of its round; user and system time also apart.

Flags:
  --shape NAMES     audio, video, calls, separated by commas (all)
  --rounds N        rounds, of which minimum, median and maximum are told (3)
  --seconds S       length of each window in seconds (5)
  --floors=false    leave the floors out; then there are no ratios
  --feedback D      time between two transport-wide feedbacks of a client, as
                    browsers send them; 0 for none (100ms)
  --probes N        joins while media flows, in each round (5)
  --vs              Debian's Janus (package janus, videoroom) too, with the same
                    clients, shapes and media, in the same rounds; it is
                    installed if it is missing
  --instructions    count the user-space instructions a packet too, with valgrind
                    and in slow motion: about two minutes a shape, with --vs
                    three; with --rounds 0 nothing else
  --loops N         loops of our server for its address, as sfu.loops (1)
  --frame-hold D    how long it holds an incomplete picture, as sfu.frame_hold (200µs)
  --soak D          instead of all that, let calls come and go against our server
                    for so long (such as 1h), and see whether memory, goroutines
                    and open files stay what they are; exit code 1 if not
  --soak-joins N    joins a second in it (2)
  --json FILE       write every single result to FILE
  --profile FILE    write CPU profiles of the server's windows to
                    FILE.SHAPE.ROUND; profiling costs some CPU time itself
  --help            this text

Without --vs and --instructions it takes about five minutes. It needs Linux, and
two cores with little else to do: docs/bench.md says what each figure means and
where noise comes from.
`

// children are what this program does as a child of itself.
// children are this program's own processes, by their first argument; the
// others are handed on.
var children = map[string]func(args []string, in io.Reader, out io.Writer) error{
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
			if err := child(args[1:], os.Stdin, os.Stdout); err != nil {
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
	if err := p.do(ctx, os.Stdout); err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "bench-sfu: %v\n", err)
		return 1
	}
	return 0
}

// do runs what was asked for.
func (p *plan) do(ctx context.Context, out io.Writer) error {
	if p.soak == nil {
		return p.run(ctx, out)
	}
	report, err := runSoak(ctx, *p.soak, p.opts.feedback, out)
	if report != nil && p.json != "" {
		err = errors.Join(err, writeJSON(p.json, report))
	}
	return err
}

// plan is what a run is to measure.
type plan struct {
	shapes []shape
	rounds int
	floors bool
	vs     bool // Janus too
	soak   *soakPlan

	instructions bool          // count them too
	counting     time.Duration // for how long
	json         string
	opts         options
}

func parseFlags(args []string) (*plan, error) {
	p := &plan{counting: 20 * time.Second, opts: options{
		settle: time.Second, lead: 200 * time.Millisecond, drain: 400 * time.Millisecond,
		probeGap: keyFrameGap + 100*time.Millisecond,
	}}
	f := flag.NewFlagSet("bench-sfu", flag.ContinueOnError)
	f.SetOutput(io.Discard) // we say it ourselves
	names := f.String("shape", "all", "")
	f.IntVar(&p.rounds, "rounds", 3, "")
	seconds := f.Float64("seconds", 5, "")
	f.BoolVar(&p.floors, "floors", true, "")
	f.BoolVar(&p.vs, "vs", false, "")
	f.DurationVar(&p.opts.feedback, "feedback", 100*time.Millisecond, "")
	f.IntVar(&p.opts.probes, "probes", 5, "")
	f.BoolVar(&p.instructions, "instructions", false, "")
	p.opts.knobs = usual
	f.IntVar(&p.opts.knobs.loops, "loops", usual.loops, "")
	f.DurationVar(&p.opts.knobs.hold, "frame-hold", usual.hold, "")
	soak := &soakPlan{Seed: 1, Every: 10 * time.Second, Stay: 3 * time.Second, Failed: 2 * time.Second}
	f.DurationVar(&soak.Duration, "soak", 0, "")
	f.Float64Var(&soak.Joins, "soak-joins", 2, "")
	f.StringVar(&p.json, "json", "", "")
	f.StringVar(&p.opts.profile, "profile", "", "")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("given %q, only flags are allowed", f.Arg(0))
	}
	var err error
	fewestRounds, fewestMinutes := 1.0, 0.0
	if soak.Duration != 0 {
		fewestMinutes = 2 // a few samples to judge by
	}
	if p.instructions {
		fewestRounds = 0
	}
	if p.shapes, err = chooseShapes(*names); err != nil {
		return nil, err
	}
	limits := []struct {
		name            string
		given, from, to float64
	}{
		{"--rounds", float64(p.rounds), fewestRounds, 100},
		{"--seconds", *seconds, 0.2, 300},
		{"--probes", float64(p.opts.probes), 0, 100},
		{"--loops", float64(p.opts.knobs.loops), 1, 64},
		{"--frame-hold in milliseconds", ms(p.opts.knobs.hold), 0, 20},
		{"--soak in minutes", soak.Duration.Minutes(), fewestMinutes, 7 * 24 * 60},
		{"--soak-joins", soak.Joins, 0.01, 100},
		{"--feedback in seconds", p.opts.feedback.Seconds(), 0, 1},
	}
	for _, l := range limits {
		if l.given < l.from || l.given > l.to {
			return nil, fmt.Errorf("%s: given %v, allowed are %v to %v", l.name, l.given, l.from, l.to)
		}
	}
	if soak.Duration > 0 {
		p.soak = soak
	}
	p.opts.window = time.Duration(*seconds * float64(time.Second))
	return p, nil
}
