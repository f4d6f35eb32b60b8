package groups_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/framing/frametest"
	"kinwire/signaling/relay/groups"
)

// TestWrongCommits: commits that are not taken, all over one group in which Ana
// has two devices, Ben and Cat one each, and Ben's second is not in.
func TestWrongCommits(t *testing.T) {
	w := newSquareWith(t, groups.Config{MaxPeople: 4, MaxCommit: 4096})
	w.befriend("kai", "ana")
	for _, d := range []string{"a1", "a2", "a3", "b1", "b2", "c1", "k1", "t1", "u1"} {
		w.device(map[byte]string{'a': "ana", 'b': "ben", 'c': "cat", 'k': "kai", 't': "teo", 'u': "uma"}[d[0]], d)
	}
	id := w.start(proto.ConversationGroup, []string{"ben", "cat"}, w.ids["a1"], w.ids["a2"], w.ids["b1"], w.ids["c1"])
	c := w.see("ana", id)
	for what, cases := range map[string]func(*square, proto.Conversation) []wrong{
		"framed": wrongFrames, "adding": wrongAdds, "removing": wrongRemoves, "external": wrongExternals, "anew": wrongAnew,
	} {
		for _, one := range cases(w, c) {
			w.later(2 * time.Hour) // for the limit of new generations
			_, err := w.Commit(t.Context(), one.who, id, one.in)
			require.Error(t, err, one.says)
			require.Equal(t, one.code, code(t, err), "%s, %s: %v", what, one.says, err)
		}
	}
	require.Equal(t, c, w.see("ana", id), "nothing has changed")
	require.Equal(t, []string{"commit"}, w.kinds(w.ids["a1"]))
	require.Equal(t, []string{"welcome"}, w.kinds(w.ids["b1"]))
	w.sound()
}

// wrong is a commit that is not taken.
type wrong struct {
	says, who string
	in        proto.Commit
	code      proto.Code
}

func with(in proto.Commit, change func(in *proto.Commit)) proto.Commit {
	change(&in)
	return in
}

func (w *square) treeOf(c proto.Conversation, epoch int64, devices ...string) []byte {
	return frametest.GroupInfo(suite, gid(c.ID, 1), epoch, w.leaves(devices)...)
}

