// Package postgres runs a real PostgreSQL server for tests: its data in a
// temporary folder, no TCP port, only a socket in that folder. A whole cycle takes
// about a second.
package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	"github.com/stretchr/testify/require"
)

// Server is one server.
type Server struct{ dir string }

func (p Server) dsn(database string) string {
	u := url.URL{Scheme: "postgres", Path: "/" + database, RawQuery: url.Values{
		"host": {p.dir}, "user": {"kinwire"}, "sslmode": {"disable"},
	}.Encode()}
	return u.String()
}

// Database makes a database and returns its DSN.
func (p Server) Database(t testing.TB, name string) string {
	t.Helper()
	db, err := sql.Open("pgx", p.dsn("postgres"))
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "CREATE DATABASE "+name)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	return p.dsn(name)
}

// Start runs a server until the test ends. It skips the test where PostgreSQL is
// not installed, or fails it where KINWIRE_TEST_REQUIRE names postgres.
func Start(t testing.TB) Server {
	t.Helper()
	bin := postgresBin()
	if bin == "" {
		needPostgres(t, "PostgreSQL's server is not installed: apt install postgresql")
	}
	cred, err := unprivileged()
	if err != nil {
		needPostgres(t, err.Error())
	}
	// Not t.TempDir(): its parents are closed to other users, and a socket's
	// path must stay under 108 bytes.
	dir, err := os.MkdirTemp("/tmp", "kin-pg-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	if cred != nil {
		require.NoError(t, os.Chown(dir, int(cred.Uid), int(cred.Gid)))
	}
	command := func(name string, arg ...string) (*exec.Cmd, *bytes.Buffer) {
		out := new(bytes.Buffer)
		cmd := exec.Command(filepath.Join(bin, name), arg...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Pdeathsig: syscall.SIGQUIT}
		return cmd, out
	}

	data := filepath.Join(dir, "data")
	initdb, out := command("initdb", "-D", data, "-U", "kinwire", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	require.NoError(t, initdb.Run(), "initdb: %s", out)

	server, out := command("postgres", "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "deadlock_timeout=50ms", "-c", "max_connections=80")
	require.NoError(t, server.Start())
	died := make(chan error, 1)
	go func() { died <- server.Wait() }()
	t.Cleanup(func() {
		require.NoError(t, server.Process.Signal(syscall.SIGINT)) // a fast shutdown
		require.NoError(t, <-died, "postgres: %s", out)
	})

	p := Server{dir: dir}
	p.waitReady(t, died, out)
	return p
}

func (p Server) waitReady(t testing.TB, died chan error, out *bytes.Buffer) {
	t.Helper()
	db, err := sql.Open("pgx", p.dsn("postgres"))
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.Eventually(t, func() bool {
		select {
		case err := <-died:
			died <- err // for the clean-up
			t.Errorf("postgres did not start: %v: %s", err, out)
			return true
		default:
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		return db.PingContext(ctx) == nil
	}, time.Minute, 20*time.Millisecond)
	if t.Failed() {
		t.FailNow()
	}
}

// postgresBin returns the folder of the newest installed server, "" if none.
func postgresBin() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		if path, err := exec.LookPath("initdb"); err == nil {
			return filepath.Dir(path)
		}
		return ""
	}
	slices.SortFunc(found, func(a, b string) int { return debianVersion(a) - debianVersion(b) })
	return filepath.Dir(found[len(found)-1])
}

func debianVersion(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	return n
}

// unprivileged says as whom to run the server: nil for oneself, and the user
// postgres if one is root, which the server refuses.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("running as root, and there is no user to run PostgreSQL as: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("uid of postgres: %w", err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("gid of postgres: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// needPostgres skips the test, or fails it where PostgreSQL is said to be
// there.
func needPostgres(t testing.TB, why string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("KINWIRE_TEST_REQUIRE"), ","), "postgres") {
		t.Fatalf("KINWIRE_TEST_REQUIRE names postgres, but: %s", why)
	}
	t.Skipf("SKIPPED, not tested on PostgreSQL: %s", why)
}
