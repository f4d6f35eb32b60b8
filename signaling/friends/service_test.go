package friends_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/friends"
	"kinwire/signaling/proto"
)

func TestTwoChildren(t *testing.T) {
	y := newYard(t)
	ctx := t.Context()
	asked := y.ask("ana", "ben")
	require.Equal(t, proto.FriendRequest{
		ID: asked.ID, With: proto.NameOf{Name: "Ben", Avatar: "🦊"}, Mine: true, State: proto.FriendPending,
		Missing:   []proto.Need{proto.NeedB, proto.NeedParentA, proto.NeedParentB},
		CreatedAt: y.now.UnixMilli(), ExpiresAt: y.now.Add(30 * 24 * time.Hour).UnixMilli(),
	}, asked)
	require.Equal(t, []string{"relations ana ben", "family dad mum pop"}, y.heard())
	require.Equal(t, []proto.FriendRequest{asked}, y.requests("ana"))
	his := y.requests("ben")
	require.Len(t, his, 1)
	require.Equal(t, proto.NameOf{Name: "Ana", Avatar: "🦊"}, his[0].With)
	require.False(t, his[0].Mine)
	require.Equal(t, []proto.Need{proto.NeedA, proto.NeedParentA, proto.NeedParentB}, his[0].Missing)

	again := y.ask("ana", "ben")
	require.Equal(t, asked, again, "asking twice is no nagging: nothing happens")
	require.Empty(t, y.heard())

	ana, err := y.st.PeopleFacts(ctx, []string{"ana"}, "", "")
	require.NoError(t, err)
	want := proto.Approval{
		ID: asked.ID, Child: ana[0].Person, Other: proto.NameOf{Name: "Ben", Avatar: "🦊"}, OtherRole: proto.RoleChild,
		Asked: true, ChildYes: true, CreatedAt: asked.CreatedAt, ExpiresAt: asked.ExpiresAt,
	}
	require.Equal(t, []proto.Approval{want}, y.approvals("mum"))
	require.Equal(t, []proto.Approval{want}, y.approvals("pop"))
	require.Len(t, y.approvals("dad"), 1)
	require.Empty(t, y.approvals("gran"))
	require.Empty(t, y.approvals("ana"))

	y.decide("pop", "ana", asked.ID, true)
	require.Empty(t, y.approvals("mum"), "one parent is enough")
	require.True(t, y.approvals("dad")[0].OtherYes)
	require.False(t, y.approvals("dad")[0].ChildYes)
	accepted, err := y.Accept(ctx, "ben", asked.ID)
	require.NoError(t, err)
	require.Equal(t, []proto.Need{proto.NeedParentA}, accepted.Missing)
	require.False(t, y.are("ana", "ben"))
	y.heard()
	y.decide("dad", "ben", asked.ID, true)
	require.True(t, y.are("ana", "ben"))
	require.Equal(t, []string{"relations ana ben", "family dad mum pop"}, y.heard())
	require.Empty(t, y.requests("ana"))
	require.Empty(t, y.approvals("dad"))

	require.NoError(t, y.End(ctx, "dad", "ben", "ana"))
	require.False(t, y.are("ana", "ben"))
	require.Equal(t, []string{
		"ana friend.asked f for=ana other=ben",
		"pop friend.approved f for=ana other=ben",
		"ben friend.accepted f for=ben other=ana",
		"dad friend.approved f for=ben other=ana",
		"dad friend.made f for=ben other=ana",
		"dad friend.ended f for=ben other=ana",
	}, y.audit())
	y.code(proto.CodeNotFound, y.End(ctx, "ana", "ana", "ben"))
	y.code(proto.CodeNotAllowed, func() error { _, err := y.Ask(ctx, "ana", y.codes["ben"]); return err }())
}

func TestAskingBackIsAccepting(t *testing.T) {
	y := newYard(t)
	require.Equal(t, proto.FriendPending, y.ask("teo", "uma").State)
	back := y.ask("uma", "teo")
	require.Equal(t, proto.FriendApproved, back.State)
	require.Equal(t, "teo", back.With.ID, "friends know each other")
	require.True(t, y.are("teo", "uma"))
	y.code(proto.CodeWrongState, func() error { _, err := y.Ask(t.Context(), "teo", y.codes["uma"]); return err }())
}

