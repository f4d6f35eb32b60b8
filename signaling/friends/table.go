package friends

import (
	"slices"
	"time"

	"kinwire/signaling/proto"
)

// transition is a line of the table: what must hold, what then happens, and
// how the audit log calls it. then says whether it changed anything. Where
// settles is set and no yes is missing any more, the two become friends.
type transition struct {
	must    []guard
	then    func(*turn) bool
	log     string
	settles bool
}

// guard refuses, or does not.
type guard func(*turn) *proto.Error

const (
	none      proto.FriendState = "" // nothing was ever between the two
	pending                     = proto.FriendPending
	friends                     = proto.FriendApproved
	declined                    = proto.FriendDeclined
	cancelled                   = proto.FriendCancelled
	ended                       = proto.FriendEnded
	expired                     = proto.FriendExpired
)

// actionExpired is the one action that is nobody's.
const actionExpired = "friend.expired"

// table is the whole machine: by event and by the state in which it comes. What
// is not in it is refused, see impossible.
var table = map[kind]map[proto.FriendState]transition{
	evAsk: {
		none:      {must: []guard{isPerson, bothActive, unblocked}, then: ask, log: "friend.asked", settles: true},
		cancelled: {must: []guard{isPerson, bothActive, unblocked}, then: ask, log: "friend.asked", settles: true},
		expired:   {must: []guard{isPerson, bothActive, unblocked}, then: ask, log: "friend.asked", settles: true},
		declined:  {must: []guard{isPerson, bothActive, unblocked, mayAskAgain}, then: ask, log: "friend.asked", settles: true},
		ended:     {must: []guard{isPerson, bothActive, unblocked, mayAskAgain}, then: ask, log: "friend.asked", settles: true},
		pending:   {must: []guard{isPerson, bothActive, unblocked}, then: sayYes, log: "friend.accepted", settles: true},
	},
	evAccept: {
		pending: {must: []guard{isPerson, bothActive, unblocked}, then: sayYes, log: "friend.accepted", settles: true},
	},
	evDecline: {
		pending: {must: []guard{isPerson, isNotAsker}, then: decline, log: "friend.declined"},
	},
	evCancel: {
		pending: {must: []guard{isPerson, isAsker}, then: cancel, log: "friend.cancelled"},
	},
	evApprove: {
		pending: {must: []guard{isParent, bothActive, unblocked}, then: approve, log: "friend.approved", settles: true},
	},
	evRefuse: {
		pending: {must: []guard{isParent}, then: decline, log: "friend.refused"},
	},
	evExpire: {
		pending: {must: []guard{isOver}, then: expire, log: actionExpired},
	},
	evEnd: {
		friends: {must: []guard{isPersonOrParent, noChildOfFamily}, then: end, log: "friend.ended"},
	},
	evBlock: {
		none:      {must: []guard{isPersonOrParent}, then: block, log: "block.set"},
		pending:   {must: []guard{isPersonOrParent}, then: block, log: "block.set"},
		friends:   {must: []guard{isPersonOrParent, noChildOfFamily}, then: block, log: "block.set"},
		declined:  {must: []guard{isPersonOrParent}, then: block, log: "block.set"},
		cancelled: {must: []guard{isPersonOrParent}, then: block, log: "block.set"},
		ended:     {must: []guard{isPersonOrParent}, then: block, log: "block.set"},
		expired:   {must: []guard{isPersonOrParent}, then: block, log: "block.set"},
	},
	evUnblock: {
		none:      {must: []guard{isPersonOrParent, notOfParent}, then: unblock, log: "block.lifted"},
		pending:   {must: []guard{isPersonOrParent, notOfParent}, then: unblock, log: "block.lifted"},
		friends:   {must: []guard{isPersonOrParent, notOfParent}, then: unblock, log: "block.lifted"},
		declined:  {must: []guard{isPersonOrParent, notOfParent}, then: unblock, log: "block.lifted"},
		cancelled: {must: []guard{isPersonOrParent, notOfParent}, then: unblock, log: "block.lifted"},
		ended:     {must: []guard{isPersonOrParent, notOfParent}, then: unblock, log: "block.lifted"},
		expired:   {must: []guard{isPersonOrParent, notOfParent}, then: unblock, log: "block.lifted"},
	},
	evIntroduce: {
		none:      {must: []guard{isOther, bothActive, unblocked}, then: introduce, log: "friend.introduced"},
		cancelled: {must: []guard{isOther, bothActive, unblocked}, then: introduce, log: "friend.introduced"},
		expired:   {must: []guard{isOther, bothActive, unblocked}, then: introduce, log: "friend.introduced"},
		declined:  {must: []guard{isOther, bothActive, unblocked, quietIsOver}, then: introduce, log: "friend.introduced"},
		ended:     {must: []guard{isOther, bothActive, unblocked, quietIsOver}, then: introduce, log: "friend.introduced"},
		pending:   {must: []guard{isOther, bothActive, unblocked, notReminded}, then: remind},
	},
	evRemind: {
		pending: {must: []guard{isPerson, parentIsMissing, notReminded}, then: remind},
	},
	evRules: {
		pending: {must: []guard{isParent}, then: nothing, settles: true},
	},
}

