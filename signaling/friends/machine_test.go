package friends

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/proto"
)

var testLimits = limits{lifetime: 100, cooldown: 50, remind: 10}

// grid is the machine as a picture: what comes of each event in each state,
// between two children whose parents approve, where Ana (low) has asked and
// Ana does everything that a person does. "." is refused, "=" changes nothing
// but what the event is about.
const grid = `
            none      pending    friends  declined  cancelled  ended    expired
ask         pending   =          .        pending   pending    pending  pending
accept      .         =          .        .         .          .        .
decline     .         .          .        .         .          .        .
cancel      .         cancelled  .        .         .          .        .
approve     .         =          .        .         .          .        .
refuse      .         declined   .        .         .          .        .
expire      .         expired    .        .         .          .        .
end         .         .          ended    .         .          .        .
block       =         cancelled  ended    =         =          =        =
unblock     =         =          =        =         =          =        =
introduce   pending   =          .        pending   pending    pending  pending
remind      .         =          .        .         .          .        .
rules       .         =          .        .         .          .        .
`

func TestGrid(t *testing.T) {
	lines := strings.Split(strings.Trim(grid, "\n"), "\n")
	states := strings.Fields(lines[0])
	actors := map[kind]string{evApprove: "mum", evRefuse: "mum", evRules: "mum", evIntroduce: "cat", evExpire: "system"}
	require.Len(t, lines, len(table)+1)
	for _, line := range lines[1:] {
		fields := strings.Fields(line)
		k := kind(fields[0])
		require.Contains(t, table, k)
		for i, want := range fields[1:] {
			state := proto.FriendState(states[i])
			if states[i] == "none" {
				state = none
			}
			e := event{kind: k, actor: "ana", at: 1000, id: "f_new"}
			if a, ok := actors[k]; ok {
				e.actor = a
			}
			tie := pair()
			tie.Row.State, tie.Row.AskedBy, tie.Row.Yes, tie.Row.ExpiresAt = state, "ana", [2]bool{true, false}, 1001
			if k == evExpire {
				tie.Row.ExpiresAt = 1000
			}
			row, _, refused := step(tie, e, testLimits)
			got := string(row.State)
			switch {
			case refused != nil:
				got = "."
				require.NotEmpty(t, refused.Message)
				require.Equal(t, tie.Row, row, "a refusal changes nothing")
			case row.State == state:
				got = "="
			}
			require.Equal(t, want, got, "%s in state %s: %v", k, states[i], refused)
		}
	}
}

// pair is Ana, child of Mum and Pop, and Ben, child of Dad and Mum, between
// whom there is nothing. All parents want to approve.
func pair() proto.FriendTie {
	return proto.FriendTie{
		Row: proto.FriendRow{IDs: [2]string{"ana", "ben"}},
		Sides: [2]proto.FriendSide{
			{Person: proto.Person{ID: "ana", Role: proto.RoleChild}, Active: true, Approve: true, Guardians: []string{"mum", "pop"}},
			{Person: proto.Person{ID: "ben", Role: proto.RoleChild}, Active: true, Approve: true, Guardians: []string{"dad", "mum"}},
		},
	}
}

// witness is an account of what happened that knows nothing of the machine: it
// writes down who said what, and strikes it out when somebody said no or time
// ran out.
type witness struct {
	yes    map[string]bool // "ana", "ben"; "mum for ana"
	asked  int64           // when the request began
	blocks map[string]bool
	no     struct { // the last no that nothing has made good
		by    string // the side
		until int64
	}
}

func (w *witness) clear() { w.yes = map[string]bool{} }

// sees takes note of an event that was not refused.
func (w *witness) sees(e event, before proto.FriendState) {
	me, other := [2]string{"ana", "ben"}[e.side], [2]string{"ben", "ana"}[e.side]
	running := before == pending && e.at < w.asked+testLimits.lifetime
	switch e.kind {
	case evAsk, evIntroduce:
		if !running {
			w.clear()
			w.asked, w.no.by = e.at, ""
		}
		if e.kind == evAsk {
			w.yes[me] = true
		}
	case evAccept:
		w.yes[me] = true
	case evApprove:
		w.yes[e.actor+" for "+me] = true
	case evDecline, evRefuse, evEnd:
		w.clear()
		w.no.by, w.no.until = me, e.at+testLimits.cooldown
	case evCancel, evExpire:
		w.clear()
	case evBlock:
		w.clear()
		w.blocks[me+other] = true
	case evUnblock:
		delete(w.blocks, me+other)
	}
}

