package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// dialect is everything in which one engine differs from the other.
type dialect struct {
	name  string
	wants string // what its DSN looks like, for error texts
	goose goose.Dialect
	// open gives the pools for reading and for writing; they may be one.
	open func(dsn string) (read, write *sql.DB, err error)
	// migrationOptions keeps two nodes from migrating at the same time.
	migrationOptions func() ([]goose.ProviderOption, error)
	// scrub makes sure that what was deleted is in no file any more, as far as
	// the engine has a way to. It reports false where that has to wait.
	scrub func(ctx context.Context, write *sql.DB) (done bool, err error)
	// collided reports whether a transaction failed only because of others at
	// the same time, and may just be run again.
	collided func(err error) bool
}

var dialects = map[string]dialect{
	"sqlite": {
		name:  "sqlite",
		wants: "the path of a file",
		goose: goose.DialectSQLite3,
		open:  openSQLite,
		// One process owns the file; there is nobody to lock out.
		migrationOptions: func() ([]goose.ProviderOption, error) { return nil, nil },
		scrub:            truncateWAL,
		// One writer at a time.
		collided: func(error) bool { return false },
	},
	"postgres": {
		name:             "postgres",
		wants:            "a URL such as postgres://user@host/kinwire",
		goose:            goose.DialectPostgres,
		open:             openPostgres,
		migrationOptions: lockWhileMigrating,
		// The server's own business: see VACUUM in its manual.
		scrub:    func(context.Context, *sql.DB) (bool, error) { return true, nil },
		collided: deadlocked,
	},
}

const (
	// sqliteReaders is how many reads may run at once. They share the page
	// cache of the operating system, so a few are enough for every core.
	sqliteReaders = 8
	// sqliteMap lets readers look at the first GiB of the file where the
	// operating system keeps it, instead of copying page after page: with
	// 100,000 people that is half of the time of a look-up. It takes addresses,
	// not memory.
	sqliteMap = "mmap_size(1073741824)"
	// sqliteLog lets the write-ahead log grow to 16 MiB before it is folded back
	// into the file, which waits for the disk: with the usual 4 MiB every
	// fiftieth message waited for it.
	sqliteLog = "wal_autocheckpoint(4000)"
	// postgresConns is the most connections one node holds. PostgreSQL's own
	// default allows 100 in all.
	postgresConns = 16
)

// openSQLite opens path twice: one connection that writes and a pool that
// reads. WAL lets them run side by side.
func openSQLite(path string) (read, write *sql.DB, err error) {
	if err := makePrivateFile(path); err != nil {
		return nil, nil, err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, nil, fmt.Errorf("find %s: %w", path, err)
	}
	// _txlock: a transaction takes the write lock when it begins, not when it
	// first writes, so that it can never fail half-way for want of the lock.
	write, err = sql.Open("sqlite", sqliteDSN(abs, "immediate", "query_only(0)", sqliteLog))
	if err != nil {
		return nil, nil, err
	}
	write.SetMaxOpenConns(1)
	read, err = sql.Open("sqlite", sqliteDSN(abs, "deferred", "query_only(1)", sqliteMap))
	if err != nil {
		return nil, nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(sqliteReaders)
	read.SetMaxIdleConns(sqliteReaders)
	return read, write, nil
}

func sqliteDSN(path, txlock string, pragmas ...string) string {
	q := url.Values{
		"_txlock": {txlock},
		"_pragma": append([]string{
			"busy_timeout(5000)", // ms; first, so that setting WAL waits too
			"journal_mode(WAL)",
			"synchronous(NORMAL)", // safe with WAL: a power cut may lose the last commits, never the file
			"foreign_keys(1)",
			// What is deleted is overwritten with zeros: data about a child
			// that was deleted must not be readable in the file's free pages.
			"secure_delete(1)",
		}, pragmas...),
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// makePrivateFile makes the file if need be, readable by its owner alone.
// SQLite gives its WAL and shared-memory files the same mode.
func makePrivateFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the folder of the database: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("make the database file: %w", err)
	}
	return f.Close()
}

func openPostgres(dsn string) (read, write *sql.DB, err error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(postgresConns)
	db.SetMaxIdleConns(postgresConns)
	return db, db, nil
}

func lockWhileMigrating() ([]goose.ProviderOption, error) {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, fmt.Errorf("make the migration lock: %w", err)
	}
	return []goose.ProviderOption{goose.WithSessionLocker(locker)}, nil
}

// scrubWait is how long truncating the WAL waits for readers, in ms. All
// writers wait along, so it is short, and tried again later.
const scrubWait = 50

// truncateWAL folds the write-ahead log back into the file and cuts it to
// nothing: only then is a row that was deleted in no page of it any more.
// Readers of an older state hold it up.
func truncateWAL(ctx context.Context, write *sql.DB) (done bool, err error) {
	conn, err := write.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	var before int
	if err := conn.QueryRowContext(ctx, `PRAGMA busy_timeout`).Scan(&before); err != nil {
		return false, err
	}
	if _, err := conn.ExecContext(ctx, fmt.Sprint(`PRAGMA busy_timeout = `, scrubWait)); err != nil {
		return false, err
	}
	defer func() {
		// Not ctx: the connection goes back into the pool as it was.
		_, restored := conn.ExecContext(context.WithoutCancel(ctx), fmt.Sprint(`PRAGMA busy_timeout = `, before))
		err = errors.Join(err, restored)
	}()
	var busy, logged, moved int
	err = conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &logged, &moved)
	return err == nil && busy == 0, err
}

// deadlocked reports whether PostgreSQL ended one of several transactions that
// waited for each other (40P01), or that could not be put in an order (40001).
func deadlocked(err error) bool {
	failed, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (failed.Code == "40P01" || failed.Code == "40001")
}
