package main

import (
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
	"kinwire/signaling/store"
)

// loggedDecisions makes a data folder with three entries in its audit log and
// returns it with the last hash.
func loggedDecisions(t *testing.T) (dir, hash string) {
	t.Helper()
	dir = t.TempDir()
	s, err := store.Open(t.Context(), store.Config{Driver: "sqlite", DSN: filepath.Join(dir, "kinwire.db")}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, s.Audit(t.Context(), proto.AuditEntry{At: 1, Actor: "system", Action: "consent.expired", Subject: "cs_1"}))
	}
	_, hash, err = s.AuditHead(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.Close())
	return dir, hash
}

func tamper(t *testing.T, dir string, queries ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "kinwire.db"))
	require.NoError(t, err)
	for _, query := range queries {
		_, err := db.Exec(query)
		require.NoError(t, err)
	}
	require.NoError(t, db.Close())
}

func TestAuditVerify(t *testing.T) {
	dir, hash := loggedDecisions(t)
	code, stdout, stderr := kinwire(t, "audit", "verify", "--data_dir", dir)
	require.Equal(t, exitOK, code, stderr)
	require.Equal(t, "entries: 3\nlast seq: 3\nlast hash: "+hash+"\nit holds\n", stdout)

	code, _, stderr = kinwire(t, "audit", "verify", "--data_dir", dir, "--since", strings.ToUpper(hash))
	require.Equal(t, exitOK, code, stderr)
	other := strings.Repeat("0", 64)
	code, _, stderr = kinwire(t, "audit", "verify", "--data_dir", dir, "--since", hash, "--since", other)
	require.Equal(t, exitFailure, code)
	require.Contains(t, stderr, other+" is in no entry")
	require.NotContains(t, stderr, hash)

	// Cut off, with everything set so that the rest holds by itself.
	tamper(t, dir, `DELETE FROM audit_log WHERE seq = 3`,
		`UPDATE audit_head SET seq = 2, hash = (SELECT hash FROM audit_log WHERE seq = 2)`)
	code, _, _ = kinwire(t, "audit", "verify", "--data_dir", dir)
	require.Equal(t, exitOK, code)
	code, _, stderr = kinwire(t, "audit", "verify", "--data_dir", dir, "--since", hash)
	require.Equal(t, exitFailure, code)
	require.Contains(t, stderr, "cut off")
}

func TestAuditVerifyFinds(t *testing.T) {
	dir, _ := loggedDecisions(t)
	tamper(t, dir, `UPDATE audit_log SET subject = 'cs_2' WHERE seq = 2`)
	code, stdout, stderr := kinwire(t, "audit", "verify", "--data_dir", dir)
	require.Equal(t, exitFailure, code)
	require.Contains(t, stderr, "does not hold at entry 2")
	require.Contains(t, stdout, "entries: 1\n")
}

func TestAuditVerifyRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"audit verify --data_dir " + dir, exitFailure, "there is no database at " + dir},
		{"audit verify --since abc", exitUsage, "64 hexadecimal digits"},
		{"audit verify now", exitUsage, "Try 'kinwire audit verify --help'"},
		{"audit verify --sfu.udp_port x", exitUsage, "sfu.udp_port"},
	} {
		code, _, stderr := kinwire(t, strings.Fields(c.args)...)
		require.Equal(t, c.code, code, c.args)
		require.Contains(t, stderr, c.says)
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left, "a look at nothing makes nothing")
}
