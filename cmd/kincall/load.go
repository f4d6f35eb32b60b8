package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"time"

	"github.com/spf13/cobra"

	"kinwire/client/rehearse/load"
)

func loadCommand() *cobra.Command {
	var s server
	var o load.Options
	var file string
	cmd := &cobra.Command{
		Use:   "load",
		Short: "Many calls at once: percentiles, and the server's CPU for each packet",
		Long: `load begins many calls at once, holds them, and says how quickly they came up,
what was lost, and what the server spent on each packet that it sent on.

Exit codes: 0 every call came up, 1 some did not, 2 the command line is refused,
3 it could not be done.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := bounds(o); err != nil {
				return err
			}
			o.URL, o.Operator, o.Program = s.url, os.Getenv(s.tokenEnv), s.program
			r, err := load.Run(cmd.Context(), o, loading{cmd.OutOrStdout()})
			if err != nil {
				return fmt.Errorf("load: %w", err)
			}
			writeLoad(cmd.OutOrStdout(), r)
			if file != "" {
				if err := writeLoadJSON(file, r); err != nil {
					return err
				}
			}
			if r.Failed > 0 {
				return outcome(exitFailed)
			}
			return nil
		},
	}
	s.add(cmd)
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.IntVar(&o.Calls, "calls", 10, "calls at once")
	flags.IntVar(&o.PerCall, "per-call", 2, "people in each call")
	flags.DurationVar(&o.Ramp, "ramp", 5*time.Second, "time over which the calls begin")
	flags.DurationVar(&o.Hold, "hold", 10*time.Second, "time for which all of them go on")
	flags.BoolVar(&o.Audio, "audio", false, "sound alone, no picture")
	flags.StringVar(&o.Codec, "codec", "vp8", "of the picture: vp8 or h264")
	flags.BoolVar(&o.Relay, "relay", false, "through the server's TURN")
	flags.StringVar(&file, "json", "", "`file` for the figures, as JSON")
	return cmd
}

func bounds(o load.Options) error {
	switch {
	case o.Calls < 1 || o.Calls > 1000:
		return refuse("--calls: given %d; allowed: 1 to 1000", o.Calls)
	case o.PerCall < 2 || o.PerCall > 16:
		return refuse("--per-call: given %d; allowed: 2 to 16", o.PerCall)
	case o.Ramp < 0 || o.Ramp > time.Hour:
		return refuse("--ramp: given %s; allowed: 0s to 1h", o.Ramp)
	case o.Hold < time.Second || o.Hold > 24*time.Hour:
		return refuse("--hold: given %s; allowed: 1s to 24h", o.Hold)
	case !slices.Contains([]string{"vp8", "h264"}, o.Codec):
		return refuse("--codec: given %q; allowed: vp8, h264", o.Codec)
	}
	return nil
}

// loading tells how far it is, a line each second.
type loading struct{ w io.Writer }

func (l loading) Loading(s load.State) {
	cpu := ""
	if s.CPU >= 0 {
		cpu = fmt.Sprintf("  server %.2f cores", s.CPU)
	}
	fmt.Fprintf(l.w, "%6.1f s  %-9s  calls %d, connected %d, failed %d  packets sent %d, received %d%s\n",
		s.At.Seconds(), s.Phase, s.Calls, s.Connected, s.Failed, s.Sent, s.Received, cpu)
}

func writeLoad(w io.Writer, r *load.Result) {
	fmt.Fprintf(w, "\n%d calls of %d against %s: %d connected, %d failed\n", r.Calls, r.PerCall, r.Server, r.Connected, r.Failed)
	var why []string
	for text, n := range r.Why {
		why = append(why, fmt.Sprintf("  %d × %s", n, text))
	}
	sort.Strings(why)
	for _, line := range why {
		fmt.Fprintln(w, line)
	}
	fmt.Fprintf(w, "\n%-28s %8s %8s %8s %8s %8s %8s\n", "", "min", "median", "p90", "p95", "p99", "max")
	for _, row := range []struct {
		name   string
		s      load.Spread
		factor float64
	}{
		{"setup (ms)", r.SetupMS, 1}, {"connected to first media (ms)", r.FirstMediaMS, 1}, {"loss (%)", r.LossRatio, 100},
		{"round trip (ms)", r.RTTMS, 1}, {"jitter (ms)", r.JitterMS, 1},
	} {
		if row.s.N == 0 {
			continue
		}
		fmt.Fprintf(w, "%-28s %8.2f %8.2f %8.2f %8.2f %8.2f %8.2f\n", row.name, row.s.Min*row.factor, row.s.Median*row.factor,
			row.s.P90*row.factor, row.s.P95*row.factor, row.s.P99*row.factor, row.s.Max*row.factor)
	}
	if c := r.Cost; c.Known {
		fmt.Fprintf(w, "\nserver, while all calls went on (%.1f s): %.2f cores, %.0f packets sent on, %.2f µs of CPU for each, %.0f MiB\n",
			c.Seconds, c.Cores, c.Packets, c.CPUPerPacket, c.MemoryBytes/(1<<20))
	}
}

func writeLoadJSON(file string, r *load.Result) error {
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	if err := os.WriteFile(file, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}
