package blobs_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/blobs"
	"kinwire/signaling/store"
	"kinwire/signaling/store/storetest"
)

// house is the service on a real store and a directory, with a clock that the
// test moves.
//
// Mia (two devices) and Leo (two) have a conversation of their own, g_two. Zoe
// (one) is with them in a group, g_all. Ivo is in g_ivo, with Leo, and nowhere
// with Mia.
type house struct {
	*blobs.Service
	t      testing.TB
	store  *store.Store
	db     *sql.DB // a second way into the same file
	path   string  // of the blobs
	bucket *fragile
	now    time.Time
	cfg    blobs.Config

	mu     sync.Mutex
	apart  map[string]bool // "a b": may not write to each other
	camera map[string]bool // false: may not attach
	log    bytes.Buffer
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{
		t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), path: filepath.Join(t.TempDir(), "blobs"),
		apart: map[string]bool{}, camera: map[string]bool{},
		cfg: blobs.Config{MaxSize: 1000, ChunkBytes: 100, PerPerson: 2500, PerPersonCount: 5, Retention: 360 * time.Hour, Unsent: 72 * time.Hour},
	}
	file := filepath.Join(t.TempDir(), "kinwire.db")
	var err error
	h.store, err = storetest.Open(t, file, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.store.Close()) })
	h.db, err = sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)&_pragma=synchronous(0)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.db.Close()) })
	dir, err := blobs.NewDir(h.path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, dir.Close()) })
	h.bucket = &fragile{Bucket: dir}
	for _, person := range []string{"mia", "leo", "zoe", "ivo"} {
		h.sql(`INSERT INTO people (id, name, avatar, role, family) VALUES ($1, $1, '🦊', 'child', '')`, person)
		h.camera[person] = true
	}
	for id, people := range map[string][]string{"g_two": {"mia", "leo"}, "g_all": {"mia", "leo", "zoe"}, "g_ivo": {"ivo", "leo"}, "g_alone": {"mia"}} {
		h.sql(`INSERT INTO chat_conversations (id, kind, pair_low, pair_high, suite, generation, epoch, seq, group_info, committer, committed_id, created_by, created_at, last_at)
			VALUES ($1, 'group', '', '', 1, 1, 1, 0, x'', '', '', '', 0, 0)`, id)
		for _, person := range people {
			h.sql(`INSERT INTO chat_members (conversation_id, person_id, state, since) VALUES ($1, $2, 'in', 0)`, id, person)
			for _, device := range devices[person] {
				h.sql(`INSERT INTO chat_devices (id, person_id, name, secret_hash, login_hash, signature_key, created_at, seen_at)
					VALUES ($1, $2, '', '', '', x'', 0, 0) ON CONFLICT DO NOTHING`, device, person)
				h.sql(`INSERT INTO chat_leaves (conversation_id, device_id, state, since_epoch) VALUES ($1, $2, 'in', 1)`, id, device)
			}
		}
	}
	h.Service = h.again()
	return h
}

var devices = map[string][]string{"mia": {"mia-1", "mia-2"}, "leo": {"leo-1", "leo-2"}, "zoe": {"zoe-1"}, "ivo": {"ivo-1"}}

// again is the service after a restart.
func (h *house) again() *blobs.Service {
	s, err := blobs.New(h.store, h.bucket, func() time.Time { return h.now }, h.cfg, blobs.Deps{Policy: h, Log: slog.New(slog.NewJSONHandler(&h.log, nil))})
	require.NoError(h.t, err)
	return s
}

func (h *house) sql(query string, args ...any) {
	h.t.Helper()
	_, err := h.db.Exec(query, args...)
	require.NoError(h.t, err)
}

func (h *house) count(query string, args ...any) (n int) {
	h.t.Helper()
	require.NoError(h.t, h.db.QueryRow(query, args...).Scan(&n))
	return n
}

// Correspond and Attach are the policy.
func (h *house) Correspond(_ context.Context, asker string, ids []string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Contains(ids, asker) {
		return errors.New("the asker is one of them")
	}
	for _, a := range ids {
		for _, b := range ids {
			if h.apart[a+" "+b] {
				return &proto.Error{Code: proto.CodeNotApproved, Message: "not friends"}
			}
		}
	}
	return nil
}

func (h *house) Attach(_ context.Context, ids []string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range ids {
		if !h.camera[id] {
			return &proto.Error{Code: proto.CodeNeedsConsent, Message: "no photos"}
		}
	}
	return nil
}

