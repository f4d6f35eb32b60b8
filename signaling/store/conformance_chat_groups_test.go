package store

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// settled makes a conversation of people with one device each: p has p-1.
func settled(t *testing.T, s *Store, id string, kind proto.ConversationKind, people ...string) proto.ConversationRow {
	t.Helper()
	row := proto.ConversationRow{ID: id, Kind: kind, Suite: 1, Generation: 1, CreatedBy: people[0], CreatedAt: 50}
	var pair [2]string
	if kind == proto.ConversationDirect {
		pair = [2]string{min(people[0], people[1]), max(people[0], people[1])}
	}
	_, existing, err := s.StartConversation(t.Context(), row, pair, nil, func(proto.ConversationRow, map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
		change := proto.ConversationChange{At: 60, ExpiresAt: farAway, Epoch: ending(1, 1, "first", people[0]+"-1")}
		for i, p := range people {
			change.In = append(change.In, proto.MemberRow{Person: proto.Person{ID: p}, Since: int64(60 + i)})
			change.Epoch.Leaves = append(change.Epoch.Leaves, proto.LeafRow{DeviceID: p + "-1", PersonID: p, In: true})
			change.Epoch.Send[0].To = append(change.Epoch.Send[0].To, p+"-1")
		}
		return change, nil
	})
	require.NoError(t, err)
	require.Empty(t, existing)
	c, found, err := s.Conversation(t.Context(), id)
	require.NoError(t, err)
	require.True(t, found)
	return c
}

// ending is a commit that goes to nobody yet.
func ending(generation, epoch int64, id, device string) *proto.EpochChange {
	return &proto.EpochChange{
		Generation: generation, Epoch: epoch, ID: id, DeviceID: device, UserID: "x",
		SealInfo: func() ([]byte, error) { return []byte("info of " + id), nil },
		Send: []proto.ConversationSend{{Kind: proto.DeliveryCommit, Generation: generation, Epoch: epoch - 1, Size: 3, Detail: "{}",
			Seal: func(seq int64) ([]byte, error) { return fmt.Appendf(nil, "%s@%d", id, seq), nil }}},
	}
}

func people(t *testing.T, s *Store, names ...string) {
	t.Helper()
	for _, name := range names {
		add(t, s, proto.Person{ID: name, Name: name, Role: proto.RoleTeen})
		addDevices(t, s, name, name+"-1")
	}
}

