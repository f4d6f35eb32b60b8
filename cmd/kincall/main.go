// Command kincall rehearses calls: it plays scripts of who calls whom, on which
// networks and with what going wrong, against a Kinwire server, and says
// whether what must hold did. It uses the Go SDK as any client does; all that
// decides something lives in the packages below client/rehearse.
//
// Exit codes: 0 all that must hold did, 1 an expectation failed, 2 a script or
// a command line is refused, 3 something could not be played to its end.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"kinwire/client/rehearse/script"
)

const (
	exitOK        = 0
	exitFailed    = 1
	exitUsage     = 2
	exitNotPlayed = 3
)

// outcome ends kincall with a code of its own after all has been said.
type outcome int

func (o outcome) Error() string { return fmt.Sprintf("exit code %d", int(o)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// execute runs one command line and returns its exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	started := false
	root := rootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	// What fails before this runs is a command line that cobra refused.
	root.PersistentPreRun = func(*cobra.Command, []string) { started = true }
	cmd, err := root.ExecuteContextC(ctx)
	var said outcome
	var refused *script.Error
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &said):
		return int(said)
	case errors.As(err, &refused):
		fmt.Fprintln(stderr, err)
		return exitUsage
	case !started, errors.As(err, &usage):
		fmt.Fprintf(stderr, "kincall: %v\nTry '%s --help'.\n", err, cmd.CommandPath())
		return exitUsage
	}
	fmt.Fprintf(stderr, "kincall: %v\n", err)
	return exitNotPlayed
}

// usageError is a command line that cobra takes and kincall does not.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func refuse(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "kincall",
		Short: "Rehearses calls from scripts",
		Long: `kincall rehearses calls: it plays scripts against a Kinwire server, with real
media over the whole stack and on bad networks, and says whether what must hold
did.

  kincall new > call.yaml             write a commented script to begin with
  kincall check call.yaml             only read it, and say what is wrong
  kincall run call.yaml               play it against a server that kincall starts
  kincall run --url https://…  FILES  play scripts against a server that runs
  kincall profiles                    list the networks, with their figures
  kincall reference                   all that a script may say
  kincall load --calls 50             many calls at once, and what they cost

A script with a network needs root, for network namespaces of its own.

Exit codes: 0 all that must hold did, 1 an expectation failed, 2 a script or a
command line is refused, 3 something could not be played to its end.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(runCommand(), checkCommand(), newCommand(), profilesCommand(), referenceCommand(), loadCommand(), helpOfScripts())
	return root
}
