package groups_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/groups"
)

// shut waits until members have been told that a conversation is shut, or open.
func (w *square) shut(id string, why proto.ConversationShut) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		return w.count(`SELECT count(*) FROM chat_conversations WHERE id = $1 AND shut = $2`, id, string(why)) == 1
	}, 10*time.Second, 5*time.Millisecond, "%q", why)
}

// notices is what the server tells a device of what did not arrive.
func (w *square) notices(device string) (all []proto.ChatNotice) {
	for _, q := range w.queue(device) {
		if q.Kind == proto.DeliveryNotice {
			var n proto.ChatNotice
			require.NoError(w.t, json.Unmarshal([]byte(q.Detail), &n))
			all = append(all, n)
		}
	}
	return all
}

// TestApart: for each way in which two people may not write to each other any
// more, their conversation is shut, nothing of it waits for either, and it goes
// on as it was when they may again.
func TestApart(t *testing.T) {
	suspend := func(who, state string) func(*square) {
		return func(w *square) { w.do(`UPDATE people SET state = $1 WHERE id = $2`, state, who) }
	}
	consent := func(child, state string) func(*square) {
		return func(w *square) { w.do(`UPDATE consents SET state = $1 WHERE child_id = $2`, state, child) }
	}
	scope := func(child string, given int) func(*square) {
		return func(w *square) {
			w.do(`UPDATE consent_scopes SET given = $1 WHERE scope = 'messages' AND consent_id = $2`, given, "cs_"+child)
		}
	}
	cases := []ending{
		{"unfriended", func(w *square) { w.part("ana", "ben") }, func(w *square) { w.befriend("ana", "ben") }, []string{"ana", "ben"}, proto.ShutNotApproved, proto.CodeNotFound, ""},
		{"Ben blocks", func(w *square) { w.block("ben", "ana") }, func(w *square) { w.befriend("ana", "ben") }, []string{"ana", "ben"}, proto.ShutNotApproved, proto.CodeNotFound, ""},
		{"Ana blocks", func(w *square) { w.block("ana", "ben") }, func(w *square) { w.befriend("ana", "ben") }, []string{"ben", "ana"}, proto.ShutNotApproved, proto.CodeNotFound, ""},
		{"Ben’s consent", consent("ben", "withdrawn"), consent("ben", "granted"), []string{"ben"}, proto.ShutNeedsConsent, proto.CodeNeedsConsent, ""},
		{"Ana’s messages", scope("ana", 0), scope("ana", 1), []string{"ana"}, proto.ShutNeedsConsent, proto.CodeNeedsConsent, proto.ShutNeedsConsent},
		{"Ben suspended", suspend("ben", "suspended"), suspend("ben", "active"), []string{"ben"}, proto.ShutNotApproved, proto.CodeNotFound, ""},
	}
	for _, c := range cases {
		t.Run(c.says, func(t *testing.T) { c.play(t, newSquare(t)) })
	}
}

// ending is a way in which two people may not write to each other any more, and
// back.
type ending struct {
	says       string
	end, again func(*square)
	whose      []string // relations, as is said
	why        proto.ConversationShut
	code       proto.Code
	teo        proto.ConversationShut // what becomes of Ana's with Teo
}