// complete is the promise: every yes that is needed under these rules.
func (w *witness) complete(sides [2]proto.FriendSide) error {
	for _, s := range sides {
		if !w.yes[s.Person.ID] {
			return fmt.Errorf("%s has not said yes", s.Person.ID)
		}
		if !s.Approve {
			continue
		}
		if !slices.ContainsFunc(s.Guardians, func(g string) bool { return w.yes[g+" for "+s.Person.ID] }) {
			return fmt.Errorf("no parent of %s has said yes", s.Person.ID)
		}
	}
	return nil
}

var (
	allKinds = []kind{evAsk, evAccept, evDecline, evCancel, evApprove, evRefuse, evExpire, evEnd, evBlock, evUnblock, evIntroduce, evRemind, evRules}
	// drawn has the yeses more often, so that a run gets anywhere.
	drawn  = append(slices.Repeat([]kind{evAsk, evAccept, evApprove, evApprove, evUnblock}, 5), allKinds...)
	actors = []string{"ana", "ben", "mum", "pop", "dad", "cat", "system"}
)

// TestNoFriendsWithoutEveryYes draws events by anybody about anybody, in any
// order, with parents who change their minds about approving, and holds the
// machine to what a witness has heard.
func TestNoFriendsWithoutEveryYes(t *testing.T) {
	met, made := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		tie := pair()
		w := &witness{blocks: map[string]bool{}}
		w.clear()
		var at int64 = 1000
		for range rapid.IntRange(20, 100).Draw(t, "events") {
			at += rapid.SampledFrom([]int64{0, 1, 1, 1, 1, 1, 2, 11, 49, 60, 100}).Draw(t, "later")
			e := event{kind: rapid.SampledFrom(drawn).Draw(t, "kind"), side: rapid.IntRange(0, 1).Draw(t, "side"), at: at, id: fmt.Sprint("f_", at)}
			// Mostly somebody who may, so that the run gets anywhere.
			e.actor = tie.Row.IDs[e.side]
			if e.kind == evApprove || e.kind == evRefuse || e.kind == evRules {
				e.actor = tie.Sides[e.side].Guardians[0]
			}
			if e.kind == evIntroduce {
				e.actor = "cat"
			}
			if rapid.IntRange(0, 9).Draw(t, "anybody") == 0 {
				e.actor = rapid.SampledFrom(actors).Draw(t, "actor")
			}
			if e.kind == evRules {
				tie.Sides[e.side].Approve = !tie.Sides[e.side].Approve // the rule changes first, and then it is told
			}
			before := tie.Row
			row, deeds, refused := step(tie, e, testLimits)
			if refused != nil {
				if row != before {
					t.Fatalf("refused, and changed: %v", row)
				}
				continue
			}
			w.checkWho(t, e, before, tie.Sides)
			w.sees(e, before.State)
			tie.Row = row
			w.check(t, e, before, tie, deeds)
			if row.State == friends && before.State != friends {
				made++
			}
			met++
		}
	})
	require.Greater(t, made, 20, "of %d events hardly any made friends: the draw is no good", met)
}

// checkWho: only those who may have done what was done.
func (w *witness) checkWho(t *rapid.T, e event, before proto.FriendRow, sides [2]proto.FriendSide) {
	me := before.IDs[e.side]
	parent := slices.Contains(sides[e.side].Guardians, e.actor)
	ok := map[kind]bool{
		evAsk: e.actor == me, evAccept: e.actor == me, evDecline: e.actor == me, evCancel: e.actor == me && before.AskedBy == me,
		evRemind: e.actor == me, evApprove: parent, evRefuse: parent, evRules: parent, evEnd: e.actor == me || parent,
		evBlock: e.actor == me || parent, evUnblock: e.actor == me || parent, evExpire: true, evIntroduce: e.actor != "ana" && e.actor != "ben",
	}
	if !ok[e.kind] {
		t.Fatalf("%s did %s for %s", e.actor, e.kind, me)
	}
	asks := e.kind == evAsk && before.State != pending
	if asks && w.no.by != "" && w.no.by != me && e.at < w.no.until {
		t.Fatalf("%s was told no and asks again at %d, before %d", me, e.at, w.no.until)
	}
}

