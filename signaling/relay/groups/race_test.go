package groups_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/groups"
)

// TestOneCommitWins: twenty devices commit the same epoch at once, again and
// again. Each time one wins, and all see the same commits in the same order.
func TestOneCommitWins(t *testing.T) {
	engines(t, func(t *testing.T, w *square) {
		people := []string{"ana", "ben", "cat", "teo"}
		var devices []string
		for _, p := range people {
			for i := range 5 {
				devices = append(devices, w.device(p, fmt.Sprint(p, i)))
			}
		}
		id := w.start(proto.ConversationGroup, people[1:], devices...)
		const rounds = 6
		winners := map[int64]string{} // by place
		for round := range rounds {
			c := w.see("ana", id)
			var mu sync.Mutex
			var all sync.WaitGroup
			won := 0
			for _, d := range devices {
				in := w.change(c, d, nil, nil)
				if round%2 == 1 {
					in = w.external(c, d)
				}
				all.Go(func() {
					out, err := w.Commit(t.Context(), w.owner[d], id, in)
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						won++
						winners[out.Seq] = string(in.Commit)
						return
					}
					if refused, ok := errors.AsType[*proto.Error](err); !ok || refused.Code != proto.CodeEpochTaken {
						t.Errorf("%v", err)
					}
				})
			}
			all.Wait()
			require.Equal(t, 1, won)
			require.Equal(t, c.Epoch+1, w.see("ana", id).Epoch)
		}
		require.Len(t, winners, rounds)
		for _, d := range devices {
			queue := w.queue(d)[1:] // the first is how it came in
			require.Len(t, queue, rounds, d)
			for i, q := range queue {
				require.Equal(t, winners[q.Seq], string(q.Body))
				require.EqualValues(t, i+1, q.Epoch)
			}
		}
		w.sound()
	})
}

// TestOneOfTwoAtOnce: two people start a conversation with each other at once,
// and each request comes twice. There is one, and everybody gets it.
func TestOneOfTwoAtOnce(t *testing.T) {
	engines(t, func(t *testing.T, w *square) {
		for round := range 8 {
			a1, b1 := w.device("ana", fmt.Sprint("a", round)), w.device("ben", fmt.Sprint("b", round))
			requests := []proto.ConversationNew{
				w.starting(proto.ConversationDirect, []string{"ben"}, a1, b1),
				w.starting(proto.ConversationDirect, []string{"ana"}, b1, a1),
			}
			got := make(chan string, 8)
			var all sync.WaitGroup
			for i := range cap(got) {
				in, who := requests[i%2], []string{"ana", "ben"}[i%2]
				all.Go(func() {
					c, err := w.NewConversation(t.Context(), who, in)
					if err != nil {
						t.Errorf("%v", err)
					}
					got <- c.ID
				})
			}
			all.Wait()
			close(got)
			first := <-got
			for id := range got {
				require.Equal(t, first, id)
			}
			require.Equal(t, 1, w.count(`SELECT count(*) FROM chat_conversations`))
			require.Equal(t, 2, w.count(`SELECT count(*) FROM chat_queue`), "one commit, one welcome")
			w.sound()
			require.NoError(t, w.st.DropConversation(t.Context(), first))
			require.Zero(t, w.count(`SELECT count(*) FROM chat_queue`))
			for _, d := range []string{a1, b1} {
				require.NoError(t, w.DeleteDevice(t.Context(), w.owner[d], d))
			}
		}
	})
}

// TestSameGroupTwice: a request for a group comes many times at once.
func TestSameGroupTwice(t *testing.T) {
	engines(t, func(t *testing.T, w *square) {
		in := w.starting(proto.ConversationGroup, []string{"ben", "cat"}, w.device("ana", "a1"), w.device("ben", "b1"))
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if c, err := w.NewConversation(t.Context(), "ana", in); err != nil || c.ID != in.ID {
					t.Errorf("%v", err)
				}
			})
		}
		all.Wait()
		require.Equal(t, 2, w.count(`SELECT count(*) FROM chat_queue`))
		commit := w.change(w.see("ana", in.ID), in.First.DeviceID, nil, nil)
		for range 8 {
			all.Go(func() {
				if out, err := w.Commit(t.Context(), "ana", in.ID, commit); err != nil || out.Epoch != 2 || out.Seq != 3 {
					t.Errorf("%v %v", out, err)
				}
			})
		}
		all.Wait()
		w.sound()
	})
}