func (c ending) play(t *testing.T, w *square) {
	ctx := t.Context()
	w.run()
	a1, a2, b1, t1 := w.device("ana", "a1"), w.device("ana", "a2"), w.device("ben", "b1"), w.device("teo", "t1")
	id := w.start(proto.ConversationDirect, []string{"ben"}, a1, a2, b1)
	other := w.start(proto.ConversationDirect, []string{"teo"}, a1, t1)
	w.say(id, a1, 1)
	w.say(id, b1, 1)
	w.say(other, t1, 1)
	require.Equal(t, []string{"welcome", "message"}, w.kinds(b1))
	w.hears(id, "ana", "ben")
	w.hears(other, "ana", "teo")
	w.silence()

	c.end(w)
	// At once nothing is taken any more; the rest follows within a moment.
	_, err := w.Commit(ctx, "ana", id, w.change(w.see("ana", id), a1, nil, []string{a2}))
	require.Equal(t, c.code, code(t, err))
	_, err = w.GroupInfo(ctx, "ana", id)
	require.Equal(t, c.code, code(t, err))
	seen := w.see("ana", id)
	require.Equal(t, c.why, seen.Shut)
	require.Len(t, seen.Members[0].Devices, 2)
	require.Empty(t, seen.Members[1].Devices, "his devices are none of her business")
	w.Recheck(c.whose...)
	w.shut(id, c.why)
	w.hears(id, "ana", "ben")
	w.shut(other, c.teo)
	for _, d := range []string{a1, a2, b1} {
		for _, q := range w.queue(d) {
			require.True(t, q.ConversationID == other && c.teo == "" || q.Kind == proto.DeliveryNotice, "%v", q)
		}
	}
	require.Equal(t, []proto.ChatNotice{{Reason: proto.UndeliveredStopped, UserID: "ben", Seqs: []int64{3}}}, w.notices(a1))
	w.sound()
	if c.teo == "" {
		require.Equal(t, []string{"welcome"}, w.kinds(t1))
		require.Contains(t, w.kinds(a1), "message", "Teo’s stays")
		require.NotContains(t, w.heard(), "teo "+other, "nobody else is told")
	}

	list, err := w.Contacts(ctx, "ana")
	require.NoError(t, err)
	require.Len(t, list.Contacts, 2)
	for _, contact := range list.Contacts {
		require.Equal(t, map[string]proto.ConversationShut{"Ben": c.why, "Teo": c.teo}[contact.People[0].Name], contact.Shut)
	}

	w.silence()
	c.again(w)
	require.Empty(t, w.see("ana", id).Shut)
	w.Recheck(c.whose...)
	w.shut(id, "")
	w.hears(id, "ana", "ben")
	require.ElementsMatch(t, []string{a1, a2, b1}, w.see("ben", id).Leaves, "the MLS group is the one it was")
	w.say(id, a1, 2)
	require.Equal(t, "message", w.kinds(b1)[len(w.kinds(b1))-1])
	w.sound()
}

// TestBlockedInTheMiddle: in a group of four, one blocks another.
func TestBlockedInTheMiddle(t *testing.T) {
	w := newSquare(t)
	ctx := t.Context()
	w.run()
	a1, b1, c1, t1 := w.device("ana", "a1"), w.device("ben", "b1"), w.device("cat", "c1"), w.device("teo", "t1")
	id := w.start(proto.ConversationGroup, []string{"ben", "cat", "teo"}, a1, b1, c1, t1)
	w.say(id, a1, 1)
	w.say(id, t1, 1)
	w.hears(id, "ana", "ben", "cat", "teo")
	w.silence()
	c := w.see("ana", id)

	w.block("cat", "teo")
	_, err := w.Commit(ctx, "ana", id, w.change(c, a1, nil, nil))
	require.Equal(t, proto.CodeNotApproved, code(t, err))
	w.Recheck("cat", "teo")
	w.hears(id, "ana", "ben", "cat", "teo")
	require.Equal(t, []string{"notice", "notice", "notice"}, w.kinds(t1), "to three people what he said did not get")
	for _, d := range []string{b1, c1} {
		require.Equal(t, []string{"welcome", "message"}, w.kinds(d), "Ana’s came, Teo’s is stopped")
	}
	require.Equal(t, []proto.ChatNotice{{Reason: proto.UndeliveredStopped, UserID: "teo", Seqs: []int64{3}}}, w.notices(a1))
	_, err = w.Conversation(ctx, "teo", id)
	require.Equal(t, proto.CodeNotFound, code(t, err))
	c = w.see("ana", id)
	require.Equal(t, []string{t1}, c.Remove)
	require.Empty(t, c.Shut)

	// He cannot come in again, nor be brought in.
	_, err = w.Commit(ctx, "teo", id, w.external(c, t1))
	require.Equal(t, proto.CodeNotFound, code(t, err))
	w.commit("ben", id, w.change(c, b1, nil, []string{t1}))
	c = w.see("ana", id)
	_, err = w.Commit(ctx, "ana", id, w.change(c, a1, []string{t1}, nil))
	require.Equal(t, proto.CodeNotApproved, code(t, err))

	// When they are friends again, somebody has to bring him in.
	w.befriend("cat", "teo")
	w.Recheck("cat", "teo")
	require.Equal(t, []string{a1, b1, c1}, sorted(w.see("ana", id).Leaves, a1, b1, c1))
	w.commit("ana", id, w.change(c, a1, []string{t1}, nil))
	require.Len(t, w.see("teo", id).Members, 4)
	w.sound()
}