func ask(t *turn) bool {
	t.open(t.mine(), "")
	t.row.Yes[t.e.side] = true
	return true
}

func introduce(t *turn) bool {
	t.open("", t.e.actor)
	return true
}

func sayYes(t *turn) bool {
	changed := !t.row.Yes[t.e.side]
	t.row.Yes[t.e.side] = true
	return changed
}

func approve(t *turn) bool {
	if t.row.ParentYes[t.e.side] != "" {
		return false // one parent is enough
	}
	t.row.ParentYes[t.e.side] = t.e.actor
	return true
}

func decline(t *turn) bool {
	t.no(declined)
	return true
}

func cancel(t *turn) bool {
	t.leave(cancelled)
	return true
}

func expire(t *turn) bool {
	t.leave(expired)
	return true
}

func end(t *turn) bool {
	t.no(ended)
	return true
}

// block ends what there is. The state left behind is as if the side had said
// no in the ordinary way, so that it stays like that when the block goes.
func block(t *turn) bool {
	if by := t.row.BlockedBy[t.e.side]; by == t.e.actor || (by != "" && t.e.actor == t.mine()) {
		return false
	}
	switch {
	case t.row.State == friends:
		t.no(ended)
	case t.row.State == pending && t.row.AskedBy == t.mine():
		t.leave(cancelled)
	case t.row.State == pending:
		t.no(declined)
	}
	t.row.BlockedBy[t.e.side] = t.e.actor
	return true
}

func unblock(t *turn) bool {
	changed := t.row.BlockedBy[t.e.side] != ""
	t.row.BlockedBy[t.e.side] = ""
	return changed
}

func remind(t *turn) bool {
	t.row.RemindedAt = t.e.at
	return true
}

func nothing(*turn) bool { return true }

// The guards.

func isPerson(t *turn) *proto.Error {
	if t.e.actor != t.mine() {
		return errNoRequest()
	}
	return nil
}

func isParent(t *turn) *proto.Error {
	if !slices.Contains(t.sides[t.e.side].Guardians, t.e.actor) {
		return errNoRequest()
	}
	return nil
}

func isPersonOrParent(t *turn) *proto.Error {
	if isPerson(t) != nil && isParent(t) != nil {
		return errNobody()
	}
	return nil
}

// isOther: nobody introduces themselves.
func isOther(t *turn) *proto.Error {
	if t.row.Side(t.e.actor) >= 0 {
		return errNobody()
	}
	return nil
}

func isAsker(t *turn) *proto.Error {
	if t.row.AskedBy != t.mine() {
		return errNoRequest()
	}
	return nil
}

// isNotAsker: who asked takes it back instead, which keeps nobody quiet.
func isNotAsker(t *turn) *proto.Error {
	if t.row.AskedBy == t.mine() {
		return impossible(evDecline, pending)
	}
	return nil
}

func bothActive(t *turn) *proto.Error {
	if !t.sides[0].Active || !t.sides[1].Active {
		return errNobody()
	}
	return nil
}

// unblocked tells somebody of their own block only.
func unblocked(t *turn) *proto.Error {
	if t.row.BlockedBy[1-t.e.side] != "" {
		return errNobody()
	}
	if t.row.BlockedBy[t.e.side] != "" {
		return errOwnBlock()
	}
	return nil
}

// notOfParent: what a parent has blocked, a parent has to take back.
func notOfParent(t *turn) *proto.Error {
	by := t.row.BlockedBy[t.e.side]
	if by != "" && by != t.mine() && t.e.actor == t.mine() {
		return errParentBlocked()
	}
	return nil
}

func mayAskAgain(t *turn) *proto.Error {
	if t.row.DeclinedBy == t.theirs() && t.e.at < t.row.QuietUntil {
		return errQuiet(t.row.QuietUntil)
	}
	if t.row.DeclinedBy == t.mine() && !t.remindable() {
		return errQuiet(t.row.RemindedAt + t.remind)
	}
	return nil
}

func quietIsOver(t *turn) *proto.Error {
	if t.e.at < t.row.QuietUntil {
		return errQuiet(t.row.QuietUntil)
	}
	return nil
}

func notReminded(t *turn) *proto.Error {
	if !t.remindable() {
		return errReminded(t.row.RemindedAt + t.remind)
	}
	return nil
}

func parentIsMissing(t *turn) *proto.Error {
	if !slices.Contains(missing(*t.row, t.sides), need{side: t.e.side, parent: true}) {
		return errNothingToRemind()
	}
	return nil
}

func isOver(t *turn) *proto.Error {
	if t.e.at < t.row.ExpiresAt {
		return impossible(evExpire, pending)
	}
	return nil
}

// noChildOfFamily keeps a child and those at home together. Grown-ups of one
// family are free.
func noChildOfFamily(t *turn) *proto.Error {
	child := t.sides[0].Person.Role == proto.RoleChild || t.sides[1].Person.Role == proto.RoleChild
	if t.row.Family && child {
		return errFamily()
	}
	return nil
}

func day(ms int64) string { return time.UnixMilli(ms).UTC().Format("2 January 15:04 UTC") }
