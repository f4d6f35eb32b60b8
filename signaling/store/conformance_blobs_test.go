package store

import (
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// testBlobs is the room of attachments.
func testBlobs(t *testing.T, s *Store) {
	someone(t, s, "child", "bl-me", "bl-you", "bl-her")
	for _, person := range []string{"bl-me", "bl-you", "bl-her"} {
		setUp(t, s, `INSERT INTO chat_devices (id, person_id, name, secret_hash, login_hash, signature_key, created_at, seen_at)
			VALUES ($1 || '-1', $1, '', '', '', $2, 0, 0), ($1 || '-2', $1, '', '', '', $2, 0, 0)`, person, []byte{})
	}
	t.Run("Upload", func(t *testing.T) { testAttachmentUpload(t, s) })
	t.Run("LastChunks", func(t *testing.T) { testAttachmentLastChunks(t, s) })
	t.Run("Quota", func(t *testing.T) { testAttachmentQuota(t, s) })
	t.Run("Grant", func(t *testing.T) { testAttachmentGrant(t, s) })
	t.Run("GrantRefused", func(t *testing.T) { testAttachmentGrantRefused(t, s) })
	t.Run("GrantAtOnce", func(t *testing.T) { testAttachmentGrantAtOnce(t, s) })
	t.Run("Drop", func(t *testing.T) { testAttachmentDrop(t, s) })
	t.Run("DropAtOnce", func(t *testing.T) { testAttachmentDropAtOnce(t, s) })
	t.Run("Sweep", func(t *testing.T) { testAttachmentSweep(t, s) })
	t.Run("Unknown", func(t *testing.T) { testAttachmentUnknown(t, s) })
	t.Run("Gone", func(t *testing.T) { testAttachmentGone(t, s) })
}

// conversation makes one with people and all their devices in it.
func conversation(t *testing.T, s *Store, id string, people ...string) {
	t.Helper()
	setUp(t, s, `INSERT INTO chat_conversations (id, kind, pair_low, pair_high, suite, generation, epoch, seq, group_info, committer, committed_id, created_by, created_at, last_at)
		VALUES ($1, 'group', '', '', 1, 1, 1, 0, $2, '', '', '', 0, 0)`, id, []byte{})
	for _, person := range people {
		setUp(t, s, `INSERT INTO chat_members (conversation_id, person_id, state, since) VALUES ($1, $2, 'in', 0)`, id, person)
		setUp(t, s, `INSERT INTO chat_leaves (conversation_id, device_id, state, since_epoch) SELECT $1, id, 'in', 1 FROM chat_devices WHERE person_id = $2`, id, person)
	}
}

var plenty = proto.AttachmentQuota{Bytes: 1 << 40, Count: 1 << 20}

func attachment(id, owner, conversation string) proto.AttachmentRow {
	return proto.AttachmentRow{ID: id, OwnerID: owner, ConversationID: conversation, Size: 25, ChunkBytes: 10, State: proto.AttachmentOpen,
		CreatedAt: toMillis(t0), ExpiresAt: toMillis(t0.Add(time.Hour))}
}

func begin(t *testing.T, s *Store, a proto.AttachmentRow) {
	t.Helper()
	_, added, err := s.AddAttachment(t.Context(), a, plenty)
	require.NoError(t, err)
	require.True(t, added)
}

func uploaded(t *testing.T, s *Store, a proto.AttachmentRow) {
	t.Helper()
	begin(t, s, a)
	for n, size := range []int64{10, 10, 5} {
		there, err := s.AddChunk(t.Context(), a.ID, int64(n), size)
		require.NoError(t, err)
		require.True(t, there)
	}
}

func grant(t *testing.T, s *Store, conversation, owner string, ids []string, devices ...string) error {
	t.Helper()
	return s.tx(t.Context(), func(tx *sql.Tx) error {
		return grantAttachments(t.Context(), tx, attachmentsOf{conversation, owner, 1 << 60}, ids, devices)
	})
}

func grantees(t *testing.T, s *Store, id string) []string {
	t.Helper()
	all, err := texts(s.read.QueryContext(t.Context(), `SELECT device_id FROM chat_grants WHERE attachment_id = $1 ORDER BY device_id`, id))
	require.NoError(t, err)
	return all
}

func look(t *testing.T, s *Store, id, person string) proto.AttachmentRow {
	t.Helper()
	a, found, err := s.Attachment(t.Context(), id, person)
	require.NoError(t, err)
	require.True(t, found)
	return a
}

func testAttachmentUpload(t *testing.T, s *Store) {
	ctx := t.Context()
	conversation(t, s, "bu", "bl-you", "bl-me")
	want := attachment("bu-1", "bl-me", "bu")
	begin(t, s, want)
	want.Members = []string{"bl-me", "bl-you"}
	require.Equal(t, want, look(t, s, "bu-1", "bl-me"))
	for _, chunk := range [][2]int64{{2, 5}, {2, 5}, {0, 10}} {
		there, err := s.AddChunk(ctx, "bu-1", chunk[0], chunk[1])
		require.NoError(t, err)
		require.True(t, there)
	}
	want.Have = []int64{0, 2}
	require.Equal(t, want, look(t, s, "bu-1", "bl-you"))
	_, err := s.AddChunk(ctx, "bu-1", 1, 10)
	require.NoError(t, err)
	want.Have, want.State = []int64{0, 1, 2}, proto.AttachmentDone
	require.Equal(t, want, look(t, s, "bu-1", "bl-me"))

	there, err := s.AddChunk(ctx, "bu-9", 0, 10)
	require.NoError(t, err)
	require.False(t, there)
	_, found, err := s.Attachment(ctx, "bu-9", "bl-me")
	require.NoError(t, err)
	require.False(t, found)
	people, err := s.ChatPeople(ctx, "bu-9")
	require.NoError(t, err)
	require.Empty(t, people)
	setUp(t, s, `UPDATE chat_members SET state = 'out' WHERE conversation_id = 'bu' AND person_id = 'bl-you'`)
	people, err = s.ChatPeople(ctx, "bu")
	require.NoError(t, err)
	require.Equal(t, []string{"bl-me"}, people)
}

func testAttachmentLastChunks(t *testing.T, s *Store) {
	conversation(t, s, "bc", "bl-me", "bl-you")
	for round := range 5 {
		a := attachment(fmt.Sprint("bc-", round), "bl-me", "bc")
		begin(t, s, a)
		var wg sync.WaitGroup
		errs := make(chan error, 6)
		for i := range cap(errs) {
			n := int64(i % 3)
			wg.Go(func() {
				_, err := s.AddChunk(t.Context(), a.ID, n, min(10, 25-10*n))
				errs <- err
			})
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			require.NoError(t, err)
		}
		require.Equal(t, proto.AttachmentDone, look(t, s, a.ID, "bl-me").State)
	}
}

func testAttachmentQuota(t *testing.T, s *Store) {
	ctx := t.Context()
	someone(t, s, "child", "bq-me")
	conversation(t, s, "bq", "bq-me", "bl-you")
	var wg sync.WaitGroup
	var mu sync.Mutex
	taken := 0
	for i := range 12 {
		wg.Go(func() {
			_, added, err := s.AddAttachment(ctx, attachment(fmt.Sprint("bq-", i), "bq-me", "bq"), proto.AttachmentQuota{Bytes: 99, Count: 100})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if added {
				taken++
			}
		})
	}
	wg.Wait()
	require.Equal(t, 3, taken)
	had, added, err := s.AddAttachment(ctx, attachment("bq-x", "bq-me", "bq"), proto.AttachmentQuota{Bytes: 100, Count: 3})
	require.NoError(t, err)
	require.False(t, added)
	require.Equal(t, proto.AttachmentQuota{Bytes: 75, Count: 3}, had)
	_, added, err = s.AddAttachment(ctx, attachment("bq-x", "bq-me", "bq"), proto.AttachmentQuota{Bytes: 100, Count: 4})
	require.NoError(t, err)
	require.True(t, added, "exactly")
}

func testAttachmentGrant(t *testing.T, s *Store) {
	conversation(t, s, "bg", "bl-me", "bl-you", "bl-her")
	for _, id := range []string{"bg-2", "bg-1"} {
		uploaded(t, s, attachment(id, "bl-me", "bg"))
	}
	require.NoError(t, grant(t, s, "bg", "bl-me", []string{"bg-2", "bg-1"}, "bl-you-1", "bl-you-2", "bl-me-2"))
	for _, id := range []string{"bg-1", "bg-2"} {
		require.Equal(t, []string{"bl-me-2", "bl-you-1", "bl-you-2"}, grantees(t, s, id))
		require.Equal(t, proto.AttachmentSent, look(t, s, id, "bl-me").State)
	}
	for person, want := range map[string]bool{"bl-me": true, "bl-you": true, "bl-her": false, "nobody": false} {
		require.Equal(t, want, look(t, s, "bg-1", person).Granted, person)
	}
	setUp(t, s, `UPDATE chat_leaves SET state = 'out' WHERE conversation_id = 'bg' AND device_id = 'bl-you-1'`)
	require.True(t, look(t, s, "bg-1", "bl-you").Granted, "the other device")
	setUp(t, s, `UPDATE chat_leaves SET state = 'out' WHERE conversation_id = 'bg' AND device_id = 'bl-you-2'`)
	require.False(t, look(t, s, "bg-1", "bl-you").Granted)
	setUp(t, s, `UPDATE chat_members SET state = 'out' WHERE conversation_id = 'bg' AND person_id = 'bl-me'`)
	require.False(t, look(t, s, "bg-1", "bl-me").Granted)
	require.NoError(t, grant(t, s, "bg", "bl-me", nil, "bl-you-1"), "none at all")
}

func testAttachmentGrantRefused(t *testing.T, s *Store) {
	conversation(t, s, "br", "bl-me", "bl-you")
	conversation(t, s, "br2", "bl-me", "bl-you")
	uploaded(t, s, attachment("br-good", "bl-me", "br"))
	uploaded(t, s, attachment("br-theirs", "bl-you", "br"))
	uploaded(t, s, attachment("br-elsewhere", "bl-me", "br2"))
	begin(t, s, attachment("br-open", "bl-me", "br"))
	uploaded(t, s, attachment("br-sent", "bl-me", "br"))
	require.NoError(t, grant(t, s, "br", "bl-me", []string{"br-sent"}, "bl-you-1"))
	for id, code := range map[string]proto.Code{
		"br-theirs": proto.CodeNotFound, "br-elsewhere": proto.CodeNotFound, "br-none": proto.CodeNotFound, "": proto.CodeNotFound,
		"br-open": proto.CodeWrongState, "br-sent": proto.CodeWrongState,
	} {
		var refusal *proto.Error
		require.ErrorAs(t, grant(t, s, "br", "bl-me", []string{"br-good", id}, "bl-you-2"), &refusal, id)
		require.Equal(t, code, refusal.Code, id)
		require.Empty(t, grantees(t, s, "br-good"), "all or nothing")
		require.Equal(t, proto.AttachmentDone, look(t, s, "br-good", "bl-me").State)
	}
	require.Equal(t, []string{"bl-you-1"}, grantees(t, s, "br-sent"))
}

// testAttachmentGrantAtOnce: of two messages that name it one does.
func testAttachmentGrantAtOnce(t *testing.T, s *Store) {
	conversation(t, s, "ba", "bl-me", "bl-you")
	for round := range 5 {
		one, two := fmt.Sprint("ba-a", round), fmt.Sprint("ba-b", round)
		uploaded(t, s, attachment(one, "bl-me", "ba"))
		uploaded(t, s, attachment(two, "bl-me", "ba"))
		var wg sync.WaitGroup
		errs := make(chan error, 6)
		for i := range cap(errs) {
			ids := []string{one, two}
			if i%2 == 0 {
				ids = []string{two, one}
			}
			wg.Go(func() { errs <- grant(t, s, "ba", "bl-me", ids, fmt.Sprint("bl-you-", 1+i%2)) })
		}
		wg.Wait()
		close(errs)
		took := 0
		for err := range errs {
			if err == nil {
				took++
				continue
			}
			var refusal *proto.Error
			require.ErrorAs(t, err, &refusal)
		}
		require.Equal(t, 1, took)
		require.Len(t, grantees(t, s, one), 1)
		require.Equal(t, grantees(t, s, one), grantees(t, s, two))
	}
}

func testAttachmentDrop(t *testing.T, s *Store) {
	ctx := t.Context()
	conversation(t, s, "bd", "bl-me", "bl-you", "bl-her")
	begin(t, s, attachment("bd-open", "bl-me", "bd"))
	uploaded(t, s, attachment("bd-done", "bl-me", "bd"))
	uploaded(t, s, attachment("bd-sent", "bl-me", "bd"))
	require.NoError(t, grant(t, s, "bd", "bl-me", []string{"bd-sent"}, "bl-you-1", "bl-me-2", "bl-her-1"))
	for _, step := range []struct {
		id, person, device string
		dropped, gone      bool
	}{
		{"bd-none", "bl-me", "bl-me-1", false, false},
		{"bd-open", "bl-you", "bl-you-1", false, false},
		{"bd-open", "bl-me", "", true, true},
		{"bd-open", "bl-me", "", false, false},
		{"bd-done", "bl-you", "bl-me-1", false, false},
		{"bd-done", "bl-me", "bl-me-1", true, true},
		{"bd-sent", "bl-me", "bl-me-1", false, false},
		{"bd-sent", "bl-me", "bl-you-1", false, false},
		{"bd-sent", "bl-you", "bl-you-2", false, false},
		{"bd-sent", "bl-you", "bl-her-1", false, false},
		{"bd-sent", "bl-you", "bl-you-1", true, false},
		{"bd-sent", "bl-you", "bl-you-1", false, false},
		{"bd-sent", "bl-me", "bl-me-2", true, false},
		{"bd-sent", "bl-her", "bl-her-1", true, true},
		{"bd-sent", "bl-her", "bl-her-1", false, false},
	} {
		dropped, gone, err := s.DropAttachment(ctx, step.id, step.person, step.device)
		require.NoError(t, err)
		require.Equal(t, []bool{step.dropped, step.gone}, []bool{dropped, gone}, step)
	}
	var left int
	require.NoError(t, s.read.QueryRowContext(ctx, `SELECT count(*) FROM chat_chunks WHERE attachment_id LIKE 'bd-%'`).Scan(&left))
	require.Zero(t, left)
}

func testAttachmentDropAtOnce(t *testing.T, s *Store) {
	conversation(t, s, "bx", "bl-me", "bl-you", "bl-her")
	for round := range 5 {
		id := fmt.Sprint("bx-", round)
		uploaded(t, s, attachment(id, "bl-me", "bx"))
		devices := map[string]string{"bl-you-1": "bl-you", "bl-you-2": "bl-you", "bl-her-1": "bl-her", "bl-me-2": "bl-me"}
		require.NoError(t, grant(t, s, "bx", "bl-me", []string{id}, "bl-you-1", "bl-you-2", "bl-her-1", "bl-me-2"))
		var wg sync.WaitGroup
		var mu sync.Mutex
		last := 0
		for device, person := range devices {
			wg.Go(func() {
				dropped, gone, err := s.DropAttachment(t.Context(), id, person, device)
				mu.Lock()
				defer mu.Unlock()
				if err != nil || !dropped {
					t.Errorf("%v, %v", dropped, err)
				}
				if gone {
					last++
				}
			})
		}
		wg.Wait()
		require.Equal(t, 1, last)
	}
}

func testAttachmentSweep(t *testing.T, s *Store) {
	ctx := t.Context()
	setUp(t, s, `DELETE FROM chat_attachments`)
	conversation(t, s, "bs", "bl-me", "bl-you", "bl-her")
	for _, id := range []string{"bs-1", "bs-2", "bs-3", "bs-4"} {
		uploaded(t, s, attachment(id, "bl-me", "bs"))
	}
	begin(t, s, attachment("bs-open", "bl-me", "bs"))
	uploaded(t, s, attachment("bs-done", "bl-me", "bs"))
	require.NoError(t, grant(t, s, "bs", "bl-me", []string{"bs-1", "bs-2", "bs-3"}, "bl-you-1", "bl-me-2"))
	require.NoError(t, grant(t, s, "bs", "bl-me", []string{"bs-4"}, "bl-you-1"))
	sweep := func(now, unsent time.Time, limit int) proto.AttachmentsSwept {
		swept, err := s.SweepAttachments(ctx, now, unsent, limit)
		require.NoError(t, err)
		return swept
	}
	require.Equal(t, proto.AttachmentsSwept{}, sweep(t0, t0.Add(-time.Millisecond), 10))
	require.Equal(t, proto.AttachmentsSwept{Unsent: []string{"bs-done", "bs-open"}}, sweep(t0, t0, 10))
	setUp(t, s, `UPDATE chat_leaves SET state = 'out' WHERE conversation_id = 'bs' AND device_id = 'bl-you-1'`)
	require.Equal(t, proto.AttachmentsSwept{Abandoned: []string{"bs-4"}}, sweep(t0, t0, 10))
	require.Equal(t, []string{"bl-me-2"}, grantees(t, s, "bs-1"))
	end := t0.Add(time.Hour)
	require.Equal(t, proto.AttachmentsSwept{}, sweep(end.Add(-time.Millisecond), t0, 10))
	require.Equal(t, proto.AttachmentsSwept{Expired: []string{"bs-1", "bs-2"}}, sweep(end, t0, 2))
	require.Equal(t, proto.AttachmentsSwept{Expired: []string{"bs-3"}}, sweep(end, t0, 2))
	for _, table := range []string{"chat_attachments", "chat_chunks", "chat_grants"} {
		var left int
		require.NoError(t, s.read.QueryRowContext(ctx, `SELECT count(*) FROM `+table).Scan(&left))
		require.Zero(t, left, table)
	}
}

func testAttachmentUnknown(t *testing.T, s *Store) {
	conversation(t, s, "bk", "bl-me", "bl-you")
	begin(t, s, attachment("bk-1", "bl-me", "bk"))
	unknown, err := s.UnknownAttachments(t.Context(), []string{"bk-2", "bk-1", "bk-3"})
	require.NoError(t, err)
	require.Equal(t, []string{"bk-2", "bk-3"}, unknown)
	unknown, err = s.UnknownAttachments(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, unknown)
}

func testAttachmentGone(t *testing.T, s *Store) {
	someone(t, s, "child", "bz-me")
	conversation(t, s, "bz", "bz-me", "bl-you")
	uploaded(t, s, attachment("bz-1", "bz-me", "bz"))
	require.NoError(t, grant(t, s, "bz", "bz-me", []string{"bz-1"}, "bl-you-1"))
	setUp(t, s, `DELETE FROM people WHERE id = 'bz-me'`)
	_, found, err := s.Attachment(t.Context(), "bz-1", "bl-you")
	require.NoError(t, err)
	require.False(t, found)
	require.Empty(t, grantees(t, s, "bz-1"))
}
