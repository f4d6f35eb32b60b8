package groups_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/framing/frametest"
)

// TestTwo is the plain way of a conversation of two.
func TestTwo(t *testing.T) {
	w := newSquare(t)
	ctx := t.Context()
	w.run()
	a1, b1 := w.device("ana", "a1"), w.device("ben", "b1")
	in := w.starting(proto.ConversationDirect, []string{"ben"}, a1, b1)
	made, err := w.NewConversation(ctx, "ana", in)
	require.NoError(t, err)
	require.Equal(t, in.ID, made.ID)
	require.Equal(t, []string{"ana", "ben"}, []string{made.Members[0].Person.ID, made.Members[1].Person.ID})
	require.ElementsMatch(t, []string{a1, b1}, made.Leaves)
	require.Empty(t, made.Remove)
	require.Empty(t, made.Shut)
	require.EqualValues(t, []int64{suite, 1, 1}, []int64{made.Suite, made.Generation, made.Epoch})
	w.hears(in.ID, "ana", "ben")
	require.ElementsMatch(t, []string{a1, b1}, w.looked)

	// The committer gets the commit, whom it adds the Welcome.
	hers, his := w.queue(a1), w.queue(b1)
	require.Len(t, hers, 1)
	require.Len(t, his, 1)
	require.Equal(t, proto.DeliveryCommit, hers[0].Kind)
	require.Equal(t, in.First.Commit, hers[0].Body)
	require.Equal(t, proto.DeliveryWelcome, his[0].Kind)
	require.Equal(t, in.First.Welcome, his[0].Body)
	require.EqualValues(t, []int64{1, 0, 1}, []int64{hers[0].Generation, hers[0].Epoch, hers[0].Seq})
	require.EqualValues(t, []int64{1, 1, 2}, []int64{his[0].Generation, his[0].Epoch, his[0].Seq})
	for _, q := range append(hers, his...) {
		require.Equal(t, []string{"ana", a1}, []string{q.SenderID, q.DeviceID})
		var change proto.ChatChange
		require.NoError(t, json.Unmarshal([]byte(q.Detail), &change))
		require.Equal(t, proto.ChatChange{ID: in.First.ID, Adds: []string{b1}}, change)
	}

	// Ben's second device comes in by itself, with the stored GroupInfo.
	b2 := w.device("ben", "b2")
	info, err := w.GroupInfo(ctx, "ben", in.ID)
	require.NoError(t, err)
	require.Equal(t, proto.GroupInfo{Generation: 1, Epoch: 1, GroupInfo: in.First.GroupInfo}, info)
	c := w.see("ben", in.ID)
	comes := w.external(c, b2)
	out := w.commit("ben", in.ID, comes)
	require.Equal(t, proto.Committed{Generation: 1, Epoch: 2, Seq: 3}, out)
	require.Equal(t, out, w.commit("ben", in.ID, comes), "the same commit again is the same answer")
	for _, d := range []string{a1, b1, b2} {
		all := w.queue(d)
		last := all[len(all)-1]
		require.Equal(t, comes.Commit, last.Body)
		require.EqualValues(t, []int64{1, 1, 3}, []int64{last.Generation, last.Epoch, last.Seq})
	}
	require.Len(t, w.queue(b1), 2, "once, though it was sent twice")

	// Names of devices and when they were here are the person's own business.
	c = w.see("ana", in.ID)
	require.Len(t, c.Members[1].Devices, 2)
	require.Equal(t, proto.ChatDevice{ID: b1, SignatureKey: []byte("key of b1"), CreatedAt: w.now.UnixMilli() - 1}, c.Members[1].Devices[0])
	require.Equal(t, "a1", c.Members[0].Devices[0].Name)
	w.sound()

	// The list is the same thing.
	list, err := w.Conversations(ctx, "ana")
	require.NoError(t, err)
	require.Equal(t, []proto.Conversation{c}, list.Conversations)
	list, err = w.Conversations(ctx, "teo")
	require.NoError(t, err)
	require.Equal(t, []proto.Conversation{}, list.Conversations)

	// What is kept is sealed.
	require.Zero(t, w.count(`SELECT count(*) FROM chat_messages WHERE instr(hex(body), hex('welcome')) > 0`))
	require.Zero(t, w.count(`SELECT count(*) FROM chat_conversations WHERE instr(hex(group_info), hex('ben/')) > 0`))
}