func wrongFrames(w *square, c proto.Conversation) []wrong {
	a1, a2, a3, b1, c1, k1 := w.ids["a1"], w.ids["a2"], w.ids["a3"], w.ids["b1"], w.ids["c1"], w.ids["k1"]
	ordinary := func(adds, removes []string) proto.Commit { return w.change(c, w.ids["a1"], adds, removes) }
	forged := w.leaves([]string{a1, a2, b1, c1})
	forged[2].SignatureKey = []byte("another key")
	return []wrong{
		{"somebody else’s device", "ben", ordinary(nil, nil), proto.CodeNotFound},
		{"a device that is not there", "ana", w.change(c, "md_x", nil, nil), proto.CodeNotFound},
		{"a device that is not in", "ana", w.change(c, a3, nil, nil), proto.CodeWrongState},
		{"the epoch before", "ana", with(ordinary(nil, nil), func(in *proto.Commit) { in.Epoch = 0 }), proto.CodeEpochTaken},
		{"an epoch to come", "ana", with(ordinary(nil, nil), func(in *proto.Commit) { in.Epoch = 2 }), proto.CodeEpochTaken},
		{"another generation", "ana", with(ordinary(nil, nil), func(in *proto.Commit) { in.Generation = 2 }), proto.CodeEpochTaken},
		{"a commit made in another epoch", "ana", with(ordinary(nil, nil), func(in *proto.Commit) { in.Commit = frametest.Commit(gid(c.ID, 1), 7, nil) }), proto.CodeBadMessage},
		{"a commit of another group", "ana", with(ordinary(nil, nil), func(in *proto.Commit) { in.Commit = frametest.Commit(gid("g_other", 1), 1, nil) }), proto.CodeBadMessage},
		{"no commit but a message", "ana", with(ordinary(nil, nil), func(in *proto.Commit) { in.Commit = frametest.Application(gid(c.ID, 1), 1, nil) }), proto.CodeBadMessage},
		{"no commit but a Welcome", "ana", with(ordinary(nil, nil), func(in *proto.Commit) { in.Commit = frametest.Welcome(suite, 1, nil) }), proto.CodeBadMessage},
		{"no MLS", "ana", with(ordinary(nil, nil), func(in *proto.Commit) { in.Commit = []byte("hello") }), proto.CodeBadMessage},
		{"cut off", "ana", with(ordinary(nil, nil), func(in *proto.Commit) { in.GroupInfo = in.GroupInfo[:len(in.GroupInfo)-1] }), proto.CodeBadMessage},
		{"more behind it", "ana", with(ordinary(nil, nil), func(in *proto.Commit) { in.GroupInfo = append(in.GroupInfo, 0) }), proto.CodeBadMessage},
		{"too large", "ana", with(ordinary(nil, nil), func(in *proto.Commit) { in.Commit = frametest.Commit(gid(c.ID, 1), 1, make([]byte, 4096)) }), proto.CodeTooLarge},
		{"a group info of the old epoch", "ana", with(ordinary(nil, nil), func(in *proto.Commit) { in.GroupInfo = w.treeOf(c, 1, a1, a2, b1, c1) }), proto.CodeBadMessage},
		{"a group info of another suite", "ana", with(ordinary(nil, nil), func(in *proto.Commit) {
			in.GroupInfo = frametest.GroupInfo(83, gid(c.ID, 1), 2, w.leaves([]string{a1, a2, b1, c1})...)
		}), proto.CodeBadMessage},
		{"no group info but a commit", "ana", with(ordinary(nil, nil), func(in *proto.Commit) { in.GroupInfo = in.Commit }), proto.CodeBadMessage},
		{"an add that was not said", "ana", with(ordinary(nil, nil), func(in *proto.Commit) { in.GroupInfo = w.treeOf(c, 2, a1, a2, b1, c1, k1) }), proto.CodeBadMessage},
		{"a remove that was not said", "ana", with(ordinary(nil, nil), func(in *proto.Commit) { in.GroupInfo = w.treeOf(c, 2, a1, a2, c1) }), proto.CodeBadMessage},
		{"a remove that was said and not done", "ana", with(ordinary(nil, []string{a2}), func(in *proto.Commit) { in.GroupInfo = w.treeOf(c, 2, a1, a2, b1, c1) }), proto.CodeBadMessage},
		{"one device twice", "ana", with(ordinary(nil, nil), func(in *proto.Commit) { in.GroupInfo = w.treeOf(c, 2, a1, a2, b1, c1, c1) }), proto.CodeBadMessage},
		{"another key of a device", "ana", with(ordinary(nil, nil), func(in *proto.Commit) { in.GroupInfo = frametest.GroupInfo(suite, gid(c.ID, 1), 2, forged...) }), proto.CodeBadMessage},
		{"a device under another person’s name", "ana", with(ordinary(nil, nil), func(in *proto.Commit) {
			leaves := w.leaves([]string{a1, a2, b1, c1})
			leaves[2].Identity = "kai/" + b1
			in.GroupInfo = frametest.GroupInfo(suite, gid(c.ID, 1), 2, leaves...)
		}), proto.CodeBadMessage},
	}
}

func wrongAdds(w *square, c proto.Conversation) []wrong {
	a1, b1, b2, k1, t1, u1 := w.ids["a1"], w.ids["b1"], w.ids["b2"], w.ids["k1"], w.ids["t1"], w.ids["u1"]
	ordinary := func(adds, removes []string) proto.Commit { return w.change(c, w.ids["a1"], adds, removes) }
	return []wrong{
		{"somebody who is no friend of all", "ana", ordinary([]string{k1}, nil), proto.CodeNotApproved},
		{"… together with one who is", "ana", ordinary([]string{t1, k1}, nil), proto.CodeNotApproved},
		{"somebody whom one does not know", "ben", w.change(c, b1, []string{k1}, nil), proto.CodeNotFound},
		{"too many people", "ana", ordinary([]string{t1, u1}, nil), proto.CodeNotAllowed},
		{"a device that is not there", "ana", ordinary([]string{"md_x"}, nil), proto.CodeNotFound},
		{"a device that is in", "ana", ordinary([]string{b1}, nil), proto.CodeBadMessage},
		{"one twice", "ana", ordinary([]string{b2, b2}, nil), proto.CodeBadMessage},
		{"oneself", "ana", ordinary([]string{a1}, nil), proto.CodeBadMessage},
		{"no welcome", "ana", with(ordinary([]string{b2}, nil), func(in *proto.Commit) { in.Welcome = nil }), proto.CodeBadMessage},
		{"a welcome for two", "ana", with(ordinary([]string{b2}, nil), func(in *proto.Commit) { in.Welcome = frametest.Welcome(suite, 2, nil) }), proto.CodeBadMessage},
		{"a welcome of another suite", "ana", with(ordinary([]string{b2}, nil), func(in *proto.Commit) { in.Welcome = frametest.Welcome(83, 1, nil) }), proto.CodeBadMessage},
		{"a welcome that is none", "ana", with(ordinary([]string{b2}, nil), func(in *proto.Commit) { in.Welcome = in.GroupInfo }), proto.CodeBadMessage},
		{"a welcome for nobody", "ana", with(ordinary(nil, nil), func(in *proto.Commit) { in.Welcome = frametest.Welcome(suite, 1, nil) }), proto.CodeBadMessage},
	}
}

