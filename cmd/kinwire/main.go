// Command kinwire is the server. It reads the configuration, builds the
// planes (SFU, TURN, signaling, metrics), joins them through their interfaces
// and waits for the signal to stop; everything that decides something lives
// in the packages it joins.
//
// Exit codes: 0 for success, 1 for a failure while working, 2 for a command
// line or a configuration that is refused.
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

	"kinwire/configs"
)

const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2

	exitDiffers = 1 // of config diff, as of diff(1)
)

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
	if err == nil {
		return exitOK
	}
	if !errors.Is(err, errDiffers) { // which says all on stdout
		fmt.Fprintf(stderr, "kinwire: %v\n", err)
	}
	var refused *configs.Error
	switch {
	case errors.Is(err, errDiffers):
		return exitDiffers
	case !started:
		fmt.Fprintf(stderr, "Try '%s --help'.\n", cmd.CommandPath())
		return exitUsage
	case errors.As(err, &refused):
		return exitUsage
	}
	return exitFailure
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "kinwire",
		Short: "Real-time media server for families' calls",
		Long: `kinwire is a real-time media server for families' calls: SFU, TURN server,
signaling and web app in one program.

  kinwire serve                    start the server with the defaults
  kinwire serve --config FILE      start it with your own configuration
  kinwire config diff NEW          say what a new file would change, and when it acts
  kinwire config print             show every key, its value and where it came from
  kinwire audit verify             check that nobody has changed the log of decisions
  kinwire relay rotate-key         put a fresh key before those of messages that wait
  kinwire netcheck URL             say what this network lets through to a server

Every key of the configuration can be set in a YAML file, by an environment
variable (sfu.udp_port is KINWIRE_SFU_UDP_PORT) and, secrets excepted, by a flag
(--sfu.udp_port); a flag goes over the environment, the environment over the file.

Exit codes: 0 success, 1 failure while working, 2 command line or
configuration refused.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(serveCommand(), configCommand(), auditCommand(), relayCommand(), netcheckCommand(), healthCommand(), versionCommand())
	return root
}
