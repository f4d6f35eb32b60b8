package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Config says where the data lives.
type Config struct {
	// Driver is "sqlite" or "postgres".
	Driver string
	// DSN is a file path for sqlite, a postgres:// URL for postgres.
	DSN string
}

// ErrNotFound is returned where something that was asked for by its id is not
// there.
var ErrNotFound = errors.New("not found")

// Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	// Reads and writes go through different pools, because SQLite has any
	// number of readers but one writer: queueing writers in database/sql is
	// fair and costs nothing, letting them meet in SQLite ends in
	// SQLITE_BUSY. For PostgreSQL both are the same pool.
	read, write *sql.DB
	prepared    statements // on read
	hotWrites   statements // on write
	dialect     dialect
	group       group // of what every message takes
}

// Open opens the database, makes it if it is an SQLite file that is not there,
// and brings its tables to the newest version. It fails when the database
// cannot be reached before ctx ends.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*Store, error) {
	d, ok := dialects[cfg.Driver]
	if !ok {
		return nil, fmt.Errorf("store: driver %q is not known: it must be sqlite or postgres", cfg.Driver)
	}
	if cfg.DSN == "" {
		return nil, fmt.Errorf("store: no dsn given: %s wants %s", cfg.Driver, d.wants)
	}
	read, write, err := d.open(cfg.DSN)
	if err != nil {
		return nil, fmt.Errorf("open %s store: %w", cfg.Driver, err)
	}
	s := &Store{read: read, write: write, dialect: d}
	if err := s.prepare(ctx, d, log); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) prepare(ctx context.Context, d dialect, log *slog.Logger) error {
	if err := s.write.PingContext(ctx); err != nil {
		return fmt.Errorf("connect to the store: %w", err)
	}
	applied, err := migrate(ctx, d, s.write)
	if err != nil {
		return fmt.Errorf("migrate the store: %w", err)
	}
	// Only now, so that a reader never opens a file without tables.
	if err := s.read.PingContext(ctx); err != nil {
		return fmt.Errorf("connect to the store for reading: %w", err)
	}
	log.InfoContext(ctx, "store open", "engine", d.name, "migrations_applied", applied)
	return nil
}

// Close waits for running statements and closes the database.
func (s *Store) Close() error {
	err := s.read.Close()
	if s.write != s.read {
		// The writer goes last: SQLite folds the write-ahead log back into
		// the file when its last connection closes.
		err = errors.Join(err, s.write.Close())
	}
	if err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	return nil
}

// tx runs do in one transaction on the writer.
func (s *Store) tx(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func toMillis(t time.Time) int64 { return t.UnixMilli() }

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