func testConversations(t *testing.T, s *Store) {
	ctx := t.Context()
	people(t, s, "p", "q", "r")
	c := settled(t, s, "g", proto.ConversationGroup, "p", "q", "r")
	require.Equal(t, proto.ConversationRow{
		ID: "g", Kind: proto.ConversationGroup, Suite: 1, Generation: 1, Epoch: 1, Seq: 1, Committer: "p-1", CommittedID: "first", CommittedSeq: 1,
		CreatedBy: "p", CreatedAt: 50,
		Members: []proto.MemberRow{
			{Person: proto.Person{ID: "p", Name: "p", Role: proto.RoleTeen}, In: true, Since: 60},
			{Person: proto.Person{ID: "q", Name: "q", Role: proto.RoleTeen}, In: true, Since: 61},
			{Person: proto.Person{ID: "r", Name: "r", Role: proto.RoleTeen}, In: true, Since: 62},
		},
		Leaves: []proto.LeafRow{{DeviceID: "p-1", PersonID: "p", In: true}, {DeviceID: "q-1", PersonID: "q", In: true}, {DeviceID: "r-1", PersonID: "r", In: true}},
	}, c)
	two := settled(t, s, "d", proto.ConversationDirect, "q", "p")
	list, err := s.ConversationsOf(ctx, "p")
	require.NoError(t, err)
	require.ElementsMatch(t, []proto.ConversationRow{c, two}, list)
	info, found, err := s.ConversationInfo(ctx, "g")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "info of first", string(info.GroupInfo))
	around, err := s.ChatDevicesAround(ctx, "p", "")
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"p-1", "q-1", "r-1"}, idsOf(around))
	around, err = s.ChatDevicesAround(ctx, "p", "d")
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"p-1", "q-1"}, idsOf(around))
	around, err = s.ChatDevicesAround(ctx, "r", "d")
	require.NoError(t, err)
	require.Empty(t, around, "who is not in it sees nobody")

	// A refusal changes nothing.
	no := errors.New("no")
	_, found, err = s.ChangeConversation(ctx, "g", []string{"q-1", "nothing"}, func(held proto.ConversationRow, devices map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
		require.Equal(t, c, held)
		require.Len(t, devices, 3)
		require.Equal(t, "q", devices["q-1"].PersonID)
		return proto.ConversationChange{Out: []string{"q"}}, no
	})
	require.Equal(t, no, err)
	require.True(t, found)
	_, found, err = s.ChangeConversation(ctx, "nothing", nil, nil)
	require.NoError(t, err)
	require.False(t, found)
	// Nor does what fails half-way.
	_, _, err = s.ChangeConversation(ctx, "g", nil, func(proto.ConversationRow, map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
		e := ending(1, 2, "second", "p-1")
		e.SealInfo = func() ([]byte, error) { return nil, no }
		return proto.ConversationChange{Out: []string{"q"}, Epoch: e}, nil
	})
	require.ErrorIs(t, err, no)
	same, _, err := s.Conversation(ctx, "g")
	require.NoError(t, err)
	require.Equal(t, c, same)

	tidy(t, s)
}

// testConversationMoves: somebody leaves; then a commit without them.
func testConversationMoves(t *testing.T, s *Store) {
	ctx := t.Context()
	people(t, s, "p", "q", "r")
	settled(t, s, "g", proto.ConversationGroup, "p", "q", "r")
	settled(t, s, "d", proto.ConversationDirect, "q", "p")
	shut, nobody := proto.ShutNeedsConsent, ""
	changed, _, err := s.ChangeConversation(ctx, "g", nil, func(proto.ConversationRow, map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
		return proto.ConversationChange{Out: []string{"q"}, Flag: []string{"q-1"}, DropOf: []string{"q"}, Void: true, Shut: &shut, Creator: &nobody, At: 70, ExpiresAt: farAway}, nil
	})
	require.NoError(t, err)
	require.Empty(t, changed.Told)
	require.Equal(t, []int64{1}, waitingIn(t, s, "q-1", "d"))
	require.Empty(t, waitingIn(t, s, "q-1", "g"))
	same, _, err := s.Conversation(ctx, "g")
	require.NoError(t, err)
	require.False(t, same.Members[1].In)
	require.Equal(t, proto.LeafRow{DeviceID: "q-1", PersonID: "q"}, same.Leaves[1])
	require.Equal(t, shut, same.Shut)
	require.EqualValues(t, 1, same.Drops)
	require.Empty(t, same.CreatedBy)
	changed, _, err = s.ChangeConversation(ctx, "g", nil, func(held proto.ConversationRow, _ map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
		e := ending(2, 1, "third", "r-1")
		e.Leaves = []proto.LeafRow{held.Leaves[0], held.Leaves[2]}
		e.Send[0].To = []string{"p-1", "r-1"}
		return proto.ConversationChange{Epoch: e, In: []proto.MemberRow{{Person: proto.Person{ID: "q"}, Since: 80}}, At: 80, ExpiresAt: farAway}, nil
	})
	require.NoError(t, err)
	require.EqualValues(t, 2, changed.Seq)
	require.ElementsMatch(t, []proto.ChatReceiver{{DeviceID: "p-1", UserID: "p"}, {DeviceID: "r-1", UserID: "r"}}, changed.Told)
	same, _, err = s.Conversation(ctx, "g")
	require.NoError(t, err)
	require.Equal(t, []any{int64(2), int64(1), "r-1", "third", int64(2)}, []any{same.Generation, same.Epoch, same.Committer, same.CommittedID, same.CommittedSeq})
	require.Len(t, same.Leaves, 2)
	require.Equal(t, []any{"q", true, int64(80)}, []any{same.Members[2].Person.ID, same.Members[2].In, same.Members[2].Since}, "who comes in again is the last")
	tidy(t, s)
}

