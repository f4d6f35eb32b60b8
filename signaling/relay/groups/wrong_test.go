package groups_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/framing/frametest"
	"kinwire/signaling/relay/groups"
)

// TestWrongPeople: nobody but members sees or changes a conversation, and
// nobody but its person a device.
func TestWrongPeople(t *testing.T) {
	w := newSquare(t)
	ctx := t.Context()
	a1, b1, c1, k1 := w.device("ana", "a1"), w.device("ben", "b1"), w.device("cat", "c1"), w.device("kai", "k1")
	two := w.start(proto.ConversationDirect, []string{"ben"}, a1, b1)
	group := w.start(proto.ConversationGroup, []string{"ben", "cat"}, a1, b1, c1)
	require.NoError(t, w.Leave(ctx, "cat", group))
	before := w.see("ana", group)

	const unknown = "g_zzzzzzzzzzzzzzzzzzzzzzzzzz"
	for _, c := range []struct{ who, id, by string }{
		{"kai", two, k1}, {"cat", two, c1}, {"mum", two, a1}, {"dad", two, b1}, {"olga", two, a1}, // strangers, a friend, parents, staff
		{"cat", group, c1}, // who was in it once
		{"kai", group, k1}, {"ana", unknown, a1}, {"nobody", two, a1}, {"", two, ""},
	} {
		_, err := w.Conversation(ctx, c.who, c.id)
		require.Equal(t, errNoConversation(c.id), err, "%v", c)
		_, err = w.GroupInfo(ctx, c.who, c.id)
		require.Equal(t, errNoConversation(c.id), err, "%v", c)
		require.Equal(t, errNoConversation(c.id), w.Leave(ctx, c.who, c.id))
		seen := before
		seen.ID = c.id
		for _, in := range []proto.Commit{w.change(seen, c.by, nil, nil), w.external(seen, c.by), w.renewal(seen, c.by)} {
			_, err = w.Commit(ctx, c.who, c.id, in)
			require.Equal(t, errNoConversation(c.id), err, "%v", c)
		}
	}
	require.Equal(t, before, w.see("ana", group), "nothing has changed")

	// A conversation of two cannot be left.
	require.Equal(t, proto.CodeNotAllowed, code(t, w.Leave(ctx, "ana", two)))

	// Devices.
	for _, who := range []string{"ben", "mum", "kai", ""} {
		require.Equal(t, proto.CodeNotFound, code(t, w.DeleteDevice(ctx, who, a1)))
		_, err := w.Keys(ctx, who, a1)
		require.Equal(t, proto.CodeNotFound, code(t, err))
		_, err = w.AddKeys(ctx, who, a1, proto.KeyPackagesNew{Suite: suite, Packages: [][]byte{w.pack(a1, "x")}})
		require.Equal(t, proto.CodeNotFound, code(t, err))
		list, err := w.Devices(ctx, who)
		require.NoError(t, err)
		for _, d := range list.Devices {
			require.NotEqual(t, a1, d.ID)
		}
	}
	require.Equal(t, proto.CodeNotFound, code(t, w.DeleteDevice(ctx, "ana", "md_unknown")))
	list, err := w.Devices(ctx, "ana")
	require.NoError(t, err)
	require.Len(t, list.Devices, 1)

	// Key packages: of friends and family, and of nobody else.
	_, err = w.AddKeys(ctx, "ana", a1, proto.KeyPackagesNew{Suite: suite, Packages: [][]byte{w.pack(a1, "x")}})
	require.NoError(t, err)
	take := proto.KeyPackagesTake{Suite: suite}
	for _, who := range []string{"kai", "dad", "olga", "nobody"} {
		_, err = w.TakeKeys(ctx, who, "ana", take)
		require.Error(t, err, who)
	}
	_, err = w.TakeKeys(ctx, "ana", "nobody", take)
	_, other := w.TakeKeys(ctx, "ana", "kai", take)
	require.Equal(t, err, other, "who exists is not told")
	require.Equal(t, proto.CodeNotFound, code(t, err))
	left, err := w.Keys(ctx, "ana", a1)
	require.NoError(t, err)
	require.EqualValues(t, 1, left.Left[0].Count, "none was taken")
	taken, err := w.TakeKeys(ctx, "mum", "ana", take)
	require.NoError(t, err)
	require.Len(t, taken.Packages, 1)
}

func errNoConversation(id string) error {
	return &proto.Error{Code: proto.CodeNotFound, Message: `conversation "` + id + `" is not there: one that this person is in can be asked about`}
}

