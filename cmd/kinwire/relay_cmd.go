package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"kinwire/configs"
	"kinwire/signaling/relay/reseal"
	"kinwire/signaling/relay/seal"
	"kinwire/signaling/store"
)

func relayCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "relay",
		Short: "Look after the keys of messages that wait",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(rotateKeyCommand(), dropKeysCommand())
	return cmd
}

func rotateKeyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rotate-key [--config FILE] [--KEY VALUE …]",
		Short: "Put a fresh key in front of the others in relay.keys.file",
		Long: `Puts a fresh key in front of the others. A running server reads the file again
within relay.keys.reload, encrypts with the fresh key from then on, and encrypts
again what older keys have encrypted. Nothing stops meanwhile.

Exit code 0 when there is a fresh key, 1 when not.`,
		Args: cobra.NoArgs,
	}
	flags := addConfigFlags(cmd, true)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := flags.load()
		if err != nil {
			return err
		}
		if err := keysInFile(cfg); err != nil {
			return err
		}
		id, err := seal.Rotate(relayKeys(cfg), time.Now())
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "the key is %s; a running server takes it up within %s\n", id, cfg.Relay.Keys.Reload)
		return err
	}
	return cmd
}

func dropKeysCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "drop-keys [--config FILE] [--KEY VALUE …]",
		Short: "Forget all keys but the first, if nothing needs them any more",
		Long: `Looks through the store of this configuration for what older keys have
encrypted, and takes them out of the file if there is nothing. The server may
run meanwhile. Old copies of the database cannot be read by anybody after that.

Exit code 0 when only the first key is left, 1 when something still needs the
others, or the first is so new that a running server may not have read it.`,
		Args: cobra.NoArgs,
	}
	flags := addConfigFlags(cmd, true)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := flags.load()
		if err != nil {
			return err
		}
		return dropKeys(cmd.Context(), cfg, cmd.OutOrStdout())
	}
	return cmd
}

func keysInFile(cfg *configs.Config) error {
	if len(cfg.Relay.Keys.Command) > 0 {
		return errors.New("relay.keys.command prints the keys: change them where it gets them from")
	}
	return nil
}

func dropKeys(ctx context.Context, cfg *configs.Config, out io.Writer) (err error) {
	if err := keysInFile(cfg); err != nil {
		return err
	}
	path := relayKeys(cfg)
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("looking at the keys: %w", err)
	}
	if age, wait := time.Since(info.ModTime()), 2*cfg.Relay.Keys.Reload; age < wait {
		return fmt.Errorf("the keys were changed %s ago: a running server may not have read them; try again in %s", age.Round(time.Second), (wait-age).Round(time.Second)+time.Second)
	}
	ring, err := seal.Open(ctx, seal.File(path))
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, storeConfig(cfg), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	left, err := reseal.New(st, ring, nil).Left(ctx)
	if err != nil {
		return err
	}
	if left > 0 {
		return fmt.Errorf("older keys are still needed by %d texts: the server encrypts them again when it runs", left)
	}
	n, err := seal.DropOld(path)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d old keys are gone; %s is left\n", n, ring.Sealing())
	return err
}