// TestNobodyToBeFound: whoever cannot be reached looks like nobody.
func TestNobodyToBeFound(t *testing.T) {
	y := newYard(t)
	ctx := t.Context()
	y.friends([2]string{"ana", "teo"})
	require.NoError(t, y.Block(ctx, "teo", "teo", "ana"))
	y.do(`UPDATE people SET state = 'suspended' WHERE id = 'ben'`)
	_, want := y.Ask(ctx, "ana", "222-2222-222")
	y.code(proto.CodeNotFound, want)
	for name, code := range map[string]string{
		"blocked": y.codes["teo"], "suspended": y.codes["ben"], "staff": y.codes["olga"], "a name": "Uma", "an id": "uma", "empty": "", "SQL": "' OR 1=1",
	} {
		_, err := y.Ask(ctx, "ana", code)
		require.Equal(t, want, err, name)
	}
	_, err := y.Ask(ctx, "ana", y.codes["ana"])
	y.code(proto.CodeNotAllowed, err)
	_, err = y.Ask(ctx, "ana", " "+strings.ToLower(strings.ReplaceAll(y.codes["uma"], "-", " "))+"\n")
	require.NoError(t, err, "typed in another way")
}

func TestGuessingIsSlowed(t *testing.T) {
	y := newYard(t)
	ctx := t.Context()
	tries := 0
	for ; tries < 100; tries++ {
		_, err := y.Ask(ctx, "ana", "222-2222-222")
		var e *proto.Error
		require.ErrorAs(t, err, &e)
		if e.Code == proto.CodeRateLimited {
			break
		}
	}
	require.Equal(t, 10, tries)
	_, err := y.Ask(ctx, "ana", y.codes["uma"])
	y.code(proto.CodeRateLimited, err)
	_, err = y.Ask(ctx, "teo", y.codes["uma"])
	require.NoError(t, err, "others are not held up")
	y.now = y.now.Add(30 * time.Second)
	_, err = y.Ask(ctx, "ana", y.codes["uma"])
	require.NoError(t, err)
}

func TestCodesTurn(t *testing.T) {
	y := newYard(t)
	ctx := t.Context()
	same, err := y.Code(ctx, "uma")
	require.NoError(t, err)
	require.Equal(t, y.codes["uma"], same.Code)
	require.Equal(t, "https://kin.example/#friend="+same.Code, same.URL)
	next, err := y.NewCode(ctx, "uma")
	require.NoError(t, err)
	require.NotEqual(t, same.Code, next.Code)
	_, err = y.Ask(ctx, "teo", same.Code)
	y.code(proto.CodeNotFound, err)
	_, err = y.Ask(ctx, "teo", next.Code)
	require.NoError(t, err)
	_, err = y.NewCode(ctx, "nobody")
	require.Error(t, err)
}

func TestWithoutConsent(t *testing.T) {
	y := newYard(t)
	ctx := t.Context()
	r := y.ask("uma", "ana")
	y.friends([2]string{"ana", "teo"}, [2]string{"ana", "gran"})
	y.do(`UPDATE consents SET state = 'withdrawn' WHERE child_id = 'ana'`)
	_, err := y.Ask(ctx, "ana", y.codes["teo"])
	y.code(proto.CodeNeedsConsent, err)
	_, err = y.Accept(ctx, "ana", r.ID)
	y.code(proto.CodeNeedsConsent, err)
	_, err = y.Introduce(ctx, "ana", []string{"teo", "gran"})
	y.code(proto.CodeNeedsConsent, err)
	require.NoError(t, y.Decline(ctx, "ana", r.ID), "no can always be said")
}

