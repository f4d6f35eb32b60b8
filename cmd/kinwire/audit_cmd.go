package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"kinwire/configs"
	"kinwire/signaling/audit"
	"kinwire/signaling/store"
)

func auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Check the log of decisions",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(auditVerifyCommand())
	return cmd
}

func auditVerifyCommand() *cobra.Command {
	var since hashes
	cmd := &cobra.Command{
		Use:   "verify [--config FILE] [--since HASH] [--KEY VALUE …]",
		Short: "Check that nothing in the audit log was changed, dropped or slipped in",
		Long: `Reads the whole audit log from the store of this configuration and checks that
each entry follows from the one before. It prints how many entries there are,
the number of the last one and its hash. The server may run meanwhile.

Write the hash down where whoever can write the database cannot change it, and
give it with --since next time: only then does it show if the end of the log was
cut off, or if it was written anew from some entry on. --since may be repeated.

Exit code 0 when the log holds, 1 when it does not (with the number of the first
entry that is wrong) or cannot be read.`,
		Args: cobra.NoArgs,
	}
	flags := addConfigFlags(cmd, true)
	cmd.Flags().Var(&since, "since", "`hash` that an earlier check printed; it must be in the log")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := flags.load()
		if err != nil {
			return err
		}
		return verifyAudit(cmd.Context(), cfg, since, cmd.OutOrStdout())
	}
	return cmd
}

// verifyAudit checks the log in cfg's store and writes what it found to out.
func verifyAudit(ctx context.Context, cfg *configs.Config, since []string, out io.Writer) (err error) {
	where := storeConfig(cfg)
	if where.Driver == "sqlite" {
		// Open would make the file, and an empty log holds.
		if _, err := os.Stat(where.DSN); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no database at %s: give the server's --config or --data_dir", where.DSN)
		}
	}
	s, err := store.Open(ctx, where, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	report, err := audit.Verify(ctx, s, since...)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "entries: %d\nlast seq: %d\nlast hash: %s\n", report.Entries, report.LastSeq, report.LastHash); err != nil {
		return err
	}
	switch {
	case report.Broken != nil:
		return fmt.Errorf("the audit log does not hold at entry %d: %s; the entries before it hold", report.Broken.Seq, report.Broken.Why)
	case len(report.Unknown) > 0:
		return fmt.Errorf("the audit log is not the one it was: %s is in no entry, so its end was cut off or written anew",
			strings.Join(report.Unknown, ", "))
	}
	_, err = fmt.Fprintln(out, "it holds")
	return err
}

// storeConfig is where the data of a server with this configuration lives.
func storeConfig(cfg *configs.Config) store.Config {
	dsn := cfg.Store.DSN.Reveal()
	if dsn == "" {
		dsn = filepath.Join(cfg.DataDir, "kinwire.db")
	}
	return store.Config{Driver: cfg.Store.Driver, DSN: dsn}
}

// hashes is a flag that may be repeated; each is a SHA-256 in hex.
type hashes []string

func (h *hashes) String() string { return strings.Join(*h, ",") }

// Type is what the help calls a value.
func (h *hashes) Type() string { return "hash" }

// Set takes one more.
func (h *hashes) Set(text string) error {
	const size = 32
	if raw, err := hex.DecodeString(text); err != nil || len(raw) != size {
		return fmt.Errorf("given %d characters; allowed are %d hexadecimal digits", len(text), 2*size)
	}
	*h = append(*h, strings.ToLower(text))
	return nil
}