// fragile is a bucket whose operations a test can have fail, or be seen.
type fragile struct {
	blobs.Bucket
	onPut func()
	err   error
}

func (f *fragile) Put(ctx context.Context, id string, n int64, chunk []byte) error {
	if f.onPut != nil {
		f.onPut()
	}
	if f.err != nil {
		return f.err
	}
	return f.Bucket.Put(ctx, id, n, chunk)
}

func (f *fragile) Get(ctx context.Context, id string, n int64) ([]byte, error) {
	if f.err != nil {
		return nil, f.err
	}
	return f.Bucket.Get(ctx, id, n)
}

func (f *fragile) Delete(ctx context.Context, id string) error {
	if f.err != nil {
		return f.err
	}
	return f.Bucket.Delete(ctx, id)
}

// begin has Mia begin an upload.
func (h *house) begin(conversation string, size int64) proto.Attachment {
	h.t.Helper()
	a, err := h.Begin(h.t.Context(), "mia", proto.AttachmentNew{ConversationID: conversation, Size: size})
	require.NoError(h.t, err)
	return a
}

// bytesOf are the bytes of chunk n of a.
func bytesOf(a proto.Attachment, n int64) []byte {
	return bytes.Repeat([]byte(fmt.Sprint(n%10)), int(min(a.ChunkBytes, a.Size-n*a.ChunkBytes)))
}

func chunksOf(a proto.Attachment) int64 { return (a.Size + a.ChunkBytes - 1) / a.ChunkBytes }

// upload has Mia upload all of an attachment.
func (h *house) upload(conversation string, size int64) proto.Attachment {
	h.t.Helper()
	a := h.begin(conversation, size)
	for n := range chunksOf(a) {
		require.NoError(h.t, h.PutChunk(h.t.Context(), "mia", a.ID, fmt.Sprint(n), bytesOf(a, n)))
	}
	return a
}

// send is what a message that names the attachment brings about.
func (h *house) send(a proto.Attachment, to ...string) {
	h.t.Helper()
	h.sql(`UPDATE chat_attachments SET state = 'sent' WHERE id = $1 AND state = 'done'`, a.ID)
	require.Equal(h.t, 1, h.count(`SELECT count(*) FROM chat_attachments WHERE id = $1 AND state = 'sent'`, a.ID))
	for _, device := range to {
		h.sql(`INSERT INTO chat_grants (attachment_id, device_id) VALUES ($1, $2)`, a.ID, device)
	}
}

// fetch fetches all of an attachment.
func (h *house) fetch(person, id string) error {
	a, err := h.Get(h.t.Context(), person, id)
	if err != nil {
		return err
	}
	require.Len(h.t, a.Have, int(chunksOf(a)))
	for n := range chunksOf(a) {
		chunk, err := h.Chunk(h.t.Context(), person, id, fmt.Sprint(n))
		if err != nil {
			return err
		}
		require.Equal(h.t, bytesOf(a, n), chunk)
	}
	return nil
}

// files are the names of all files under the directory.
func (h *house) files() []string {
	h.t.Helper()
	all := []string{}
	require.NoError(h.t, filepath.WalkDir(h.path, func(name string, e os.DirEntry, err error) error {
		if name != h.path {
			all = append(all, strings.TrimPrefix(name, h.path+"/"))
		}
		return err
	}))
	return all
}

// requireGone: of no attachment there is anything left, in rows and bytes.
func (h *house) requireGone() {
	h.t.Helper()
	for _, table := range []string{"chat_attachments", "chat_chunks", "chat_grants"} {
		require.Zero(h.t, h.count(`SELECT count(*) FROM `+table), table)
	}
	require.Empty(h.t, h.files())
}

// logged returns what the service has logged, and forgets it.
func (h *house) logged() (lines []map[string]any) {
	h.t.Helper()
	for line := range strings.Lines(h.log.String()) {
		var one map[string]any
		require.NoError(h.t, json.Unmarshal([]byte(line), &one))
		lines = append(lines, one)
	}
	h.log.Reset()
	return lines
}

func requireCode(t testing.TB, code proto.Code, err error, msg ...any) {
	t.Helper()
	var refusal *proto.Error
	require.ErrorAs(t, err, &refusal, msg...)
	require.Equal(t, code, refusal.Code, refusal.Message)
}

func requireFault(t testing.TB, err error) {
	t.Helper()
	require.Error(t, err)
	var refusal *proto.Error
	require.False(t, errors.As(err, &refusal), "a fault of the server is nothing that the client did: %v", err)
}