func wrongRemoves(w *square, c proto.Conversation) []wrong {
	a1, a2, b1, b2, c1 := w.ids["a1"], w.ids["a2"], w.ids["b1"], w.ids["b2"], w.ids["c1"]
	ordinary := func(adds, removes []string) proto.Commit { return w.change(c, w.ids["a1"], adds, removes) }
	return []wrong{
		{"removing oneself", "ana", ordinary(nil, []string{a1}), proto.CodeBadMessage},
		{"removing one that is not in", "ana", ordinary(nil, []string{b2}), proto.CodeBadMessage},
		{"removing one twice", "ana", ordinary(nil, []string{a2, a2}), proto.CodeBadMessage},
		{"removing somebody, without having made the group", "ben", w.change(c, b1, nil, []string{c1}), proto.CodeNotAllowed},
		{"removing its maker", "ben", w.change(c, b1, nil, []string{a1, a2}), proto.CodeNotAllowed},
		{"taking somebody out and adding them", "ana", ordinary([]string{b2}, []string{b1}), proto.CodeBadMessage},
	}
}

func wrongExternals(w *square, c proto.Conversation) []wrong {
	b1, b2, k1, t1 := w.ids["b1"], w.ids["b2"], w.ids["k1"], w.ids["t1"]
	return []wrong{
		{"external, and no commit", "ben", with(w.external(c, b2), func(in *proto.Commit) { in.Commit = nil }), proto.CodeBadMessage},
		{"external, and a member’s commit", "ben", with(w.external(c, b2), func(in *proto.Commit) { in.Commit = frametest.Commit(gid(c.ID, 1), 1, nil) }), proto.CodeBadMessage},
		{"external, and not said", "ben", with(w.external(c, b2), func(in *proto.Commit) { in.External = false }), proto.CodeBadMessage},
		{"external, with another’s leaf", "ben", with(w.external(c, b2), func(in *proto.Commit) { in.Commit = frametest.External(gid(c.ID, 1), 1, w.leaf(k1)) }), proto.CodeBadMessage},
		{"external, with another key", "ben", with(w.external(c, b2), func(in *proto.Commit) {
			l := w.leaf(b2)
			l.SignatureKey = []byte("another key")
			in.Commit = frametest.External(gid(c.ID, 1), 1, l)
		}), proto.CodeBadMessage},
		{"external, with adds", "ben", with(w.external(c, b2), func(in *proto.Commit) {
			in.Adds, in.Welcome = []string{t1}, frametest.Welcome(suite, 1, nil)
		}), proto.CodeBadMessage},
		{"external, removing another", "ben", with(w.external(c, b2), func(in *proto.Commit) { in.Removes = []string{b1} }), proto.CodeBadMessage},
		{"external, again without the old leaf", "ben", with(w.external(c, b1), func(in *proto.Commit) { in.Removes = nil }), proto.CodeBadMessage},
		{"external, for another’s device", "ana", w.external(c, b2), proto.CodeNotFound},
	}
}

func wrongAnew(w *square, c proto.Conversation) []wrong {
	a1, b1, c1, t1 := w.ids["a1"], w.ids["b1"], w.ids["c1"], w.ids["t1"]
	return []wrong{
		{"anew, with removes", "ana", with(w.renewal(c, a1, b1), func(in *proto.Commit) { in.Removes = []string{c1} }), proto.CodeBadMessage},
		{"anew, with somebody new", "ana", w.renewal(c, a1, b1, t1), proto.CodeNotAllowed},
		{"anew, with a group info of the old generation", "ana", with(w.renewal(c, a1, b1), func(in *proto.Commit) { in.GroupInfo = w.treeOf(c, 1, a1, b1) }), proto.CodeBadMessage},
		{"anew, with a device twice", "ana", w.renewal(c, a1, b1, b1), proto.CodeBadMessage},
	}
}