// TestOnlyTheTwo: a request is nobody else's, and an old one is nothing.
func TestOnlyTheTwo(t *testing.T) {
	y := newYard(t)
	ctx := t.Context()
	r := y.ask("ana", "ben")
	for _, who := range []string{"cat", "mum", "nobody"} {
		if who != "nobody" {
			_, err := y.Accept(ctx, who, r.ID)
			y.code(proto.CodeNotFound, err)
		}
		y.code(proto.CodeNotFound, y.Decline(ctx, who, r.ID))
		_, err := y.Remind(ctx, who, r.ID)
		y.code(proto.CodeNotFound, err)
	}
	for _, d := range []struct{ parent, child, req string }{
		{"gran", "ana", r.ID}, {"dad", "ana", r.ID}, {"mum", "ben", r.ID}, {"mum", "cat", r.ID}, {"ana", "ana", r.ID}, {"mum", "ana", "f_none"},
	} {
		for _, yes := range []bool{true, false} {
			y.code(proto.CodeNotFound, y.Decide(ctx, d.parent, d.req, proto.Decide{ChildID: d.child, Approve: yes}))
		}
	}
	require.NoError(t, y.Decline(ctx, "ana", r.ID), "one's own: taken back")
	second := y.ask("ana", "ben")
	require.NotEqual(t, r.ID, second.ID)
	_, err := y.Accept(ctx, "ben", r.ID)
	y.code(proto.CodeNotFound, err)
	y.code(proto.CodeNotFound, y.End(ctx, "ana", "ana", "ben"))
	y.code(proto.CodeNotFound, y.End(ctx, "ana", "ana", "uma"))
	y.code(proto.CodeNotFound, y.End(ctx, "ana", "ana", "ana"))
	y.code(proto.CodeNotFound, y.End(ctx, "ana", "ana", "nobody"))
}

func TestBlocks(t *testing.T) {
	y := newYard(t)
	ctx := t.Context()
	r := y.ask("uma", "ana")
	y.heard()
	require.NoError(t, y.Block(ctx, "mum", "ana", r.ID), "who asks is known by the request alone")
	require.Equal(t, []string{"relations ana uma", "family mum pop"}, y.heard())
	require.Empty(t, y.requests("ana"))
	require.Empty(t, y.requests("uma"))
	require.Empty(t, y.approvals("mum"))
	list, err := y.Blocks(ctx, "ana")
	require.NoError(t, err)
	require.Equal(t, []proto.NameOf{{ID: "uma", Name: "Uma", Avatar: "🦊"}}, list.Blocked)
	y.code(proto.CodeNotAllowed, y.Unblock(ctx, "ana", "ana", "uma"))
	require.NoError(t, y.Unblock(ctx, "pop", "ana", "uma"))
	require.Empty(t, y.requests("ana"), "nothing is revived")

	y.friends([2]string{"ana", "teo"})
	require.NoError(t, y.Block(ctx, "ana", "ana", "teo"))
	require.False(t, y.are("ana", "teo"))
	require.NoError(t, y.Unblock(ctx, "ana", "ana", "teo"))
	require.False(t, y.are("ana", "teo"))

	y.code(proto.CodeNotAllowed, y.Block(ctx, "ana", "ana", "mum"))
	y.code(proto.CodeNotAllowed, y.End(ctx, "mum", "ana", "mum"))
	for _, whom := range []string{"cat", "nobody", "ana", "f_none", r.ID + "x"} {
		y.code(proto.CodeNotFound, y.Block(ctx, "ana", "ana", whom))
		y.code(proto.CodeNotFound, y.Unblock(ctx, "ana", "ana", whom))
	}
	y.code(proto.CodeNotFound, y.Block(ctx, "dad", "ana", "uma"))
	require.Equal(t, []string{
		"uma friend.asked f for=uma other=ana",
		"mum block.set uma for=ana other=uma",
		"pop block.lifted uma for=ana other=uma",
		"ana block.set teo for=ana other=teo",
		"ana block.lifted teo for=ana other=teo",
	}, y.audit())
}

func TestRemind(t *testing.T) {
	y := newYard(t)
	ctx := t.Context()
	r := y.ask("ana", "ben")
	y.heard()
	asked, err := y.Remind(ctx, "ana", r.ID)
	require.NoError(t, err)
	require.Equal(t, 1, asked.Asked)
	require.Equal(t, []string{"family mum pop"}, y.heard(), "Ben’s parents are none of Ana’s business")
	_, err = y.Remind(ctx, "ana", r.ID)
	y.code(proto.CodeRateLimited, err)
	y.now = y.now.Add(24 * time.Hour)
	_, err = y.Remind(ctx, "ana", r.ID)
	require.NoError(t, err)
	y.decide("mum", "ana", r.ID, true)
	y.now = y.now.Add(24 * time.Hour)
	_, err = y.Remind(ctx, "ana", r.ID)
	y.code(proto.CodeWrongState, err)
}