func TestOneConversationOfTwo(t *testing.T) {
	w := newSquare(t)
	ctx := t.Context()
	a1, b1, c1 := w.device("ana", "a1"), w.device("ben", "b1"), w.device("cat", "c1")
	first := w.starting(proto.ConversationDirect, []string{"ben"}, a1, b1)
	made, err := w.NewConversation(ctx, "ana", first)
	require.NoError(t, err)
	again, err := w.NewConversation(ctx, "ana", first)
	require.NoError(t, err)
	require.Equal(t, made, again, "the same request again")
	other, err := w.NewConversation(ctx, "ben", w.starting(proto.ConversationDirect, []string{"ana"}, b1, a1))
	require.NoError(t, err)
	require.Equal(t, made.ID, other.ID, "there is one already")
	require.EqualValues(t, 1, other.Epoch)

	// An id that another conversation has.
	taken := w.starting(proto.ConversationDirect, []string{"cat"}, a1, c1)
	taken.ID = first.ID
	taken.First.Commit = frametest.Commit(gid(first.ID, 1), 0, nil)
	taken.First.GroupInfo = frametest.GroupInfo(suite, gid(first.ID, 1), 1, w.leaves([]string{a1, c1})...)
	_, err = w.NewConversation(ctx, "ana", taken)
	require.Equal(t, proto.CodeTaken, code(t, err))
	taken.People = []string{"teo"}
	taken.First.DeviceID, taken.First.Adds, taken.First.Welcome = c1, nil, nil
	taken.First.GroupInfo = frametest.GroupInfo(suite, gid(first.ID, 1), 1, w.leaf(c1))
	_, err = w.NewConversation(ctx, "cat", taken)
	require.Equal(t, proto.CodeTaken, code(t, err), "nobody learns whose it is")
	group := taken
	group.Kind, group.People = proto.ConversationGroup, []string{"teo", "uma"}
	_, err = w.NewConversation(ctx, "cat", group)
	require.Equal(t, proto.CodeTaken, code(t, err))

	// Of groups there are as many as people want; a repeated request makes none.
	g := w.starting(proto.ConversationGroup, []string{"ben", "cat"}, a1, b1, c1)
	for range 2 {
		made, err = w.NewConversation(ctx, "ana", g)
		require.NoError(t, err)
		require.Equal(t, g.ID, made.ID)
	}
	second := w.start(proto.ConversationGroup, []string{"ben", "cat"}, a1, b1, c1)
	require.NotEqual(t, g.ID, second)
	list, err := w.Conversations(ctx, "ana")
	require.NoError(t, err)
	require.Len(t, list.Conversations, 3)
	w.sound()
}

func TestGroup(t *testing.T) {
	w := newSquare(t)
	ctx := t.Context()
	a1, b1, c1 := w.device("ana", "a1"), w.device("ben", "b1"), w.device("cat", "c1")
	// Teo has no device yet, and is in all the same.
	id := w.start(proto.ConversationGroup, []string{"ben", "cat", "teo"}, a1, b1, c1)
	c := w.see("teo", id)
	require.Len(t, c.Members, 4)
	require.Equal(t, "ana", c.CreatedBy)
	t1 := w.device("teo", "t1")
	w.commit("teo", id, w.external(w.see("teo", id), t1))

	// Anybody may bring in a friend of all.
	u1, u2 := w.device("uma", "u1"), w.device("uma", "u2")
	w.commit("ben", id, w.change(w.see("ben", id), b1, []string{u1}, nil))
	require.Len(t, w.see("uma", id).Members, 5)
	require.Equal(t, []string{"welcome"}, w.kinds(u1))
	require.Empty(t, w.queue(u2))
	w.commit("uma", id, w.change(w.see("uma", id), u1, []string{u2}, nil))
	require.Equal(t, []string{"welcome", "commit"}, w.kinds(u1))
	require.Equal(t, []string{"welcome"}, w.kinds(u2))

	// Its maker takes Uma out, with all of her devices.
	in := w.change(w.see("ana", id), a1, nil, []string{u1})
	_, err := w.Commit(ctx, "ana", id, in)
	require.Equal(t, proto.CodeBadMessage, code(t, err))
	w.commit("ana", id, w.change(w.see("ana", id), a1, nil, []string{u1, u2}))
	_, err = w.Conversation(ctx, "uma", id)
	require.Equal(t, proto.CodeNotFound, code(t, err))
	require.Empty(t, w.queue(u1))
	require.Empty(t, w.queue(u2))
	c = w.see("ana", id)
	require.Len(t, c.Members, 4)
	require.ElementsMatch(t, []string{a1, b1, c1, t1}, c.Leaves)

	// And brings her in again.
	w.commit("ana", id, w.change(c, a1, []string{u2}, nil))
	require.Equal(t, []string{"welcome"}, w.kinds(u2))

	// Nobody else takes anybody out.
	_, err = w.Commit(ctx, "ben", id, w.change(w.see("ben", id), b1, nil, []string{u2}))
	require.Equal(t, proto.CodeNotAllowed, code(t, err))

	// Ben leaves: at once he gets nothing more, and no message is taken before
	// somebody has removed him.
	w.say(id, a1, 1)
	require.Contains(t, w.kinds(b1), "message")
	require.NoError(t, w.Leave(ctx, "ben", id))
	require.Empty(t, w.queue(b1))
	_, err = w.Conversation(ctx, "ben", id)
	require.Equal(t, proto.CodeNotFound, code(t, err))
	require.Equal(t, proto.CodeNotFound, code(t, w.Leave(ctx, "ben", id)))
	c = w.see("cat", id)
	require.Equal(t, []string{b1}, c.Remove)
	_, err = w.Commit(ctx, "cat", id, w.change(c, c1, nil, nil))
	require.Equal(t, proto.CodeCommitNeeded, code(t, err))
	w.commit("cat", id, w.change(c, c1, nil, []string{b1}))
	require.Empty(t, w.see("cat", id).Remove)
	require.NotContains(t, w.kinds(b1), "commit")

	// Who made it leaves, too: then nobody can take people out.
	require.NoError(t, w.Leave(ctx, "ana", id))
	require.Empty(t, w.see("cat", id).CreatedBy)
	w.sound()
}