func waitingIn(t *testing.T, s *Store, device, conversation string) (seqs []int64) {
	t.Helper()
	list, err := s.ChatQueue(t.Context(), device, 0, 1000, 1<<30)
	require.NoError(t, err)
	for _, q := range list {
		if q.ConversationID == conversation {
			seqs = append(seqs, q.Seq)
		}
	}
	return seqs
}

// testOneConversation: two people who start one at once, each several times.
func testOneConversation(t *testing.T, s *Store) {
	people(t, s, "p", "q")
	for round := range 10 {
		got := make(chan string, 12)
		var all sync.WaitGroup
		for i := range cap(got) {
			id := fmt.Sprint("d", round, i%3) // some requests come more than once
			all.Go(func() {
				row := proto.ConversationRow{ID: id, Kind: proto.ConversationDirect, Suite: 1, Generation: 1}
				_, existing, err := s.StartConversation(t.Context(), row, [2]string{"p", "q"}, nil, func(proto.ConversationRow, map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
					return proto.ConversationChange{In: []proto.MemberRow{{Person: proto.Person{ID: "p"}}, {Person: proto.Person{ID: "q"}}}, Epoch: ending(1, 1, "first", "p-1")}, nil
				})
				if err != nil {
					t.Errorf("%v", err)
				}
				if existing == "" {
					existing = id
				}
				got <- existing
			})
		}
		all.Wait()
		close(got)
		first := <-got
		for id := range got {
			require.Equal(t, first, id)
		}
		require.NoError(t, s.DropConversation(t.Context(), first))
	}
	require.Zero(t, tally(t, s, `SELECT count(*) FROM chat_members`))
}

// testOneCommit: twenty commits of the same epoch at once, while messages come.
func testOneCommit(t *testing.T, s *Store) {
	people(t, s, "p", "q", "r")
	c := settled(t, s, "g", proto.ConversationGroup, "p", "q", "r")
	taken := errors.New("taken")
	for round := range int64(5) {
		var all sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for i := range 20 {
			all.Go(func() {
				_, _, err := s.ChangeConversation(t.Context(), "g", nil, func(held proto.ConversationRow, _ map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
					if held.Epoch != c.Epoch+round {
						return proto.ConversationChange{}, taken
					}
					e := ending(1, held.Epoch+1, fmt.Sprint(round, ".", i), "p-1")
					e.Leaves, e.Send[0].To = held.Leaves, []string{"r-1", "p-1", "q-1"}
					return proto.ConversationChange{Epoch: e, ExpiresAt: farAway}, nil
				})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !errors.Is(err, taken) {
					t.Errorf("%v", err)
				}
			})
		}
		all.Go(func() {
			for range 5 {
				_, err := s.TakeChat(t.Context(), proto.ChatLoad{Send: proto.ChatSend{ConversationID: "g", N: 1}, UserID: "q", DeviceID: "q-1", Generation: 1, Epoch: 99}, sealAs("x"))
				if err != nil {
					t.Errorf("%v", err)
				}
			}
		})
		all.Wait()
		require.Equal(t, 1, won)
	}
	want := waiting(t, s, "p-1")
	require.Len(t, want, 6)
	for _, d := range []string{"q-1", "r-1"} {
		require.Equal(t, want, waiting(t, s, d))
	}
	tidy(t, s)
}