// TestWrongStarts: conversations that are not made.
func TestWrongStarts(t *testing.T) {
	w := newSquareWith(t, groups.Config{MaxPeople: 4, MaxCommit: 4096})
	ctx := t.Context()
	a1, a2, b1, c1, k1 := w.device("ana", "a1"), w.device("ana", "a2"), w.device("ben", "b1"), w.device("cat", "c1"), w.device("kai", "k1")
	w.befriend("kai", "ana")
	two := func(change func(in *proto.ConversationNew)) proto.ConversationNew {
		in := w.starting(proto.ConversationDirect, []string{"ben"}, a1, b1)
		change(&in)
		return in
	}
	many := func(people []string, devices ...string) proto.ConversationNew {
		return w.starting(proto.ConversationGroup, people, devices...)
	}
	cases := []struct {
		says string
		in   proto.ConversationNew
		code proto.Code
	}{
		{"with oneself", w.starting(proto.ConversationDirect, []string{"ana"}, a1, a2), proto.CodeBadMessage},
		{"with nobody", w.starting(proto.ConversationDirect, nil, a1, a2), proto.CodeNotAllowed},
		{"a stranger", w.starting(proto.ConversationDirect, []string{"uhu"}, a1), proto.CodeNotFound},
		{"a person whom one does not know", w.starting(proto.ConversationDirect, []string{"dad"}, a1), proto.CodeNotFound},
		{"the staff", w.starting(proto.ConversationDirect, []string{"olga"}, a1), proto.CodeNotFound},
		{"two of three are no friends", many([]string{"ben", "kai"}, a1, b1, k1), proto.CodeNotApproved},
		{"a pair of two as a group", many([]string{"ben"}, a1, b1), proto.CodeNotAllowed},
		{"three as a conversation of two", w.starting(proto.ConversationDirect, []string{"ben", "cat"}, a1), proto.CodeNotAllowed},
		{"too many people", many([]string{"ben", "cat", "teo", "uma"}, a1), proto.CodeNotAllowed},
		{"somebody twice", many([]string{"ben", "ben", "cat"}, a1), proto.CodeBadMessage},
		{"no kind", two(func(in *proto.ConversationNew) { in.Kind = "club" }), proto.CodeBadMessage},
		{"an id that was not drawn", two(func(in *proto.ConversationNew) { in.ID = "g_hello" }), proto.CodeBadMessage},
		{"an unknown suite", two(func(in *proto.ConversationNew) { in.Suite = 7 }), proto.CodeNotAllowed},
		{"a suite that is not the commit’s", two(func(in *proto.ConversationNew) { in.Suite = 83 }), proto.CodeBadMessage},
		{"another generation", two(func(in *proto.ConversationNew) { in.First.Generation = 2 }), proto.CodeBadMessage},
		{"another epoch", two(func(in *proto.ConversationNew) { in.First.Epoch = 1 }), proto.CodeBadMessage},
		{"an external commit", two(func(in *proto.ConversationNew) { in.First.External = true }), proto.CodeBadMessage},
		{"somebody else’s device", two(func(in *proto.ConversationNew) { in.First.DeviceID = b1 }), proto.CodeNotFound},
		{"a device that is not there", two(func(in *proto.ConversationNew) { in.First.DeviceID = "md_x" }), proto.CodeNotFound},
		{"adding a device of somebody else", w.starting(proto.ConversationDirect, []string{"ben"}, a1, b1, c1), proto.CodeNotFound},
		{"adding one that is not there", w.starting(proto.ConversationDirect, []string{"ben"}, a1, "md_x"), proto.CodeNotFound},
		{"adding oneself", w.starting(proto.ConversationDirect, []string{"ben"}, a1, a1), proto.CodeBadMessage},
		{"adding one twice", w.starting(proto.ConversationDirect, []string{"ben"}, a1, b1, b1), proto.CodeBadMessage},
		{"removing", two(func(in *proto.ConversationNew) { in.First.Removes = []string{b1} }), proto.CodeBadMessage},
		{"no welcome", two(func(in *proto.ConversationNew) { in.First.Welcome = nil }), proto.CodeBadMessage},
		{"no group info", two(func(in *proto.ConversationNew) { in.First.GroupInfo = nil }), proto.CodeBadMessage},
		{"the group of another conversation", two(func(in *proto.ConversationNew) { in.ID = w.draw() }), proto.CodeBadMessage},
		{"too large", two(func(in *proto.ConversationNew) { in.First.Welcome = frametest.Welcome(suite, 1, make([]byte, 4096)) }), proto.CodeTooLarge},
	}
	for _, c := range cases {
		_, err := w.NewConversation(ctx, "ana", c.in)
		require.Error(t, err, c.says)
		require.Equal(t, c.code, code(t, err), "%s: %v", c.says, err)
	}
	require.Zero(t, w.count(`SELECT count(*) FROM chat_conversations`))
	require.Zero(t, w.count(`SELECT count(*) FROM chat_messages`))

	w.do(`UPDATE consent_scopes SET given = 0 WHERE scope = 'messages' AND consent_id = 'cs_ben'`)
	_, err := w.NewConversation(ctx, "ana", two(func(*proto.ConversationNew) {}))
	require.Equal(t, proto.CodeNeedsConsent, code(t, err))
}