// TestComeInAgain: a device that has lost its way comes in again by itself, and
// a conversation that is beyond help gets a new generation.
func TestComeInAgain(t *testing.T) {
	w := newSquare(t)
	ctx := t.Context()
	a1, b1 := w.device("ana", "a1"), w.device("ben", "b1")
	id := w.start(proto.ConversationDirect, []string{"ben"}, a1, b1)
	out := w.commit("ben", id, w.external(w.see("ben", id), b1))
	require.EqualValues(t, 2, out.Epoch)
	require.ElementsMatch(t, []string{a1, b1}, w.see("ana", id).Leaves)
	var change proto.ChatChange
	hers := w.queue(a1)
	require.NoError(t, json.Unmarshal([]byte(hers[len(hers)-1].Detail), &change))
	require.Equal(t, []string{b1}, change.Removes)
	require.True(t, change.External)

	// Not as if it were new.
	in := w.external(w.see("ben", id), b1)
	in.Removes = nil
	_, err := w.Commit(ctx, "ben", id, in)
	require.Equal(t, proto.CodeBadMessage, code(t, err))

	a2, b2 := w.device("ana", "a2"), w.device("ben", "b2")
	c := w.see("ben", id)
	anew := w.renewal(c, b1, a1, a2, b2)
	out = w.commit("ben", id, anew)
	require.Equal(t, []int64{2, 1}, []int64{out.Generation, out.Epoch})
	require.Equal(t, out, w.commit("ben", id, anew))
	c = w.see("ana", id)
	require.Equal(t, []int64{2, 1}, []int64{c.Generation, c.Epoch})
	require.ElementsMatch(t, []string{a1, a2, b1, b2}, c.Leaves)
	require.Equal(t, []string{"welcome"}, w.kinds(a2))
	his := w.queue(b1)
	require.Equal(t, proto.DeliveryCommit, his[len(his)-1].Kind)
	require.Empty(t, his[len(his)-1].Body)
	require.EqualValues(t, []int64{2, 0}, []int64{his[len(his)-1].Generation, his[len(his)-1].Epoch})

	// What is of the generation before comes too late.
	_, err = w.Commit(ctx, "ben", id, anewAgain(anew))
	require.Equal(t, proto.CodeEpochTaken, code(t, err))

	// Who is not added is not in it, and can come in.
	c = w.see("ana", id)
	w.commit("ana", id, w.renewal(c, a1, a2))
	require.ElementsMatch(t, []string{a1, a2}, w.see("ana", id).Leaves)
	w.commit("ben", id, w.external(w.see("ben", id), b1))

	// Not as often as one likes.
	w.commit("ana", id, w.renewal(w.see("ana", id), a1, b1))
	_, err = w.Commit(ctx, "ana", id, w.renewal(w.see("ana", id), a1, b1))
	require.Equal(t, proto.CodeRateLimited, code(t, err))
	w.sound()
}

func anewAgain(in proto.Commit) proto.Commit {
	in.ID += " again"
	return in
}
