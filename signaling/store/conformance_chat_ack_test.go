package store

import (
	"database/sql"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func testChatAcked(t *testing.T, s *Store) {
	ctx := t.Context()
	p, q := openParlour(t, s, "g1", 2, "a", "b"), openParlour(t, s, "g2", 1, "b", "c")
	p.send(t, s, "a-1", 1)
	p.send(t, s, "a-2", 1)
	q.send(t, s, "c-1", 1)
	p.send(t, s, "b-2", 1) // of the very person
	p.send(t, s, "a-1", 2)

	for _, c := range []struct {
		pos  int64
		want proto.ChatAcked
	}{
		{0, proto.ChatAcked{Known: true, Next: 6}},
		{2, proto.ChatAcked{Known: true, Next: 6, Count: 2, Marks: []proto.ChatMark{{ConversationID: "g1", Seq: 2, Senders: []string{"a"}}}}},
		{2, proto.ChatAcked{Known: true, Next: 6}},
		{6, proto.ChatAcked{Known: true, Next: 6}}, // of no delivery yet
		{5, proto.ChatAcked{Known: true, Next: 6, Count: 3, Marks: []proto.ChatMark{
			{ConversationID: "g1", Seq: 4, Senders: []string{"a"}}, {ConversationID: "g2", Seq: 1, Senders: []string{"c"}},
		}}},
	} {
		got, err := s.AckChat(ctx, "b-1", c.pos, 0)
		require.NoError(t, err)
		require.Equal(t, c.want, got)
		tidy(t, s)
	}
	require.Equal(t, 1, tally(t, s, `SELECT count(*) FROM chat_members WHERE conversation_id = 'g1' AND person_id = 'b' AND delivered_seq = 4`))

	got, err := s.AckChat(ctx, "b-2", 3, 0)
	require.NoError(t, err)
	require.Equal(t, proto.ChatAcked{Known: true, Next: 4, Count: 3}, got, "another device was faster")
	require.Equal(t, []int64{1, 2, 3, 4}, seqsOf(t, s, "g1"), "the sender's own second device waits")
	require.Empty(t, seqsOf(t, s, "g2"), "gone with the last of those for whom it was")
	for _, id := range []string{"a-1", "a-2"} {
		got, err := s.AckChat(ctx, id, 2, 0)
		require.NoError(t, err)
		require.EqualValues(t, 2, got.Count)
	}
	require.Equal(t, []int64{4}, seqsOf(t, s, "g1"))
	got, err = s.AckChat(ctx, "nobody", 1, 0)
	require.NoError(t, err)
	require.False(t, got.Known)
	tidy(t, s)
}

func seqsOf(t testing.TB, s *Store, conversation string) (seqs []int64) {
	t.Helper()
	rows, err := s.write.QueryContext(t.Context(), `SELECT seq FROM chat_messages WHERE conversation_id = $1 ORDER BY seq`, conversation)
	seqs, err = collect(rows, err, func(row scanner) (n int64, err error) { return n, row.Scan(&n) })
	require.NoError(t, err)
	return seqs
}

func testChatAckedInSteps(t *testing.T, s *Store) {
	ctx := t.Context()
	p := openParlour(t, s, "g", 1, "a", "b")
	const n = 2*ackStep + 3
	require.NoError(t, s.tx(ctx, func(tx *sql.Tx) error {
		m := outgoing{conversationID: "g", kind: proto.DeliveryMessage, senderID: "a", deviceID: "a-1", expiresAt: farAway, size: 1}
		first, err := nextSeq(ctx, tx, "g", n)
		require.NoError(t, err)
		require.EqualValues(t, 1, first)
		for i := range int64(n) {
			require.NoError(t, enqueue(ctx, tx, m, first+i, []string{"b-1", "b-1", "gone"}))
		}
		return nil
	}))
	require.Len(t, waiting(t, s, "b-1"), n)
	tidy(t, s)
	out, err := s.AckChat(ctx, "b-1", n, seenEvery+1)
	require.NoError(t, err)
	require.EqualValues(t, n, out.Count)
	require.EqualValues(t, n, out.Marks[len(out.Marks)-1].Seq)
	require.Equal(t, 1, tally(t, s, `SELECT count(*) FROM chat_devices WHERE seen_at > 0`))
	require.Empty(t, seqsOf(t, s, "g"))
	require.EqualValues(t, n+1, p.send(t, s, "a-1", 1).Sent.Seq)
	tidy(t, s)
}

// testChatAtOnce has everybody send and acknowledge at once, in conversations
// that share devices, while one is emptied and another expires.
func testChatAtOnce(t *testing.T, s *Store) {
	ctx := t.Context()
	all := []parlour{openParlour(t, s, "g1", 2, "a", "b"), openParlour(t, s, "g2", 2, "b", "c"), openParlour(t, s, "g3", 2, "a", "c")}
	const each = 15
	var wg sync.WaitGroup
	var next sync.Map // device → *int64, each device has one sender
	errs := make(chan error, 1000)
	for i, d := range []string{"a-1", "b-2", "c-1"} {
		wg.Go(func() {
			for n := int64(1); n <= each; n++ {
				p := all[(i+int(n)%2*2)%3]
				in := p.load(d, n)
				for {
					r, _, err := s.ChatRoster(ctx, p.id)
					if err != nil {
						errs <- err
						return
					}
					in.Drops = r.Drops
					out, err := s.TakeChat(ctx, in, sealAs(d))
					if err != nil {
						errs <- fmt.Errorf("send: %w", err)
						return
					}
					if !out.Stale {
						break
					}
				}
			}
			next.Store(d, true)
		})
	}
	for _, d := range []string{"a-1", "a-2", "b-1", "b-2", "c-1"} {
		wg.Go(func() {
			for pos := int64(1); pos < each; pos += 2 {
				if _, err := s.AckChat(ctx, d, pos, 0); err != nil {
					errs <- fmt.Errorf("ack: %w", err)
				}
			}
		})
	}
	wg.Go(func() {
		for range each {
			err := s.chatTx(ctx, func(tx *sql.Tx) error {
				_, err := dropQueued(ctx, tx, "g2", []string{"c-2", "b-1"}, 5, farAway)
				return err
			})
			if err != nil {
				errs <- fmt.Errorf("drop: %w", err)
			}
			if _, err := s.ExpireChat(ctx, farAway, farAway+1, 3); err != nil {
				errs <- fmt.Errorf("expire: %w", err)
			}
		}
	})
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	tidy(t, s)
}