// check holds what must be so after every event.
func (w *witness) check(t *rapid.T, e event, before proto.FriendRow, tie proto.FriendTie, deeds []deed) {
	row := tie.Row
	became := row.State == friends && before.State != friends
	if became {
		if err := w.complete(tie.Sides); err != nil {
			t.Fatalf("friends by %s of %s, but %v", e.kind, e.actor, err)
		}
		if e.at >= w.asked+testLimits.lifetime {
			t.Fatalf("friends by a request that had run out")
		}
	}
	settles := e.kind == evAsk || e.kind == evAccept || e.kind == evApprove || e.kind == evRules
	if became && !settles {
		t.Fatalf("%s has made friends", e.kind)
	}
	if settles && row.State == pending && w.complete(tie.Sides) == nil {
		t.Fatalf("every yes is there, and they still wait")
	}
	if became != slices.ContainsFunc(deeds, func(d deed) bool { return d.action == "friend.made" }) {
		t.Fatalf("friends %t, and the log says %v", became, deeds)
	}
	if len(w.blocks) > 0 && (row.State == friends || row.State == pending) {
		t.Fatalf("%s in spite of a block", row.State)
	}
	if row.Blocked() != (len(w.blocks) > 0) {
		t.Fatalf("blocks %v, heard of %v", row.BlockedBy, w.blocks)
	}
	if e.kind == evUnblock && row.State != before.State && row.State != expired {
		t.Fatalf("unblocking has made %s of %s", row.State, before.State)
	}
	if row.State != pending && row.State != friends && (row.Yes != [2]bool{} || row.ParentYes != [2]string{}) {
		t.Fatalf("%s, and a yes is left", row.State)
	}
}

func do(t *testing.T, tie *proto.FriendTie, k kind, actor string, side int, at int64) *proto.Error {
	t.Helper()
	row, _, refused := step(*tie, event{kind: k, actor: actor, side: side, at: at, id: fmt.Sprint("f_", at)}, testLimits)
	tie.Row = row
	return refused
}

func TestEachParentForTheirOwnChild(t *testing.T) {
	tie := pair() // Mum is a parent of both
	require.Nil(t, do(t, &tie, evAsk, "ana", 0, 1))
	require.Nil(t, do(t, &tie, evAccept, "ben", 1, 2))
	require.Equal(t, []proto.Need{proto.NeedParentA, proto.NeedParentB}, needs(tie.Row, tie.Sides, 0))
	require.Nil(t, do(t, &tie, evApprove, "mum", 0, 3))
	require.Equal(t, pending, tie.Row.State, "one yes is for one child")
	require.Equal(t, []proto.Need{proto.NeedParentB}, needs(tie.Row, tie.Sides, 0))
	require.Equal(t, []proto.Need{proto.NeedParentA}, needs(tie.Row, tie.Sides, 1))
	require.NotNil(t, do(t, &tie, evApprove, "pop", 1, 4), "Pop is no parent of Ben")
	require.Nil(t, do(t, &tie, evApprove, "mum", 1, 5))
	require.Equal(t, friends, tie.Row.State)
	require.Equal(t, [2]string{"mum", "mum"}, tie.Row.ParentYes)
}

func TestCoolDown(t *testing.T) {
	cases := []struct {
		name   string
		no     func(t *testing.T, tie *proto.FriendTie) // Ana asked at 1; at 2 somebody says no
		ana    int64                                    // from when Ana may ask again
		ben    int64
		others int64 // from when somebody may introduce them
	}{
		{"Ben declines", func(t *testing.T, tie *proto.FriendTie) { require.Nil(t, do(t, tie, evDecline, "ben", 1, 2)) }, 52, 2, 52},
		{"Ben’s parent refuses", func(t *testing.T, tie *proto.FriendTie) { require.Nil(t, do(t, tie, evRefuse, "dad", 1, 2)) }, 52, 12, 52},
		{"Ana’s own parent refuses", func(t *testing.T, tie *proto.FriendTie) { require.Nil(t, do(t, tie, evRefuse, "pop", 0, 2)) }, 12, 52, 52},
		{"Ana takes it back", func(t *testing.T, tie *proto.FriendTie) { require.Nil(t, do(t, tie, evCancel, "ana", 0, 2)) }, 2, 2, 2},
		{"Ben blocks and unblocks", func(t *testing.T, tie *proto.FriendTie) {
			require.Nil(t, do(t, tie, evBlock, "ben", 1, 2))
			require.Nil(t, do(t, tie, evUnblock, "ben", 1, 2))
		}, 52, 2, 52},
		{"friends, and Ben ends it", func(t *testing.T, tie *proto.FriendTie) {
			tie.Row.State = friends
			require.Nil(t, do(t, tie, evEnd, "ben", 1, 2))
		}, 52, 2, 52},
		{"friends, and Ana’s parent ends it", func(t *testing.T, tie *proto.FriendTie) {
			tie.Row.State = friends
			require.Nil(t, do(t, tie, evEnd, "mum", 0, 2))
		}, 12, 52, 52},
		{"it runs out", func(t *testing.T, tie *proto.FriendTie) {
			tie.Row.ExpiresAt = 2
			require.Nil(t, do(t, tie, evExpire, "system", 0, 2))
		}, 2, 2, 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			from := func(k kind, actor string, side int) int64 {
				for at := int64(2); ; at++ {
					tie := pair()
					require.Nil(t, do(t, &tie, evAsk, "ana", 0, 1))
					c.no(t, &tie)
					if do(t, &tie, k, actor, side, at) == nil {
						return at
					}
					require.Less(t, at, int64(1000))
				}
			}
			require.Equal(t, []int64{c.ana, c.ben, c.others}, []int64{from(evAsk, "ana", 0), from(evAsk, "ben", 1), from(evIntroduce, "cat", 0)})
		})
	}
}

