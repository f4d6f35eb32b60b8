package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// The backlog: pairs of devices, of which the second has benchWaiting messages
// in its queue. Ids are hashes, so that what is asked one after the other is
// nowhere near each other in the tables.
const (
	benchWaiting = 100
	benchBody    = 300 // bytes, of a short text
	queueRowsEnv = "KINWIRE_BENCH_QUEUE_ROWS"
)

// backlog is a store with a filled queue.
type backlog struct {
	*Store
	pairs []string // what stands behind the first letter of ids
	turns []turn   // of each pair
}

type turn struct {
	sync.Mutex
	sent, acked int64 // the last n and pos
}

// BenchmarkChatQueue is what a message costs, taken and acknowledged, while so
// many others wait. What counts is p50-µs, and that it hardly grows with
// KINWIRE_BENCH_QUEUE_ROWS (100,000 where it is not set).
//
//	KINWIRE_BENCH_QUEUE_ROWS=10000000 go test -run - -bench ChatQueue -timeout 0 ./signaling/store
func BenchmarkChatQueue(b *testing.B) {
	rows := 100_000
	if given := os.Getenv(queueRowsEnv); given != "" {
		var err error
		rows, err = strconv.Atoi(given)
		require.NoError(b, err, queueRowsEnv)
	}
	s := fillQueue(b, rows)
	b.Run(fmt.Sprintf("rows=%d/one", rows), func(b *testing.B) {
		var sends, acks, reads []time.Duration
		draw, busy := rand.New(rand.NewPCG(1, 2)), cpu(b)
		for b.Loop() {
			i := draw.IntN(len(s.pairs))
			t0 := time.Now()
			require.NoError(b, s.sendOne(b.Context(), i))
			t1 := time.Now()
			list, err := s.ChatQueue(b.Context(), "d_b"+s.pairs[i], s.turns[i].acked, 1, 1)
			require.NoError(b, err)
			require.Len(b, list, 1)
			t2 := time.Now()
			require.NoError(b, s.ackOne(b.Context(), i))
			sends, reads, acks = append(sends, t1.Sub(t0)), append(reads, t2.Sub(t1)), append(acks, time.Since(t2))
		}
		for name, took := range map[string][]time.Duration{"send": sends, "read": reads, "ack": acks} {
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1000, name+"-p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1000, name+"-p99-µs")
		}
		b.ReportMetric(float64((cpu(b)-busy).Microseconds())/float64(b.N), "cpu-µs/op")
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	})
	b.Run(fmt.Sprintf("rows=%d/many", rows), func(b *testing.B) {
		b.SetParallelism(16)
		var seed atomic.Uint64
		busy := cpu(b)
		b.RunParallel(func(pb *testing.PB) {
			draw := rand.New(rand.NewPCG(seed.Add(1), 3))
			for pb.Next() {
				i := draw.IntN(len(s.pairs))
				if err := s.sendOne(b.Context(), i); err != nil {
					b.Error(err)
					return
				}
				if err := s.ackOne(b.Context(), i); err != nil {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64((cpu(b)-busy).Microseconds())/float64(b.N), "cpu-µs/op")
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	})
}

func (s *backlog) sendOne(ctx context.Context, i int) error {
	t, key := &s.turns[i], s.pairs[i]
	t.Lock()
	defer t.Unlock()
	t.sent++
	_, err := s.TakeChat(ctx, proto.ChatLoad{
		Send:   proto.ChatSend{ConversationID: "g_" + key, N: t.sent, Settled: t.sent - 1, Commitment: make([]byte, 32)},
		UserID: "u_a" + key, DeviceID: "d_a" + key, Generation: 1, Epoch: 1,
		At: 1, ExpiresAt: farAway, Size: benchBody, QueueMessages: 10_000, QueueBytes: 32 << 20,
	}, func(int64) ([]byte, []byte, error) { return make([]byte, benchBody+80), make([]byte, 40), nil })
	return err
}

func (s *backlog) ackOne(ctx context.Context, i int) error {
	t := &s.turns[i]
	t.Lock()
	defer t.Unlock()
	t.acked++
	_, err := s.AckChat(ctx, "d_b"+s.pairs[i], t.acked, 1)
	return err
}

// cpu is how long the process has kept processors busy: on a machine that has
// other work, too, that tells more than the clock.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func fillQueue(b *testing.B, rows int) *backlog {
	b.Helper()
	store, err := Open(b.Context(), Config{Driver: "sqlite", DSN: filepath.Join(b.TempDir(), "queue.db")}, quiet())
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, store.Close()) })
	pairs := max(1, rows/benchWaiting)
	s := &backlog{Store: store, pairs: make([]string, pairs), turns: make([]turn, pairs)}
	for i := range s.pairs {
		sum := sha256.Sum256([]byte(strconv.Itoa(i)))
		s.pairs[i] = hex.EncodeToString(sum[:13])
	}
	slices.Sort(s.pairs) // filled in the order of the tables, which is faster
	_, err = s.write.ExecContext(b.Context(), `PRAGMA cache_size = -262144`)
	require.NoError(b, err)
	for part := range slices.Chunk(s.pairs, 1000) { // of 100,000 rows
		require.NoError(b, s.tx(b.Context(), func(tx *sql.Tx) error { return fillPairs(b.Context(), tx, part) }))
	}
	_, err = s.write.ExecContext(b.Context(), `PRAGMA cache_size = -2000`) // as it is by default
	require.NoError(b, err)
	// The draw is over all of them in no order.
	rand.New(rand.NewPCG(3, 4)).Shuffle(pairs, func(i, k int) { s.pairs[i], s.pairs[k] = s.pairs[k], s.pairs[i] })
	require.NoError(b, s.Scrub(b.Context()))
	return s
}