// sorted puts ids into the order of want.
func sorted(ids []string, want ...string) (all []string) {
	for _, id := range want {
		for _, has := range ids {
			if id == has {
				all = append(all, id)
			}
		}
	}
	return all
}

// TestFlaggedAndAddedInOne: somebody who was out comes back before anybody has
// removed the old leaf.
func TestFlaggedAndAddedInOne(t *testing.T) {
	w := newSquare(t)
	a1, b1, c1 := w.device("ana", "a1"), w.device("ben", "b1"), w.device("cat", "c1")
	id := w.start(proto.ConversationGroup, []string{"ben", "cat"}, a1, b1, c1)
	require.NoError(t, w.Leave(t.Context(), "ben", id))
	c := w.see("ana", id)
	w.commit("ana", id, w.change(c, a1, []string{b1}, []string{b1}))
	require.Equal(t, []string{"welcome"}, w.kinds(b1))
	c = w.see("ben", id)
	require.Empty(t, c.Remove)
	require.ElementsMatch(t, []string{a1, b1, c1}, c.Leaves)
	w.sound()
}

func TestDevicesGo(t *testing.T) {
	w := newSquareWith(t, groups.Config{DeviceIdle: 24 * time.Hour, SweepInterval: 10 * time.Millisecond, MaxDevices: 2, NewDevice: groups.Rate{Burst: 4, Every: 1000 * time.Hour}})
	ctx := t.Context()
	a1, b1, b2, c1 := w.device("ana", "a1"), w.device("ben", "b1"), w.device("ben", "b2"), w.device("cat", "c1")
	_, err := w.NewDevice(ctx, "ben", "x", proto.ChatDeviceNew{Name: "b3", SignatureKey: []byte("k")})
	require.Equal(t, proto.CodeWrongState, code(t, err), "two, and no more")
	for says, in := range map[string]proto.ChatDeviceNew{"no name": {SignatureKey: []byte("k")}, "no key": {Name: "x"}, "a long key": {Name: "x", SignatureKey: make([]byte, 5000)}} {
		_, err = w.NewDevice(ctx, "ben", "x", in)
		require.Equal(t, proto.CodeBadMessage, code(t, err), says)
	}
	_, err = w.NewDevice(ctx, "nobody", "x", proto.ChatDeviceNew{Name: "x", SignatureKey: []byte("k")})
	require.Equal(t, proto.CodeWrongState, code(t, err))

	id := w.start(proto.ConversationGroup, []string{"ben", "cat"}, a1, b1, b2, c1)
	w.say(id, a1, 1)
	w.run()
	w.hears(id, "ana", "ben", "cat")
	w.silence()

	// A device is removed: it gets nothing any more, its person does.
	require.NoError(t, w.DeleteDevice(ctx, "ben", b1))
	require.Equal(t, []string{b1}, w.detached)
	w.hears(id, "ana", "ben", "cat")
	require.Empty(t, w.notices(a1), "Ben has the message on his other device")
	c := w.see("ana", id)
	require.Equal(t, []string{b1}, c.Remove)
	require.Equal(t, []string{"welcome", "message"}, w.kinds(b2))
	require.Zero(t, w.count(`SELECT count(*) FROM chat_queue WHERE device_id = $1`, b1))
	w.commit("cat", id, w.change(c, c1, nil, []string{b1}))
	require.Empty(t, w.see("ana", id).Remove)

	// Ben signs out where b2 is: now the message has not arrived.
	require.NoError(t, w.LoginsEnded(ctx, "ben", []string{"", "login of b1", "login of a1"}))
	require.NotContains(t, w.detached, a1, "somebody else’s login")
	require.NoError(t, w.LoginsEnded(ctx, "ben", []string{"login of b2"}))
	require.Contains(t, w.detached, b2)
	require.Equal(t, []proto.ChatNotice{{Reason: proto.UndeliveredStopped, UserID: "ben", Seqs: []int64{3}}}, w.notices(a1))
	c = w.see("ben", id)
	require.Equal(t, []string{b2}, c.Remove, "he is in the group, without a device")
	w.commit("ana", id, w.change(c, a1, nil, []string{b2}))

	// A new one comes in by itself.
	b3 := w.device("ben", "b3")
	w.commit("ben", id, w.external(w.see("ben", id), b3))
	w.sound()

	// What is not used for long goes.
	w.do(`UPDATE chat_devices SET seen_at = seen_at - 86500000 WHERE id = $1`, c1)
	require.Eventually(t, func() bool { return w.count(`SELECT count(*) FROM chat_devices WHERE id = $1`, c1) == 0 }, 10*time.Second, 5*time.Millisecond)
	require.Eventually(t, func() bool { return len(w.see("ana", id).Remove) == 1 }, 10*time.Second, 5*time.Millisecond)
	require.Equal(t, 2, w.count(`SELECT count(*) FROM chat_devices`))
	w.sound()
}

