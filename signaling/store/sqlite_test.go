package store

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func openFile(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{Driver: "sqlite", DSN: path}, quiet())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestSQLiteConforms(t *testing.T) {
	conformance(t, func(t *testing.T) *Store {
		// A path that a careless URL would break.
		return openFile(t, filepath.Join(t.TempDir(), "new folder", "kin%20 #1?x=y.db"))
	})
}

func TestSQLitePragmas(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "kinwire.db"))
	cases := []struct {
		pool   *sql.DB
		pragma string
		want   string
	}{
		{s.write, "journal_mode", "wal"},
		{s.read, "journal_mode", "wal"},
		{s.write, "foreign_keys", "1"},
		{s.read, "foreign_keys", "1"},
		{s.write, "busy_timeout", "5000"},
		{s.read, "busy_timeout", "5000"},
		{s.write, "secure_delete", "1"},
		{s.write, "query_only", "0"},
		{s.read, "query_only", "1"},
	}
	for _, c := range cases {
		var got string
		require.NoError(t, c.pool.QueryRowContext(t.Context(), "PRAGMA "+c.pragma).Scan(&got))
		require.Equal(t, c.want, got, c.pragma)
	}
}

func TestSQLiteFileIsPrivateAndLasts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "kinwire.db")
	s, err := Open(t.Context(), Config{Driver: "sqlite", DSN: path}, quiet())
	require.NoError(t, err)
	add(t, s, ana)
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
	require.NoError(t, s.Close())

	again := openFile(t, path)
	got, found, err := again.Person(t.Context(), ana.ID)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, ana, got)
}

// TestSQLiteForgets looks for deleted bytes in the file itself.
func TestSQLiteForgets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kinwire.db")
	s, err := Open(t.Context(), Config{Driver: "sqlite", DSN: path}, quiet())
	require.NoError(t, err)
	secret := []byte("a-mark-that-is-nowhere-else")
	person := ana
	person.Name = string(secret)
	add(t, s, person)
	require.NoError(t, s.Close())
	kept, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, bytes.Contains(kept, secret), "the test looks in the right place")

	s, err = Open(t.Context(), Config{Driver: "sqlite", DSN: path}, quiet())
	require.NoError(t, err)
	_, err = s.write.ExecContext(t.Context(), `DELETE FROM people`)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	kept, err = os.ReadFile(path)
	require.NoError(t, err)
	require.False(t, bytes.Contains(kept, secret), "deleted, and still in the file")
}

func TestOpenRefuses(t *testing.T) {
	cases := map[string]struct {
		cfg  Config
		want string
	}{
		"driver":    {Config{Driver: "mysql", DSN: "x"}, `driver "mysql" is not known: it must be sqlite or postgres`},
		"no dsn":    {Config{Driver: "sqlite"}, "no dsn given: sqlite wants the path of a file"},
		"a folder":  {Config{Driver: "sqlite", DSN: t.TempDir()}, "make the database file"},
		"bad url":   {Config{Driver: "postgres", DSN: "postgres://host:notaport/"}, "connect to the store"},
		"not a db":  {Config{Driver: "sqlite", DSN: junkFile(t)}, "not a database"},
		"no server": {Config{Driver: "postgres", DSN: "postgres://127.0.0.1:1/kinwire?sslmode=disable"}, "connect to the store"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, err := Open(t.Context(), c.cfg, quiet())
			require.ErrorContains(t, err, c.want)
			require.Nil(t, s)
		})
	}
}

func junkFile(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "junk.db")
	require.NoError(t, os.WriteFile(path, bytes.Repeat([]byte("junk "), 1000), 0o600))
	return path
}
