package main

import (
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/reseal"
	"kinwire/signaling/relay/seal"
	"kinwire/signaling/store"
)

// TestRelayKeys: a fresh key is put first; the old one goes only when the
// server has had the time to take the fresh one up, and nothing needs the old
// one any more.
func TestRelayKeys(t *testing.T) {
	dir := t.TempDir()
	file, dsn := filepath.Join(dir, "relay-keys"), filepath.Join(dir, "kinwire.db")
	require.NoError(t, seal.NewFile(file, time.Now()))
	ring, err := seal.Open(t.Context(), seal.File(file))
	require.NoError(t, err)
	st, err := store.Open(t.Context(), store.Config{Driver: "sqlite", DSN: dsn}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer func() { require.NoError(t, st.Close()) }()
	sealed, err := ring.Seal(proto.GroupInfoPlace("g_1", 1, 1), []byte("info"))
	require.NoError(t, err)
	db, err := sql.Open("sqlite", dsn)
	require.NoError(t, err)
	_, err = db.Exec(`INSERT INTO chat_conversations (id, kind, pair_low, pair_high, suite, generation, epoch, seq, group_info, committer, committed_id, created_by, created_at, last_at)
		VALUES ('g_1', 'group', '', '', 1, 1, 1, 1, $1, '', '', '', 0, 0)`, sealed)
	require.NoError(t, err)
	require.NoError(t, db.Close())

	code, stdout, stderr := kinwire(t, "relay", "rotate-key", "--data_dir", dir)
	require.Equal(t, exitOK, code, stderr)
	require.NoError(t, ring.Reload(t.Context()))
	require.Equal(t, "the key is "+ring.Sealing()+"; a running server takes it up within 1m0s\n", stdout)

	drop := func() (int, string, string) { return kinwire(t, "relay", "drop-keys", "--data_dir", dir) }
	code, _, stderr = drop()
	require.Equal(t, exitFailure, code)
	require.Contains(t, stderr, "a running server may not have read them")
	require.NoError(t, os.Chtimes(file, time.Now(), time.Now().Add(-time.Hour)))
	code, _, stderr = drop()
	require.Equal(t, exitFailure, code)
	require.Contains(t, stderr, "older keys are still needed by 1 texts")

	done, err := reseal.New(st, ring, nil).All(t.Context())
	require.NoError(t, err)
	require.Equal(t, reseal.Done{Resealed: 1}, done)
	code, stdout, stderr = drop()
	require.Equal(t, exitOK, code, stderr)
	require.Equal(t, "1 old keys are gone; "+ring.Sealing()+" is left\n", stdout)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(text), "\n"))

	code, _, stderr = kinwire(t, "relay", "rotate-key", "--data_dir", dir, "--relay.keys.command", "kms,print")
	require.Equal(t, exitFailure, code)
	require.Contains(t, stderr, "relay.keys.command prints the keys")
}
