package blobs_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/policy"
	"kinwire/signaling/proto"
	"kinwire/signaling/relay/blobs"
)

// take sends a message from Mia's first device as the relay does, with
// attachments.
func (h *house) take(conversation string, n int64, attachments ...string) error {
	taken, err := h.store.TakeChat(h.t.Context(), proto.ChatLoad{
		Send:   proto.ChatSend{ConversationID: conversation, N: n, Commitment: make([]byte, 32), Attachments: attachments},
		UserID: "mia", DeviceID: "mia-1", Generation: 1, Epoch: 1,
		At: h.now.UnixMilli(), ExpiresAt: h.now.Add(time.Hour).UnixMilli(), Size: 1, QueueMessages: 100, QueueBytes: 1000,
	}, func(int64) (sealed, tag []byte, err error) { return []byte("sealed"), []byte("tag"), nil })
	if err == nil {
		require.False(h.t, taken.Stale)
	}
	return err
}

// TestWithTheRealNeighbours: policy as it is, and a message taken as the relay
// takes it, which lets exactly those devices fetch that it goes to.
func TestWithTheRealNeighbours(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	now := func() time.Time { return h.now }
	s, err := blobs.New(h.store, h.bucket, now, h.cfg,
		blobs.Deps{Policy: policy.New(h.store, now, policy.Config{NoticeVersion: "2"}), Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	h.Service = s
	h.sql(`INSERT INTO people (id, name, avatar, role, family) VALUES ('pa', 'pa', '', 'parent', '')`)
	for _, child := range []string{"mia", "leo"} {
		h.sql(`INSERT INTO consents (id, guardian_id, child_id, method, state, notice_version, reference, requested_at, next_at, expires_at, decided_at, decided_by)
			VALUES ('cs_' || $1, 'pa', $1, 'email_plus', 'granted', '2', '', 0, 0, 0, 0, '')`, child)
		h.sql(`INSERT INTO consent_scopes (consent_id, scope, given, changed_at, changed_by) VALUES ('cs_' || $1, 'messages', 1, 0, ''), ('cs_' || $1, 'photos', 1, 0, '')`, child)
	}
	in := proto.AttachmentNew{ConversationID: "g_two", Size: 150}
	_, err = h.Begin(ctx, "mia", in)
	requireCode(t, proto.CodeNotFound, err, "strangers")
	h.sql(`INSERT INTO friendships (id, low_id, high_id, state, family, low_yes, high_yes, low_parent_yes, high_parent_yes,
			asked_by, via, declined_by, created_at, changed_at, expires_at, quiet_until, reminded_at)
		VALUES ('f_1', 'leo', 'mia', 'friends', 0, 1, 1, 'pa', 'pa', 'leo', '', '', 0, 0, 0, 0, 0)`)
	a := h.upload("g_two", 150)

	open := h.begin("g_two", 150)
	requireCode(t, proto.CodeWrongState, h.take("g_two", 1, a.ID, open.ID), "one of them is not whole")
	require.Zero(t, h.count(`SELECT count(*) FROM chat_queue`), "so nothing of the message is")
	require.NoError(t, h.take("g_two", 1, a.ID))
	require.NoError(t, h.take("g_two", 1, a.ID), "again is the same")
	requireCode(t, proto.CodeWrongState, h.take("g_two", 2, a.ID), "named before")
	require.Equal(t, 3, h.count(`SELECT count(*) FROM chat_grants WHERE device_id IN ('mia-2', 'leo-1', 'leo-2')`))
	require.Equal(t, 3, h.count(`SELECT count(*) FROM chat_grants`))
	require.NoError(t, h.fetch("leo", a.ID))
	require.NoError(t, h.fetch("mia", a.ID))
	requireCode(t, proto.CodeNotFound, h.fetch("zoe", a.ID))

	h.sql(`UPDATE consent_scopes SET given = 0 WHERE consent_id = 'cs_leo' AND scope = 'photos'`)
	requireCode(t, proto.CodeNeedsConsent, h.fetch("leo", a.ID))
	h.sql(`UPDATE consent_scopes SET given = 1`)
	require.NoError(t, h.fetch("leo", a.ID))
	h.sql(`INSERT INTO blocks (blocker_id, blocked_id, at) VALUES ('leo', 'mia', 0)`)
	h.sql(`UPDATE friendships SET state = 'ended'`)
	require.Error(t, h.fetch("leo", a.ID), "blocked")
	for person, device := range map[string]string{"leo": "leo-1", "mia": "mia-2"} {
		require.NoError(t, h.Done(ctx, person, a.ID, device))
	}
	require.NoError(t, h.Done(ctx, "leo", a.ID, "leo-2"), "giving up is always possible")
	require.NoError(t, h.Done(ctx, "mia", open.ID, "mia-1"))
	h.requireGone()
}