// testUnsend: nothing that somebody has sent is delivered any more.
func testUnsend(t *testing.T, s *Store) {
	ctx := t.Context()
	p := openParlour(t, s, "g", 2, "a", "b", "c")
	p.send(t, s, "a-1", 1)
	p.send(t, s, "b-1", 1)
	p.send(t, s, "b-2", 1)
	changed, _, err := s.ChangeConversation(ctx, "g", nil, func(proto.ConversationRow, map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
		return proto.ConversationChange{Out: []string{"b"}, Flag: []string{"b-1", "b-2"}, DropOf: []string{"b"}, Unsend: []string{"b"}, Void: true, At: 9, ExpiresAt: farAway}, nil
	})
	require.NoError(t, err)
	for _, d := range []string{"c-1", "c-2"} {
		require.Equal(t, []int64{1}, waiting(t, s, d), "a's message stays")
	}
	var told []string
	for _, r := range changed.Told {
		told = append(told, r.DeviceID)
	}
	require.ElementsMatch(t, []string{"a-1", "a-2", "b-1", "b-2"}, told, "both are told what did not get there")
	require.Equal(t, 4, tally(t, s, `SELECT count(*) FROM chat_queue AS q JOIN chat_messages AS m ON m.conversation_id = q.conversation_id AND m.seq = q.seq
		WHERE m.kind = 'notice' AND q.device_id LIKE 'b-%'`), "of two people, on two devices")
	tidy(t, s)
}

func testLooseConversations(t *testing.T, s *Store) {
	ctx := t.Context()
	people(t, s, "p", "q", "r", "u")
	settled(t, s, "g", proto.ConversationGroup, "p", "q", "r")
	settled(t, s, "d", proto.ConversationDirect, "p", "u")
	settled(t, s, "e", proto.ConversationDirect, "q", "u")
	loose := func() []string {
		ids, err := s.LooseConversations(ctx, 10)
		require.NoError(t, err)
		return ids
	}
	next, err := s.NextWaiting(ctx, "")
	require.NoError(t, err)
	require.Equal(t, "d", next)
	next, err = s.NextWaiting(ctx, "e")
	require.NoError(t, err)
	require.Equal(t, "g", next)
	next, err = s.NextWaiting(ctx, "g")
	require.NoError(t, err)
	require.Empty(t, next)

	require.Empty(t, loose())
	for _, gone := range []string{"p", "u"} {
		_, err := s.write.ExecContext(ctx, `DELETE FROM people WHERE id = $1`, gone)
		require.NoError(t, err)
	}
	require.Equal(t, []string{"d", "e", "g"}, loose())
	c, _, err := s.Conversation(ctx, "g")
	require.NoError(t, err)
	require.Equal(t, proto.LeafRow{DeviceID: "p-1"}, c.Leaves[0], "a device that is gone is out, noted or not")
	require.NoError(t, s.DropConversation(ctx, "d"))
	require.NoError(t, s.DropConversation(ctx, "d"))
	nobody := ""
	for _, id := range []string{"e", "g"} {
		_, _, err := s.ChangeConversation(ctx, id, nil, func(held proto.ConversationRow, _ map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
			change := proto.ConversationChange{}
			for _, l := range held.Leaves {
				if l.PersonID == "" {
					change.Flag = append(change.Flag, l.DeviceID)
				}
			}
			if id == "g" {
				change.Creator = &nobody
			}
			return change, nil
		})
		require.NoError(t, err)
	}
	require.Empty(t, loose())
	require.Zero(t, tally(t, s, `SELECT count(*) FROM chat_messages WHERE conversation_id = 'd'`))

	// A device goes, with what waits for it.
	leafs, err := s.ChatLeafOf(ctx, "q-1")
	require.NoError(t, err)
	require.Equal(t, []string{"e", "g"}, leafs)
	require.NoError(t, s.RemoveChatDevices(ctx, []string{"q-1"}))
	require.Zero(t, tally(t, s, `SELECT count(*) FROM chat_queue WHERE device_id = 'q-1'`))
}