// TestDeletedAccount: what is left of somebody who is gone is settled, though
// nothing leads from them to it any more.
func TestDeletedAccount(t *testing.T) {
	w := newSquare(t)
	ctx := t.Context()
	w.run()
	a1, b1, t1, u1 := w.device("ana", "a1"), w.device("ben", "b1"), w.device("teo", "t1"), w.device("uma", "u1")
	two := w.start(proto.ConversationDirect, []string{"ana"}, t1, a1)
	group := w.start(proto.ConversationGroup, []string{"ana", "ben"}, t1, a1, b1)
	both := w.start(proto.ConversationDirect, []string{"uma"}, t1, u1)
	w.say(group, a1, 1)
	w.say(two, t1, 1)
	w.hears(group, "ana", "ben", "teo")
	w.hears(two, "ana", "teo")
	w.silence()
	w.do(`DELETE FROM people WHERE id = 'teo'`)

	// At once the device counts as one that has to be removed.
	c := w.see("ana", group)
	require.Equal(t, []string{t1}, c.Remove)
	require.Len(t, c.Members, 2)
	require.Equal(t, proto.ShutAlone, w.see("ana", two).Shut)
	in := w.change(c, a1, nil, []string{t1})
	_, err := w.Commit(ctx, "ana", group, w.change(c, a1, nil, nil))
	require.Equal(t, proto.CodeCommitNeeded, code(t, err))

	w.Recheck("teo")
	w.hears(group, "ana", "ben")
	w.hears(two, "ana")
	require.Eventually(t, func() bool { return w.see("ana", group).CreatedBy == "" }, 10*time.Second, 5*time.Millisecond)
	w.commit("ana", group, in)
	w.shut(two, proto.ShutAlone)
	list, err := w.Contacts(ctx, "ana")
	require.NoError(t, err)
	require.Len(t, list.Contacts, 1, "with somebody who is gone nobody writes")

	// When the other one goes, too, nothing is left.
	w.do(`DELETE FROM people WHERE id = 'uma'`)
	w.Recheck("uma")
	require.Eventually(t, func() bool {
		return w.count(`SELECT count(*) FROM chat_conversations WHERE id = $1`, both) == 0
	}, 10*time.Second, 5*time.Millisecond)
	require.Zero(t, w.count(`SELECT count(*) FROM chat_messages WHERE conversation_id = $1`, both))
	require.Zero(t, w.count(`SELECT count(*) FROM chat_leaves WHERE conversation_id = $1`, both))
}

