package store

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// emptied runs dropQueued in a transaction.
func emptied(t *testing.T, s *Store, conversation string, devices ...string) (told []proto.ChatReceiver) {
	t.Helper()
	require.NoError(t, s.chatTx(t.Context(), func(tx *sql.Tx) (err error) {
		told, err = dropQueued(t.Context(), tx, conversation, devices, 50, farAway)
		return err
	}))
	return told
}

// notices reads those that wait for a device.
func notices(t *testing.T, s *Store, device string) (list []proto.ChatNotice) {
	t.Helper()
	queue, err := s.ChatQueue(t.Context(), device, 0, 1000, 1<<30)
	require.NoError(t, err)
	for _, q := range queue {
		if q.Kind != proto.DeliveryNotice {
			continue
		}
		var n proto.ChatNotice
		require.NoError(t, json.Unmarshal([]byte(q.Detail), &n))
		require.Empty(t, q.SenderID)
		require.Empty(t, q.Body)
		list = append(list, n)
	}
	return list
}

func testChatDropped(t *testing.T, s *Store) {
	p, q := openParlour(t, s, "g1", 2, "a", "b", "c"), openParlour(t, s, "g2", 1, "a", "b")
	p.send(t, s, "a-1", 1)
	p.send(t, s, "c-1", 1)
	q.send(t, s, "a-1", 2)
	p.send(t, s, "b-1", 1)

	require.Empty(t, emptied(t, s, "g1", "b-1", "nobody"), "the other device of b still has it coming")
	require.Equal(t, []int64{1}, waiting(t, s, "b-1"), "what is of other conversations stays")
	require.Equal(t, []int64{1, 2, 3}, waiting(t, s, "b-2"))
	tidy(t, s)
	out, err := s.TakeChat(t.Context(), p.load("a-1", 3), sealAs("x"))
	require.NoError(t, err)
	require.True(t, out.Stale, "what was checked before is checked again")
	require.Empty(t, emptied(t, s, "g1"))

	require.ElementsMatch(t, []proto.ChatReceiver{
		{DeviceID: "a-1", UserID: "a"}, {DeviceID: "a-2", UserID: "a"}, {DeviceID: "c-1", UserID: "c"}, {DeviceID: "c-2", UserID: "c"},
	}, emptied(t, s, "g1", "b-2"), "now it can reach b by no device")
	for device, seqs := range map[string][]int64{"a-1": {1}, "a-2": {1}, "c-1": {2}, "c-2": {2}} {
		require.Equal(t, []proto.ChatNotice{{Reason: proto.UndeliveredStopped, UserID: "b", Seqs: seqs}}, notices(t, s, device))
	}
	require.Empty(t, notices(t, s, "b-1"), "b sent to itself, too, and is not told of that")
	tidy(t, s)

	emptied(t, s, "g1", "a-1", "a-2", "b-1", "b-2", "c-1", "c-2")
	require.Len(t, notices(t, s, "a-1"), 2, "what it was told before, which was not dropped, and about c")
	require.Equal(t, []proto.ChatNotice{
		{Reason: proto.UndeliveredStopped, UserID: "a", Seqs: []int64{3}}, {Reason: proto.UndeliveredStopped, UserID: "c", Seqs: []int64{3}},
	}, notices(t, s, "b-1"))
	tidy(t, s)
}

func testChatDeviceForgotten(t *testing.T, s *Store) {
	ctx := t.Context()
	p := openParlour(t, s, "g", 2, "a", "b")
	p.send(t, s, "a-1", 1)
	_, err := s.AckChat(ctx, "a-2", 1, 0)
	require.NoError(t, err)
	forget := func(device string) {
		require.NoError(t, s.chatTx(ctx, func(tx *sql.Tx) error {
			if err := forgetQueued(ctx, tx, []string{device}); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, `DELETE FROM chat_devices WHERE id = $1`, device)
			return err
		}))
		tidy(t, s)
	}
	forget("b-1")
	require.Equal(t, []int64{1}, waiting(t, s, "b-2"))
	step, err := s.ExpireChat(ctx, farAway, farAway+1, 10)
	require.NoError(t, err)
	require.EqualValues(t, 1, step.Lost, "the only device that was left did not get it")
	forget("a-1")
	forget("a-2")
	forget("b-2")
	require.Empty(t, seqsOf(t, s, "g"), "what was for devices that are gone is gone")
}

