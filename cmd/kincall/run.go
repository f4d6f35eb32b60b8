package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"kinwire/client/rehearse"
	"kinwire/client/rehearse/report"
	"kinwire/client/rehearse/stage"
)

// runFlags are the flags of kincall run.
type runFlags struct {
	server
	out, junit, json, html string
	parallel               int
	quick, plain           bool
	seed                   uint64
}

// server says which server is meant, for run and load.
type server struct {
	url, tokenEnv, program string
}

func (s *server) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.url, "url", "", "server that runs already, such as https://calls.example.org; without it kincall starts one of its own for each script")
	cmd.Flags().StringVar(&s.tokenEnv, "operator-token-env", "KINCALL_OPERATOR_TOKEN", "environment `variable` with the operator's token of --url, for call records")
	cmd.Flags().StringVar(&s.program, "kinwire", "", "`path` of the kinwire program to start; without it the one beside kincall, in PATH, or built from the source around")
}

func runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run FILE…",
		Short: "Play scripts, and say whether what must hold did",
		Long: `run plays scripts and holds what was measured against what they expect. A folder
stands for the scripts in it. Nothing is played unless all of them can be read.

Exit codes: 0 all that must hold did, 1 an expectation failed, 2 a script or the
command line is refused, 3 a script could not be played to its end.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.add(cmd)
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.out, "out", "", "`folder` for all reports: report.html, report.json and junit.xml")
	flags.StringVar(&f.html, "html", "", "`file` for the report as one HTML page")
	flags.StringVar(&f.json, "json", "", "`file` for all that was measured, as JSON")
	flags.StringVar(&f.junit, "junit", "", "`file` for JUnit XML")
	flags.IntVar(&f.parallel, "parallel", 1, "how many scripts are played at once")
	flags.BoolVar(&f.quick, "quick", false, "play only scripts that say quick: true")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of everything random, in place of the scripts' own")
	flags.BoolVar(&f.plain, "plain", false, "plain lines even on a terminal (as with NO_COLOR)")
	return cmd
}

func (f *runFlags) run(cmd *cobra.Command, args []string) error {
	if f.parallel < 1 || f.parallel > 32 {
		return refuse("--parallel: given %d; allowed: 1 to 32", f.parallel)
	}
	scripts, err := readScripts(args)
	if err != nil {
		return err
	}
	if scripts, err = f.choose(cmd, scripts); err != nil {
		return err
	}
	outputs, err := f.outputs()
	if err != nil {
		return err
	}
	player := stage.New(stage.Options{URL: f.url, Operator: os.Getenv(f.tokenEnv), Program: f.program, Lab: true, Log: slog.New(slog.DiscardHandler)})
	live := report.NewLive(cmd.OutOrStdout(), f.liveOptions(cmd))
	results := playAll(cmd.Context(), player, live, scripts, f.parallel)
	live.Close()
	if err := player.Close(); err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "kincall: %v\n", err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "\n%s\n", report.Total(results))
	if err := outputs.write(cmd, results); err != nil {
		return err
	}
	return codeOf(results)
}

// choose leaves out what --quick does not mean, and sets the seed.
func (f *runFlags) choose(cmd *cobra.Command, scripts []rehearse.Script) ([]rehearse.Script, error) {
	var chosen []rehearse.Script
	for _, s := range scripts {
		if f.quick && !s.Quick {
			continue
		}
		if f.seed != 0 {
			s.Seed = f.seed
		}
		chosen = append(chosen, s)
	}
	if left := len(scripts) - len(chosen); left > 0 && len(chosen) > 0 {
		fmt.Fprintf(cmd.OutOrStdout(), "%d of %d scripts are left out: they are not quick\n", left, len(scripts))
	}
	if len(chosen) == 0 {
		return nil, refuse("--quick: none of the %d scripts says quick: true", len(scripts))
	}
	return chosen, nil
}

func (f *runFlags) liveOptions(cmd *cobra.Command) report.LiveOptions {
	_, _, terminal := terminalSize(cmd.OutOrStdout())
	terminal = terminal && !f.plain && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return report.LiveOptions{Terminal: terminal, Colour: terminal, Now: time.Now, Size: func() (int, int) {
		columns, rows, ok := terminalSize(cmd.OutOrStdout())
		if !ok {
			return 80, 24
		}
		return columns, rows
	}}
}

// playAll plays the scripts, some at once, and gives the results in their
// order.
func playAll(ctx context.Context, player rehearse.Player, live *report.Live, scripts []rehearse.Script, parallel int) []*rehearse.Result {
	results := make([]*rehearse.Result, len(scripts))
	next := make(chan int)
	var all sync.WaitGroup
	for range min(parallel, len(scripts)) {
		all.Go(func() {
			for i := range next {
				r := player.Play(ctx, scripts[i], live.Progress())
				live.Report(r)
				results[i] = r
			}
		})
	}
	for i := range scripts {
		next <- i
	}
	close(next)
	all.Wait()
	return results
}

// codeOf is the exit code: what could not be played says less than what failed,
// so it goes first.
func codeOf(results []*rehearse.Result) error {
	code := exitOK
	for _, r := range results {
		switch {
		case r.Err != nil:
			code = exitNotPlayed
		case !r.Passed() && code == exitOK:
			code = exitFailed
		}
	}
	if code == exitOK {
		return nil
	}
	return outcome(code)
}