// TestLastOneLeaves: a group that everybody has left is deleted.
func TestLastOneLeaves(t *testing.T) {
	w := newSquare(t)
	ctx := t.Context()
	w.run()
	a1, b1, c1 := w.device("ana", "a1"), w.device("ben", "b1"), w.device("cat", "c1")
	id := w.start(proto.ConversationGroup, []string{"ben", "cat"}, a1, b1, c1)
	w.say(id, a1, 1)
	require.NoError(t, w.Leave(ctx, "ben", id))
	require.NoError(t, w.Leave(ctx, "cat", id))
	w.shut(id, proto.ShutAlone)
	require.Equal(t, proto.ShutAlone, w.see("ana", id).Shut)

	// Whoever is left alone may bring a friend in again.
	c := w.see("ana", id)
	w.commit("ana", id, w.change(c, a1, []string{b1}, []string{b1, c1}))
	w.shut(id, "")
	require.NoError(t, w.Leave(ctx, "ben", id))
	require.NoError(t, w.Leave(ctx, "ana", id))
	require.Eventually(t, func() bool { return w.count(`SELECT count(*) FROM chat_conversations`) == 0 }, 10*time.Second, 5*time.Millisecond)
	require.Zero(t, w.count(`SELECT count(*) FROM chat_messages`))
	require.Zero(t, w.count(`SELECT count(*) FROM chat_queue`))
}

// TestWhatNobodyNoted: the server went down between a block and its Recheck. As
// soon as it runs again, nothing waits any more; and whoever looks at a
// conversation has it put in order.
func TestWhatNobodyNoted(t *testing.T) {
	w := newSquare(t)
	a1, b1, c1 := w.device("ana", "a1"), w.device("ben", "b1"), w.device("cat", "c1")
	ids := []string{}
	for range 3 {
		ids = append(ids, w.start(proto.ConversationGroup, []string{"ben", "cat"}, a1, b1, c1))
	}
	two := w.start(proto.ConversationDirect, []string{"ben"}, a1, b1)
	w.say(ids[1], b1, 1)
	w.say(two, b1, 2)
	w.block("ana", "ben")
	stop := w.run()
	require.Eventually(t, func() bool { return w.count(`SELECT count(*) FROM chat_members WHERE state = 'out'`) == 3 }, 10*time.Second, 5*time.Millisecond)
	w.shut(two, proto.ShutNotApproved)
	for _, d := range []string{a1, c1} {
		require.NotContains(t, w.kinds(d), "message")
	}
	w.sound()
	stop()

	w.befriend("ana", "ben")
	require.Empty(t, w.see("ana", two).Shut, "what is true is asked each time")
	w.run()
	w.see("ana", two)
	w.shut(two, "")
}

// TestBetweenAskingAndCarryingOut: who was blocked while a commit was on its
// way is out again a moment later.
func TestBetweenAskingAndCarryingOut(t *testing.T) {
	w := newSquare(t)
	a1, b1, c1, t1 := w.device("ana", "a1"), w.device("ben", "b1"), w.device("cat", "c1"), w.device("teo", "t1")
	id := w.start(proto.ConversationGroup, []string{"ben", "cat"}, a1, b1, c1)
	w.commit("ana", id, w.change(w.see("ana", id), a1, []string{t1}, nil))
	w.block("cat", "teo") // nobody says Recheck: it happened before the commit was through
	w.run()
	require.Eventually(t, func() bool { return fmt.Sprint(w.see("ana", id).Remove) == fmt.Sprint([]string{t1}) }, 10*time.Second, 5*time.Millisecond)
	require.Empty(t, w.queue(t1))
	w.sound()
}
