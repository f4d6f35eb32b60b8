package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"kinwire/client/netcheck"
)

// errBlocked ends the command when no call would come through.
var errBlocked = errors.New("no call would come through this network")

func netcheckCommand() *cobra.Command {
	var asJSON, loopback bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "netcheck URL",
		Short: "Say what this network lets through to a server",
		Long: `Tries every way to the Kinwire server at URL, as an app would: its pages, the
WebSocket, STUN, and a connection of the kind that media takes, directly over UDP
and TCP and by TURN over UDP, TCP and TLS. It needs no login, no microphone and no
camera, and takes up to half a minute where much is blocked.

The table can be pasted into a mail: it has no full address in it. With --json
the same is printed for programs; times are in nanoseconds.

Exit code 0 when calls would come through on some way, 1 when not.`,
		Example: "  kinwire netcheck https://calls.example",
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&loopback, "loopback", false, "also try 127.0.0.1 and ::1, for a server on this machine")
	cmd.Flags().DurationVar(&timeout, "timeout", 6*time.Second, "how long to wait on each way")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		progress := func(r netcheck.Row) {
			fmt.Fprintf(cmd.ErrOrStderr(), "%-22s %s\n", r.What, r.State)
		}
		res, err := netcheck.Run(cmd.Context(), netcheck.Options{BaseURL: args[0], Timeout: timeout, Loopback: loopback}, progress)
		if err != nil {
			return err
		}
		out := cmd.OutOrStdout()
		if asJSON {
			enc := json.NewEncoder(out)
			enc.SetIndent("", "  ")
			err = enc.Encode(res)
		} else {
			fmt.Fprintln(cmd.ErrOrStderr())
			err = res.WriteTable(out)
		}
		if err != nil {
			return fmt.Errorf("print the result: %w", err)
		}
		if !res.Works() {
			return errBlocked
		}
		return nil
	}
	return cmd
}