func fillPairs(ctx context.Context, tx *sql.Tx, keys []string) error {
	if _, err := tx.ExecContext(ctx, `PRAGMA defer_foreign_keys = 1`); err != nil {
		return err
	}
	people := &batch{insert: `INSERT INTO people (id, name, avatar, role, family) VALUES `, tx: tx}
	conversations := &batch{insert: `INSERT INTO chat_conversations (id, kind, pair_low, pair_high, suite, generation, epoch, seq, group_info, committer, committed_id, created_by, created_at, last_at) VALUES `, tx: tx}
	devices := &batch{insert: `INSERT INTO chat_devices (id, person_id, name, secret_hash, login_hash, signature_key, created_at, seen_at, next_pos, queued, queued_bytes) VALUES `, tx: tx}
	members := &batch{insert: `INSERT INTO chat_members (conversation_id, person_id, state, since) VALUES `, tx: tx}
	leaves := &batch{insert: `INSERT INTO chat_leaves (conversation_id, device_id, state, since_epoch) VALUES `, tx: tx}
	messages := &batch{insert: `INSERT INTO chat_messages (conversation_id, seq, kind, generation, epoch, sender_id, device_id, at, expires_at, waits, size, body, franking, detail) VALUES `, tx: tx}
	queue := &batch{insert: `INSERT INTO chat_queue (device_id, pos, conversation_id, seq, peers) VALUES `, tx: tx}
	body, franking := make([]byte, benchBody+80), make([]byte, 72)
	for _, key := range keys {
		id := "g_" + key
		for _, side := range []string{"a", "b"} {
			waits := 0
			if side == "b" {
				waits = benchWaiting
			}
			if err := people.add(ctx, "u_"+side+key, "", "", "child", ""); err != nil {
				return err
			}
			if err := devices.add(ctx, "d_"+side+key, "u_"+side+key, "", "", "", []byte{}, 0, 0, waits+1, waits, waits*benchBody); err != nil {
				return err
			}
			if err := members.add(ctx, id, "u_"+side+key, "in", 0); err != nil {
				return err
			}
			if err := leaves.add(ctx, id, "d_"+side+key, "in", 1); err != nil {
				return err
			}
		}
		if err := conversations.add(ctx, id, "direct", "u_a"+key, "u_b"+key, 1, 1, 1, benchWaiting, []byte{}, "", "", "", 0, 0); err != nil {
			return err
		}
		for seq := 1; seq <= benchWaiting; seq++ {
			if err := messages.add(ctx, id, seq, "message", 1, 1, "u_a"+key, "d_a"+key, 1, farAway+int64(seq), 1, benchBody, body, franking, ""); err != nil {
				return err
			}
			if err := queue.add(ctx, "d_b"+key, seq, id, seq, 1); err != nil {
				return err
			}
		}
	}
	for _, w := range []*batch{people, conversations, devices, members, leaves, messages, queue} {
		if err := w.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}
