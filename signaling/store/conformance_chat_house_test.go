package store

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// relayCases are what every engine must do for the relay.
var relayCases = map[string]func(t *testing.T, s *Store){
	"ChatHello":           testChatHello,
	"ChatTaken":           testChatTaken,
	"ChatNumbers":         testChatNumbers,
	"ChatStale":           testChatStale,
	"ChatRoster":          testChatRoster,
	"ChatBounds":          testChatBounds,
	"ChatAcked":           testChatAcked,
	"ChatAckedInSteps":    testChatAckedInSteps,
	"ChatAtOnce":          testChatAtOnce,
	"ChatDropped":         testChatDropped,
	"ChatDeviceForgotten": testChatDeviceForgotten,
	"ChatExpired":         testChatExpired,
	"ChatScrub":           testChatScrub,
}

// parlour is a conversation of people with devices, written as plain rows.
type parlour struct {
	id      string
	devices []proto.ChatReceiver
}

// openParlour makes a conversation of people, each with so many devices, all of
// them in. The devices of p are called p-1, p-2 …
func openParlour(t testing.TB, s *Store, id string, devices int, people ...string) parlour {
	t.Helper()
	ctx := t.Context()
	p := parlour{id: id}
	require.NoError(t, s.tx(ctx, func(tx *sql.Tx) error {
		run := func(query string, args ...any) {
			_, err := tx.ExecContext(ctx, query, args...)
			require.NoError(t, err, query)
		}
		run(`INSERT INTO chat_conversations (id, kind, pair_low, pair_high, suite, generation, epoch, seq, group_info, committer, committed_id, created_by, created_at, last_at)
			VALUES ($1, 'group', '', '', 1, 1, 7, 0, $2, '', '', '', 0, 0)`, id, []byte{})
		for _, person := range people {
			run(`INSERT INTO people (id, name, avatar, role, family) VALUES ($1, $1, '', 'child', '') ON CONFLICT DO NOTHING`, person)
			run(`INSERT INTO chat_members (conversation_id, person_id, state, since) VALUES ($1, $2, 'in', 0)`, id, person)
			for i := range devices {
				d := proto.ChatReceiver{DeviceID: fmt.Sprint(person, "-", i+1), UserID: person}
				run(`INSERT INTO chat_devices (id, person_id, name, secret_hash, login_hash, signature_key, created_at, seen_at)
					VALUES ($1, $2, '', $3, '', $4, 0, 0) ON CONFLICT DO NOTHING`, d.DeviceID, person, "secret-"+d.DeviceID, []byte{})
				run(`INSERT INTO chat_leaves (conversation_id, device_id, state, since_epoch) VALUES ($1, $2, 'in', 7)`, id, d.DeviceID)
				p.devices = append(p.devices, d)
			}
		}
		return nil
	}))
	return p
}

const farAway = int64(1) << 50 // ms

func (p parlour) load(device string, n int64) proto.ChatLoad {
	person, _, _ := strings.Cut(device, "-")
	return proto.ChatLoad{
		Send:   proto.ChatSend{ConversationID: p.id, N: n, Commitment: []byte(strings.Repeat("c", 32))},
		UserID: person, DeviceID: device, Generation: 1, Epoch: 7,
		At: 1000 + n, ExpiresAt: farAway, Size: 10, QueueMessages: 1000, QueueBytes: 1 << 20,
	}
}

func sealAs(text string) SealChat {
	return func(seq int64) ([]byte, []byte, error) {
		return fmt.Appendf(nil, "%s@%d", text, seq), fmt.Appendf(nil, "tag@%d", seq), nil
	}
}

func (p parlour) send(t testing.TB, s *Store, device string, n int64) proto.ChatTaken {
	t.Helper()
	out, err := s.TakeChat(t.Context(), p.load(device, n), sealAs(device))
	require.NoError(t, err)
	return out
}

func refusedAs(t *testing.T, code proto.Code, err error) {
	t.Helper()
	refused, ok := errors.AsType[*proto.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, code, refused.Code, refused.Message)
}

