package blobs_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/blobs"
)

func (h *house) sweep(orphans bool) blobs.Swept {
	h.t.Helper()
	swept, err := h.Sweep(h.t.Context(), orphans)
	require.NoError(h.t, err)
	return swept
}

// TestFifteenDaysLater: all that was not fetched is gone, and counted.
func TestFifteenDaysLater(t *testing.T) {
	h := newHouse(t)
	h.cfg.PerPerson, h.cfg.PerPersonCount = 1<<20, 100
	h.Service = h.again()
	begun := h.now
	sent := []proto.Attachment{}
	for range 3 {
		a := h.upload("g_two", 250)
		h.send(a, "leo-1", "leo-2")
		sent = append(sent, a)
	}
	h.begin("g_two", 100)
	h.upload("g_two", 100)
	require.Equal(t, blobs.Swept{}, h.sweep(true))
	require.Empty(t, h.logged())

	h.now = begun.Add(72*time.Hour - time.Millisecond)
	require.Equal(t, blobs.Swept{}, h.sweep(true))
	h.now = begun.Add(72 * time.Hour)
	require.Equal(t, blobs.Swept{Unsent: 2}, h.sweep(true))

	require.NoError(t, h.Done(t.Context(), "leo", sent[0].ID, "leo-1"))
	h.now = begun.Add(360*time.Hour - time.Millisecond)
	require.NoError(t, h.fetch("leo", sent[0].ID))
	require.Equal(t, blobs.Swept{}, h.sweep(true))
	h.logged()
	h.now = begun.Add(360 * time.Hour)
	requireCode(t, proto.CodeNotFound, h.fetch("leo", sent[0].ID), "before the sweep, too")
	require.Equal(t, blobs.Swept{Expired: 3}, h.sweep(false))
	h.requireGone()
	lines := h.logged()
	require.Len(t, lines, 1)
	for key, want := range map[string]any{"msg": "old attachments deleted", "unsent": 0.0, "expired": 3.0, "abandoned": 0.0, "orphans": 0.0} {
		require.Equal(t, want, lines[0][key], key)
	}
}

// TestNobodyLeftToFetch: grants of those who are out are worth nothing.
func TestNobodyLeftToFetch(t *testing.T) {
	h := newHouse(t)
	a, b := h.upload("g_all", 250), h.upload("g_all", 250)
	h.send(a, "leo-1", "zoe-1")
	h.send(b, "leo-1")
	h.sql(`UPDATE chat_leaves SET state = 'out' WHERE device_id = 'leo-1'`)
	require.Equal(t, blobs.Swept{Abandoned: 1}, h.sweep(false))
	require.NoError(t, h.fetch("zoe", a.ID))
	h.sql(`DELETE FROM chat_devices WHERE id = 'zoe-1'`)
	require.Equal(t, blobs.Swept{Abandoned: 1}, h.sweep(false))
	h.requireGone()
}

// TestOrphans: bytes without a row, and nothing else, whatever is in the
// directory.
func TestOrphans(t *testing.T) {
	h := newHouse(t)
	kept := h.upload("g_two", 250)
	h.upload("g_two", 250)
	h.sql(`DELETE FROM chat_attachments WHERE id <> $1`, kept.ID) // a server that stopped just then
	put(t, h.bucket, anID(5), 0, "x")
	require.NoError(t, os.Mkdir(filepath.Join(h.path, "lost+found"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(h.path, anID(6)), nil, 0o600))
	require.Equal(t, blobs.Swept{}, h.sweep(false))
	require.Equal(t, blobs.Swept{Orphans: 2}, h.sweep(true))
	require.NoError(t, h.fetch("mia", kept.ID))
	require.Contains(t, h.files(), "lost+found")
	require.Contains(t, h.files(), anID(6))
}

// TestTheAccountGoes, and with it what it has uploaded.
func TestTheAccountGoes(t *testing.T) {
	h := newHouse(t)
	a := h.upload("g_two", 250)
	h.send(a, "leo-1")
	h.sql(`DELETE FROM people WHERE id = 'mia'`)
	requireCode(t, proto.CodeNotFound, h.fetch("leo", a.ID))
	require.Equal(t, blobs.Swept{Orphans: 1}, h.sweep(true))
	h.requireGone()
}

// TestManyAtOnce: more than a batch.
func TestManyAtOnce(t *testing.T) {
	h := newHouse(t)
	h.sql(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1203)
		INSERT INTO chat_attachments (id, owner_id, conversation_id, size, chunk_bytes, state, created_at, expires_at)
		SELECT 'a_' || i, 'mia', 'g_two', 1, 1, 'sent', 0, 1 FROM n`)
	for i := range 600 {
		require.NoError(t, os.Mkdir(filepath.Join(h.path, anID(i)), 0o700))
	}
	require.Equal(t, blobs.Swept{Expired: 1203, Orphans: 600}, h.sweep(true))
	h.requireGone()
}

func TestSweepFails(t *testing.T) {
	h := newHouse(t)
	put(t, h.bucket, anID(5), 0, "x")
	h.bucket.err = errors.New("the disk is away")
	require.Equal(t, blobs.Swept{}, h.sweep(true), "what could not be deleted is not counted")
	h.bucket.err = nil
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := h.Sweep(ctx, true)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, blobs.Swept{Orphans: 1}, h.sweep(true))
}

// TestRun sweeps at once, orphans too, and ends with its context.
func TestRun(t *testing.T) {
	h := newHouse(t)
	put(t, h.bucket, anID(5), 0, "x")
	h.cfg.SweepEvery = time.Millisecond
	s := h.again()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Run(ctx)
	}()
	require.Eventually(t, func() bool { return len(h.files()) == 0 }, 10*time.Second, 5*time.Millisecond)
	h.sql(`INSERT INTO chat_attachments (id, owner_id, conversation_id, size, chunk_bytes, state, created_at, expires_at)
		VALUES ('a_1', 'mia', 'g_two', 1, 1, 'sent', 0, 1)`)
	require.Eventually(t, func() bool { return h.count(`SELECT count(*) FROM chat_attachments`) == 0 }, 10*time.Second, 5*time.Millisecond)
	cancel()
	<-ended
}