func TestFamilyStays(t *testing.T) {
	roles := func(a, b proto.Role) proto.FriendTie {
		tie := pair()
		tie.Row.State, tie.Row.Family = friends, true
		tie.Sides[0].Person.Role, tie.Sides[1].Person.Role = a, b
		return tie
	}
	for _, tie := range []proto.FriendTie{
		roles(proto.RoleChild, proto.RoleParent), roles(proto.RoleParent, proto.RoleChild), roles(proto.RoleChild, proto.RoleChild),
	} {
		for _, k := range allKinds {
			for _, actor := range actors {
				for side := range 2 {
					before := tie.Row
					do(t, &tie, k, actor, side, 5)
					require.Equal(t, before, tie.Row, "%s by %s", k, actor)
				}
			}
		}
	}
	grown := roles(proto.RoleParent, proto.RoleParent)
	require.Nil(t, do(t, &grown, evBlock, "ben", 1, 5))
	require.Equal(t, ended, grown.Row.State)
	require.False(t, grown.Row.Family)
	require.Nil(t, do(t, &grown, evUnblock, "ben", 1, 6))
	require.Equal(t, ended, grown.Row.State)
}

// TestParentsBlockStays: a child cannot take back what a parent has set, a
// parent can take back either.
func TestParentsBlockStays(t *testing.T) {
	tie := pair()
	require.Nil(t, do(t, &tie, evBlock, "ana", 0, 1))
	require.Nil(t, do(t, &tie, evBlock, "pop", 0, 2))
	require.Equal(t, "pop", tie.Row.BlockedBy[0], "the parent's word is the stronger one")
	require.Nil(t, do(t, &tie, evBlock, "ana", 0, 3))
	require.Equal(t, proto.CodeNotAllowed, do(t, &tie, evUnblock, "ana", 0, 4).Code)
	require.NotNil(t, do(t, &tie, evUnblock, "dad", 0, 4))
	require.Nil(t, do(t, &tie, evUnblock, "mum", 0, 5))
	require.False(t, tie.Row.Blocked())
	require.Nil(t, do(t, &tie, evBlock, "ana", 0, 6))
	require.Nil(t, do(t, &tie, evUnblock, "pop", 0, 7))
	require.False(t, tie.Row.Blocked())
}

func TestSuspendedStandStill(t *testing.T) {
	for side := range 2 {
		tie := pair()
		require.Nil(t, do(t, &tie, evAsk, "ana", 0, 1))
		tie.Sides[side].Active = false
		for _, e := range []event{{kind: evAccept, actor: "ben", side: 1}, {kind: evApprove, actor: "mum"}, {kind: evAsk, actor: "ben", side: 1}, {kind: evIntroduce, actor: "cat"}} {
			require.Equal(t, proto.CodeNotFound, do(t, &tie, e.kind, e.actor, e.side, 2).Code)
		}
		require.Nil(t, do(t, &tie, evDecline, "ben", 1, 3), "no can always be said")
	}
}

func TestRulesSwitchedOff(t *testing.T) {
	tie := pair()
	tie.Sides[1].Approve = false
	require.Nil(t, do(t, &tie, evAsk, "ana", 0, 1))
	require.Nil(t, do(t, &tie, evAccept, "ben", 1, 2))
	require.Equal(t, pending, tie.Row.State)
	require.NotNil(t, do(t, &tie, evRules, "dad", 0, 3), "only a parent of that side")
	tie.Sides[0].Approve = false
	require.Nil(t, do(t, &tie, evRules, "mum", 0, 3))
	require.Equal(t, friends, tie.Row.State)
	tie.Sides[0].Approve = true
	require.NotNil(t, do(t, &tie, evRules, "mum", 0, 4))
	require.Equal(t, friends, tie.Row.State, "who are friends stay friends")
}