func waiting(t testing.TB, s *Store, device string) (seqs []int64) {
	t.Helper()
	list, err := s.ChatQueue(t.Context(), device, 0, 1000, 1<<30)
	require.NoError(t, err)
	for _, q := range list {
		seqs = append(seqs, q.Seq)
	}
	return seqs
}

// tidy holds every count against the rows that it stands for.
func tidy(t testing.TB, s *Store) {
	t.Helper()
	for what, query := range map[string]string{
		"queued": `SELECT count(*) FROM chat_devices AS d WHERE d.queued <> (SELECT count(*) FROM chat_queue AS q WHERE q.device_id = d.id)`,
		"queued_bytes": `SELECT count(*) FROM chat_devices AS d WHERE d.queued_bytes <> (
			SELECT COALESCE(sum(m.size), 0) FROM chat_queue AS q JOIN chat_messages AS m ON m.conversation_id = q.conversation_id AND m.seq = q.seq WHERE q.device_id = d.id)`,
		"waits": `SELECT count(*) FROM chat_messages AS m WHERE m.waits <> (SELECT count(*) FROM chat_queue AS q WHERE q.conversation_id = m.conversation_id AND q.seq = m.seq)`,
		"body":  `SELECT count(*) FROM chat_queue AS q WHERE NOT EXISTS (SELECT 1 FROM chat_messages AS m WHERE q.conversation_id = m.conversation_id AND q.seq = m.seq)`,
		"peers": `SELECT count(*) FROM chat_queue AS q JOIN chat_devices AS d ON d.id = q.device_id WHERE q.peers < (
			SELECT count(*) FROM chat_queue AS o JOIN chat_devices AS e ON e.id = o.device_id WHERE o.conversation_id = q.conversation_id AND o.seq = q.seq AND e.person_id = d.person_id)`,
	} {
		require.Zero(t, tally(t, s, query), what)
	}
}

func tally(t testing.TB, s *Store, query string) (n int) {
	t.Helper()
	require.NoError(t, s.write.QueryRowContext(t.Context(), query).Scan(&n))
	return n
}

// TestChatNoScan holds everything that the relay asks to indexes.
func TestChatNoScan(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "plans.db"))
	for name, query := range map[string]string{
		"lockConversation": lockConversation, "placeInQueue": placeInQueue, "addMessage": addMessage, "addToQueue": addToQueue,
		"countDown": countDown, "deleteMessage": deleteMessage, "countBack": countBack,
		"helloDevice": helloDevice, "rosterHead": rosterHead, "rosterPeople": rosterPeople, "rosterLeaves": rosterLeaves,
		"sentBefore": sentBefore, "takeSeq": takeSeq, "takeN": takeN, "lastNOf": lastNOf, "addSent": addSent, "settleSent": settleSent,
		"queuedFor": queuedFor, "holdDevice": holdDevice, "seenDevice": seenDevice, "ackQueue": ackQueue, "markMember": markMember,
		"expiredChat": expiredChat, "waitingFor": waitingFor, "takeFromAll": takeFromAll, "messageThere": messageThere,
		"dropOfConversation": dropOfConversation, "dropOfDevice": dropOfDevice, "devicesIn": devicesIn, "devicesBeside": devicesBeside,
		"holdOwned": holdOwned, "fewer": fewer, "countDrop": countDrop,
	} {
		t.Run(name, func(t *testing.T) {
			steps := plan(t, s, query, make([]any, args(query)))
			for _, step := range steps {
				require.NotContains(t, step, "SCAN ", steps)
				require.NotContains(t, step, "TEMP B-TREE", steps)
			}
		})
	}
	// What a wrong index would cost shows only in full: these two go by the first
	// columns of the key, and in its order.
	require.Contains(t, strings.Join(plan(t, s, queuedFor, make([]any, 3)), "; "), "(device_id=? AND pos>?)")
	require.Contains(t, strings.Join(plan(t, s, ackQueue, make([]any, 3)), "; "), "(device_id=? AND pos<?)")
}

// args is how many arguments a query takes.
func args(query string) (n int) {
	for strings.Contains(query, fmt.Sprint("$", n+1)) {
		n++
	}
	return n
}