// TestEverythingAtOnce: commits, messages, blocks, leaving and removals of
// devices in the same conversations at once. Nothing fails but by a refusal,
// and what is kept agrees with itself.
func TestEverythingAtOnce(t *testing.T) {
	engines(t, func(t *testing.T, w *square) {
		stop := w.run()
		people := []string{"ana", "ben", "cat", "teo", "uma"}
		for _, p := range people {
			for i := range 2 {
				w.device(p, fmt.Sprint(p, i))
			}
		}
		dev := func(p string, i int) string { return w.ids[fmt.Sprint(p, i)] }
		var ids []string
		for range 2 {
			ids = append(ids, w.start(proto.ConversationGroup, people[1:], dev("ana", 0), dev("ana", 1), dev("ben", 0), dev("cat", 0), dev("teo", 0), dev("uma", 1)))
		}
		ids = append(ids, w.start(proto.ConversationDirect, []string{"ben"}, dev("ana", 0), dev("ben", 0)))
		var n sync.Map // numbers of what devices send
		var all sync.WaitGroup
		for worker := range 6 {
			r := rand.New(rand.NewPCG(uint64(worker), 7))
			all.Go(func() {
				for range 40 {
					if err := w.something(t, r, ids, people, dev, &n); err != nil {
						if _, refused := errors.AsType[*proto.Error](err); !refused {
							t.Errorf("%v", err)
						}
					}
				}
			})
		}
		all.Wait()
		// Whatever has been said is carried out; then it is quiet.
		w.Recheck(people...)
		require.Eventually(t, func() bool {
			return w.count(`SELECT count(*) FROM chat_members AS m JOIN chat_members AS o ON o.conversation_id = m.conversation_id
				JOIN blocks AS b ON b.blocker_id = m.person_id AND b.blocked_id = o.person_id
				JOIN chat_conversations AS c ON c.id = m.conversation_id
				WHERE c.kind = 'group' AND m.state = 'in' AND o.state = 'in'`) == 0
		}, 20*time.Second, 20*time.Millisecond, "of two of whom one has blocked the other, one is out")
		stop()
		w.sound()
	})
}

// something is one of the things that happen.
func (w *square) something(t *testing.T, r *rand.Rand, ids, people []string, dev func(string, int) string, n *sync.Map) error {
	ctx := t.Context()
	id, who, d := ids[r.IntN(len(ids))], people[r.IntN(len(people))], 0
	if r.IntN(2) == 0 {
		d = 1
	}
	device := dev(who, d)
	other := people[r.IntN(len(people))]
	switch k := r.IntN(20); {
	case k < 8:
		return w.trySay(id, device, n)
	case k == 8 && who != other:
		w.tieAtOnce(t, who, other, proto.FriendRow{State: proto.FriendEnded, BlockedBy: [2]string{who, ""}})
		w.Recheck(who, other)
		return nil
	case k < 12 && who != other:
		w.tieAtOnce(t, who, other, proto.FriendRow{State: proto.FriendApproved})
		w.Recheck(who, other)
		return nil
	case k == 12:
		return w.Leave(ctx, who, id)
	case k == 13:
		return w.LoginsEnded(ctx, who, []string{fmt.Sprint("login of ", who, "1")})
	case k < 16:
		c, err := w.Conversation(ctx, who, id)
		if err != nil {
			return err
		}
		_, err = w.Commit(ctx, who, id, w.external(c, device))
		return err
	default:
		c, err := w.Conversation(ctx, who, id)
		if err != nil {
			return err
		}
		var adds []string
		if r.IntN(2) == 0 {
			adds = []string{dev(other, 1)}
		}
		_, err = w.Commit(ctx, who, id, w.change(c, device, adds, c.Remove))
		return err
	}
}