func TestRulesChanged(t *testing.T) {
	y := newYard(t)
	ctx := t.Context()
	first, second := y.ask("ana", "uma"), y.ask("ana", "teo")
	_, err := y.Accept(ctx, "uma", first.ID)
	require.NoError(t, err)
	y.do(`UPDATE rules SET approve_friends = 0 WHERE child_id = 'ana'`)
	require.NoError(t, y.RulesChanged(ctx, "mum", "ana"))
	require.True(t, y.are("ana", "uma"))
	require.False(t, y.are("ana", "teo"))
	require.Equal(t, second.ID, y.requests("ana")[0].ID)
	require.Empty(t, y.approvals("mum"))
	require.Contains(t, y.audit(), "mum friend.made f for=ana other=uma")

	y.do(`UPDATE rules SET approve_friends = 1 WHERE child_id = 'ana'`)
	require.NoError(t, y.RulesChanged(ctx, "mum", "ana"))
	require.True(t, y.are("ana", "uma"))
	_, err = y.Accept(ctx, "teo", second.ID)
	require.NoError(t, err)
	require.False(t, y.are("ana", "teo"), "now it takes a parent again")
}

func TestRequestsRunOut(t *testing.T) {
	file := newYard(t)
	synctest.Test(t, func(t *testing.T) {
		y := file
		r := y.ask("ana", "uma")
		y.decide("mum", "ana", r.ID, true)
		y.later(30 * 24 * time.Hour)
		_, err := y.Accept(t.Context(), "uma", r.ID)
		y.code(proto.CodeWrongState, err)
		require.Empty(t, y.requests("ana"), "over, before anybody has swept")
		y.heard()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { y.Run(ctx); close(done) }()
		time.Sleep(time.Second)
		require.Equal(t, []string{"relations ana uma", "family mum pop"}, y.heard())
		again := y.ask("uma", "ana")
		y.heard()
		y.later(31 * 24 * time.Hour)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"relations ana uma", "family mum pop"}, y.heard())
		cancel()
		<-done
		require.NotEqual(t, r.ID, again.ID)
		log := y.audit()
		require.Equal(t, "system friend.expired f for=ana other=uma", log[len(log)-1])
	})
}

// TestStoreFailureIsNoRefusal: what could not be found out is no answer.
func TestStoreFailureIsNoRefusal(t *testing.T) {
	y := newYard(t)
	ctx := t.Context()
	r := y.ask("uma", "teo")
	require.NoError(t, y.st.Close())
	for name, call := range map[string]func() error{
		"list":      func() error { _, err := y.List(ctx, "ana"); return err },
		"known":     func() error { _, err := y.Known(ctx, "ana"); return err },
		"code":      func() error { _, err := y.Code(ctx, "ana"); return err },
		"new code":  func() error { _, err := y.NewCode(ctx, "ana"); return err },
		"ask":       func() error { _, err := y.Ask(ctx, "teo", y.codes["uma"]); return err },
		"accept":    func() error { _, err := y.Accept(ctx, "teo", r.ID); return err },
		"decline":   func() error { return y.Decline(ctx, "teo", r.ID) },
		"remind":    func() error { _, err := y.Remind(ctx, "teo", r.ID); return err },
		"introduce": func() error { _, err := y.Introduce(ctx, "teo", []string{"a", "b"}); return err },
		"end":       func() error { return y.End(ctx, "teo", "teo", "uma") },
		"block":     func() error { return y.Block(ctx, "teo", "teo", r.ID) },
		"unblock":   func() error { return y.Unblock(ctx, "teo", "teo", "uma") },
		"blocks":    func() error { _, err := y.Blocks(ctx, "teo"); return err },
		"approvals": func() error { _, err := y.Approvals(ctx, "mum"); return err },
		"decide":    func() error { return y.Decide(ctx, "mum", r.ID, proto.Decide{ChildID: "ana"}) },
		"rules":     func() error { return y.RulesChanged(ctx, "mum", "ana") },
		"talked": func() error {
			return y.Talked(ctx, proto.Talk{A: "ana", B: "ben", From: y.now, To: y.now.Add(time.Minute)})
		},
	} {
		err := call()
		require.Error(t, err, name)
		var refused *proto.Error
		require.NotErrorAs(t, err, &refused, name)
	}
	y.told = nil
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	y.Run(ctx) // logs nothing, waits for nothing
	require.Empty(t, y.told)
}

func TestTune(t *testing.T) {
	y := newYard(t)
	y.Tune(friends.Config{RequestLifetime: time.Hour, PublicURL: "https://kin.example"})
	require.Equal(t, y.now.Add(time.Hour).UnixMilli(), y.ask("ana", "ben").ExpiresAt)
}
