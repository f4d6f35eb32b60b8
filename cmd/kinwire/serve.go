package main

import (
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"kinwire/configs"
)

func serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve [--config FILE] [--KEY VALUE …]",
		Short: "Start the server",
		Long: `Starts the server and runs it until SIGINT or SIGTERM; calls under way then
have http.shutdown_timeout to end. When FILE changes, or on SIGHUP, it is read
again and what changed is taken over, without ending a call; 'kinwire config
diff' tells beforehand what that would be. 'kinwire config print' with the same flags shows
what it would run with; 'kinwire config print --reference' explains every key.`,
		Args: cobra.NoArgs,
	}
	flags := addConfigFlags(cmd, false)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := flags.load()
		if err != nil {
			return err
		}
		src := source{file: flags.file, load: flags.load}
		return run(cmd.Context(), cfg, src, newLogger(cfg.Log, cmd.ErrOrStderr()))
	}
	return cmd
}

// newLogger writes to w what the section log asks for.
func newLogger(c configs.Log, w io.Writer) *slog.Logger {
	h := newLogHandler(w)
	if err := h.shape.set(c); err != nil {
		slog.New(h).Warn("log.level is none; taking info", "err", err) // configs lets only slog's own names through
	}
	return slog.New(h)
}
