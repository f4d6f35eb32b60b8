package e2e

import (
	"database/sql"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"kinwire/client"
	"kinwire/e2e/kinwire"
	"kinwire/signaling/proto"
)

// TestNothingIsLeft: what waits lies in the database sealed, so that not even
// what the devices have encrypted is there as it is; once it is delivered there
// is no row, no file of an attachment, and no page of the database or of its
// write-ahead log left with it.
func TestNothingIsLeft(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{Set: merged(relayUnlimited, map[string]string{"relay.scrub_interval": "200ms"})})
	mia, leo := openDevice(t, s, "mia"), openDevice(t, s, "leo")
	id := converse(t, []*chatDevice{mia, leo})
	takeAll(t, leo, proto.DeliveryWelcome)
	takeAll(t, mia, proto.DeliveryCommit)
	state := leo.State()
	require.NoError(t, leo.Close())
	require.NoError(t, leo.session.Close())

	ciphertext, file := random(200), random(300_000)
	up, err := mia.api.Upload(t.Context(), id, file)
	require.NoError(t, err)
	const messages = 50
	for n := range messages {
		out := client.ChatOut{ConversationID: id, Body: client.Frame(mlsGroup(id), 1, ciphertext), Commitment: random(32)}
		if n == 0 {
			out.Attachments = []string{up.ID}
		}
		_, err := mia.Send(t.Context(), out)
		require.NoError(t, err)
	}

	require.Empty(t, huntFiles(t, s.Dir, needleOf("what the device encrypted", ciphertext)), "it waits sealed")
	sealed := waiting(t, s)
	require.Len(t, sealed, messages)
	require.Len(t, huntFiles(t, s.Dir, sealedNeedle(sealed[0])), 1, "as it was read by SQL it is in a file: the hunter works")
	require.Equal(t, 1, attachments(t, s))

	back := openAgain(t, s, "leo", state)
	for range messages {
		in := next(t, back)
		require.Equal(t, proto.DeliveryMessage, in.Kind)
		_, _, payload, err := client.Unframe(in.Body)
		require.NoError(t, err)
		require.Equal(t, ciphertext, payload)
		back.Done(in.Pos)
	}
	got, err := back.api.Download(t.Context(), up.ID)
	require.NoError(t, err)
	require.Equal(t, file, got)
	require.NoError(t, back.api.HaveAttachment(t.Context(), up.ID, state.DeviceID))

	require.Eventually(t, func() bool {
		return rows(t, s, "chat_queue")+rows(t, s, "chat_messages")+rows(t, s, "chat_attachments") == 0
	}, patience, 20*time.Millisecond, "rows are left")
	require.Eventually(t, func() bool { return attachments(t, s) == 0 }, patience, 20*time.Millisecond, "a file of an attachment is left")
	var needles []needle
	for _, body := range sealed {
		needles = append(needles, sealedNeedle(body))
	}
	var left []string
	require.Eventually(t, func() bool { left = huntFiles(t, s.Dir, needles...); return len(left) == 0 }, patience, 100*time.Millisecond, "pages are left: %v", left)
}

// sealedNeedle is a piece from the middle of a sealed body, small enough to lie
// on one page of the database.
func sealedNeedle(body []byte) needle {
	return needle{name: "a sealed body", forms: [][]byte{body[len(body)/2 : len(body)/2+32]}}
}

// query reads the server's database beside the server.
func query(t testing.TB, s *kinwire.Server, do func(db *sql.DB)) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Dir, "kinwire.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	do(db)
}

func waiting(t testing.TB, s *kinwire.Server) (bodies [][]byte) {
	t.Helper()
	query(t, s, func(db *sql.DB) {
		list, err := db.QueryContext(t.Context(), `SELECT body FROM chat_messages WHERE kind = 'message'`)
		require.NoError(t, err)
		defer func() { _ = list.Close() }()
		for list.Next() {
			var body []byte
			require.NoError(t, list.Scan(&body))
			bodies = append(bodies, body)
		}
		require.NoError(t, list.Err())
	})
	return bodies
}

func rows(t testing.TB, s *kinwire.Server, table string) (n int) {
	t.Helper()
	query(t, s, func(db *sql.DB) {
		require.NoError(t, db.QueryRowContext(t.Context(), `SELECT count(*) FROM `+table).Scan(&n))
	})
	return n
}

// attachments counts the files of attachments.
func attachments(t testing.TB, s *kinwire.Server) (n int) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(filepath.Join(s.Dir, "attachments"), func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			n++
		}
		return err
	}))
	return n
}

func next(t testing.TB, d *chatDevice) proto.ChatDelivery {
	t.Helper()
	in, err := d.Next(t.Context())
	require.NoError(t, err)
	return in
}

// takeAll takes one delivery, of that kind.
func takeAll(t testing.TB, d *chatDevice, kind proto.DeliveryKind) {
	t.Helper()
	in := next(t, d)
	require.Equal(t, kind, in.Kind)
	d.Done(in.Pos)
}
