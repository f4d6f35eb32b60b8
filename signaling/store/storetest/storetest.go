// Package storetest gives tests databases that are migrated already: the
// migrations are run once a process, not once a test, which under the race
// detector is most of what a test's store costs.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"kinwire/signaling/store"
)

// migrated is the file of an empty SQLite database with all migrations done.
var migrated = sync.OnceValues(func() (text []byte, err error) {
	dir, err := os.MkdirTemp("", "kinwire-store-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for a database: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "kinwire.db")
	s, err := store.Open(context.Background(), store.Config{Driver: "sqlite", DSN: file}, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	// Closing brings the write-ahead log into the file.
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// Open makes an empty SQLite store in file, which must not be there yet. The
// caller closes it.
func Open(t testing.TB, file string, log *slog.Logger) (*store.Store, error) {
	t.Helper()
	text, err := migrated()
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make a database: %w", err)
	}
	if _, err := f.Write(text); err != nil {
		return nil, errors.Join(fmt.Errorf("make a database: %w", err), f.Close())
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("make a database: %w", err)
	}
	return store.Open(t.Context(), store.Config{Driver: "sqlite", DSN: file}, log)
}
