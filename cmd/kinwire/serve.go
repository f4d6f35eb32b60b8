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
have http.shutdown_timeout to end. 'kinwire config print' with the same flags shows
what it would run with; 'kinwire config print --reference' explains every key.`,
		Args: cobra.NoArgs,
	}
	flags := addConfigFlags(cmd, false)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := flags.load()
		if err != nil {
			return err
		}
		return run(cmd.Context(), cfg, newLogger(cfg.Log, cmd.ErrOrStderr()))
	}
	return cmd
}

// newLogger writes to w what the section log asks for.
func newLogger(c configs.Log, w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		level = slog.LevelInfo // configs lets only slog's own names through
	}
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