func (w *square) tieAtOnce(t *testing.T, a, b string, row proto.FriendRow) {
	_, err := w.st.ChangeFriendship(t.Context(), a, b, func(tie proto.FriendTie) (proto.FriendRow, []proto.AuditEntry, error) {
		row.IDs, row.ID = tie.Row.IDs, "f_"+min(a, b)+max(a, b)
		if row.IDs[0] != a {
			row.BlockedBy[0], row.BlockedBy[1] = row.BlockedBy[1], row.BlockedBy[0]
		}
		return row, nil, nil
	})
	if err != nil {
		t.Errorf("%v", err)
	}
}

// trySay sends a message, as relay would: if all may write to each other, and
// only while that is so.
func (w *square) trySay(id, device string, n *sync.Map) error {
	ctx := w.t.Context()
	r, found, err := w.st.ChatRoster(ctx, id)
	if err != nil || !found {
		return err
	}
	at, _ := n.LoadOrStore(device, new(counter))
	count, ok := at.(*counter)
	if !ok {
		return errors.New("no counter")
	}
	count.mu.Lock()
	defer count.mu.Unlock()
	taken, err := w.st.TakeChat(ctx, proto.ChatLoad{
		Send:   proto.ChatSend{ConversationID: id, N: count.n + 1, Commitment: make([]byte, 32)},
		UserID: w.owner[device], DeviceID: device, Generation: r.Generation, Epoch: r.Epoch, Drops: r.Drops,
		At: w.clock().UnixMilli(), ExpiresAt: w.clock().Add(time.Hour).UnixMilli(), Size: 5,
	}, func(int64) (sealed, tag []byte, err error) { return []byte("x"), []byte("tag"), nil })
	if err == nil && !taken.Stale {
		count.n++
	}
	return err
}

type counter struct {
	mu sync.Mutex
	n  int64
}

// TestLimits of what one person may do.
func TestLimits(t *testing.T) {
	w := newSquareWith(t, groups.Config{
		Starts: groups.Rate{Burst: 2, Every: time.Minute}, Commits: groups.Rate{Burst: 3, Every: time.Minute},
		NewDevice: groups.Rate{Burst: 3, Every: time.Hour},
	})
	ctx := t.Context()
	a1, b1, c1 := w.device("ana", "a1"), w.device("ben", "b1"), w.device("cat", "c1")
	id := w.start(proto.ConversationGroup, []string{"ben", "cat"}, a1, b1, c1)
	w.start(proto.ConversationGroup, []string{"ben", "cat"}, a1, b1, c1)
	_, err := w.NewConversation(ctx, "ana", w.starting(proto.ConversationGroup, []string{"ben", "cat"}, a1, b1, c1))
	require.Equal(t, proto.CodeRateLimited, code(t, err))
	w.start(proto.ConversationGroup, []string{"ana", "cat"}, b1, a1, c1)
	w.later(time.Minute)
	w.start(proto.ConversationGroup, []string{"ben", "cat"}, a1, b1, c1)

	for range 3 {
		w.commit("ana", id, w.change(w.see("ana", id), a1, nil, nil))
	}
	_, err = w.Commit(ctx, "ana", id, w.change(w.see("ana", id), a1, nil, nil))
	require.Equal(t, proto.CodeRateLimited, code(t, err))
	w.commit("ben", id, w.change(w.see("ben", id), b1, nil, nil))

	w.device("ana", "a2")
	w.device("ana", "a3")
	_, err = w.NewDevice(ctx, "ana", "x", proto.ChatDeviceNew{Name: "x", SignatureKey: []byte("k")})
	require.Equal(t, proto.CodeRateLimited, code(t, err))

	info, err := w.Info(ctx, "ana")
	require.NoError(t, err)
	require.Equal(t, proto.ChatInfo{Suites: []int64{suite, 83}, KeyPackages: 20, MaxPeople: 16, Retention: 15 * 24 * 60 * 60, AttachmentTypes: []string{}, Photos: true}, info)
	w.do(`UPDATE consent_scopes SET given = 0 WHERE scope = 'photos' AND consent_id = 'cs_ana'`)
	info, err = w.Info(ctx, "ana")
	require.NoError(t, err)
	require.False(t, info.Photos)
}