func testChatExpired(t *testing.T, s *Store) {
	ctx := t.Context()
	p, q := openParlour(t, s, "g1", 2, "a", "b", "c"), openParlour(t, s, "g2", 1, "a", "b")
	in := p.load("a-1", 1)
	in.ExpiresAt = 5000
	_, err := s.TakeChat(ctx, in, sealAs("x"))
	require.NoError(t, err)
	in = q.load("a-1", 2)
	in.ExpiresAt = 5001
	_, err = s.TakeChat(ctx, in, sealAs("x"))
	require.NoError(t, err)
	p.send(t, s, "a-1", 3) // stays
	require.NoError(t, s.tx(ctx, func(tx *sql.Tx) error {
		seq, err := nextSeq(ctx, tx, "g1", 1)
		require.NoError(t, err)
		return enqueue(ctx, tx, outgoing{conversationID: "g1", kind: proto.DeliveryCommit, senderID: "a", expiresAt: 5000, size: 3}, seq, []string{"b-1", "c-1"})
	}))
	_, err = s.AckChat(ctx, "b-1", 1, 0) // b has it by one device
	require.NoError(t, err)

	step, err := s.ExpireChat(ctx, 4999, farAway, 10)
	require.NoError(t, err)
	require.Zero(t, step.Found)
	step, err = s.ExpireChat(ctx, 5000, farAway, 10)
	require.NoError(t, err)
	require.Equal(t, proto.ChatExpired{
		Found: 2, Lost: 1,
		Gone: map[proto.DeliveryKind]int64{proto.DeliveryMessage: 1, proto.DeliveryCommit: 1},
		Told: []proto.ChatReceiver{{DeviceID: "a-1", UserID: "a"}, {DeviceID: "a-2", UserID: "a"}},
	}, step)
	for _, device := range []string{"a-1", "a-2"} {
		require.Equal(t, []proto.ChatNotice{{Reason: proto.UndeliveredExpired, UserID: "c", Seqs: []int64{1}}}, notices(t, s, device))
	}
	require.Equal(t, []int64{2}, waiting(t, s, "c-1"))
	tidy(t, s)

	// Rows that a person took along, and a conversation that is gone.
	setUp(t, s, `DELETE FROM chat_conversations WHERE id = 'g2'`)
	setUp(t, s, `DELETE FROM people WHERE id = 'c'`)
	step, err = s.ExpireChat(ctx, farAway, farAway+1, 10)
	require.NoError(t, err)
	require.Equal(t, map[proto.DeliveryKind]int64{proto.DeliveryMessage: 2, proto.DeliveryNotice: 1}, step.Gone)
	require.EqualValues(t, 2, step.Lost)
	require.Len(t, notices(t, s, "a-1"), 1, "the notice before has expired, and nobody is told of that")
	require.Equal(t, 1, tally(t, s, `SELECT count(*) FROM chat_messages`))
}

func testChatScrub(t *testing.T, s *Store) { require.NoError(t, s.Scrub(t.Context())) }

// TestChatScrubbed looks for a body in the files, with the database open: what
// was acknowledged is in none of them after a scrub.
func TestChatScrubbed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kinwire.db")
	s := openFile(t, path)
	p := openParlour(t, s, "g", 1, "a", "b")
	mark := []byte("a-body-that-is-nowhere-else")
	_, err := s.TakeChat(t.Context(), p.load("a-1", 1), func(int64) ([]byte, []byte, error) {
		return bytes.Repeat(mark, 1000), mark, nil
	})
	require.NoError(t, err)
	found := func() (where []string) {
		for _, name := range []string{path, path + "-wal", path + "-shm"} {
			b, err := os.ReadFile(name)
			require.NoError(t, err)
			if bytes.Contains(b, mark) {
				where = append(where, filepath.Base(name))
			}
		}
		return where
	}
	require.Equal(t, []string{"kinwire.db-wal"}, found(), "the test looks in the right place")
	require.NoError(t, s.Scrub(t.Context()))
	require.Equal(t, []string{"kinwire.db"}, found())

	_, err = s.AckChat(t.Context(), "b-1", 1, 0)
	require.NoError(t, err)
	in := p.load("a-1", 2)
	in.Send.Settled = 1
	_, err = s.TakeChat(t.Context(), in, sealAs("x")) // which forgets the tag
	require.NoError(t, err)

	// A reader of the old state is in the way, and does not hold up writers.
	reader, err := s.read.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	require.NoError(t, reader.QueryRowContext(t.Context(), `SELECT count(*) FROM chat_queue`).Scan(new(int)))
	p.send(t, s, "a-1", 3)
	done, err := truncateWAL(t.Context(), s.write)
	require.NoError(t, err)
	require.False(t, done)
	var timeout int
	require.NoError(t, s.write.QueryRowContext(t.Context(), `PRAGMA busy_timeout`).Scan(&timeout))
	require.Equal(t, 5000, timeout, "the connection is as it was")
	require.NoError(t, reader.Rollback())
	require.NoError(t, s.Scrub(t.Context()))
	require.Empty(t, found())
	info, err := os.Stat(path + "-wal")
	require.NoError(t, err)
	require.Zero(t, info.Size())
}
