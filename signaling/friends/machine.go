package friends

import (
	"slices"

	"kinwire/signaling/proto"
)

// kind is what happens to two people.
type kind string

const (
	evAsk       kind = "ask"       // a person asks, or answers by asking too
	evAccept    kind = "accept"    // a person says yes
	evDecline   kind = "decline"   // a person says no
	evCancel    kind = "cancel"    // who asked takes it back
	evApprove   kind = "approve"   // a parent says yes for one side
	evRefuse    kind = "refuse"    // a parent says no for one side
	evExpire    kind = "expire"    // time has passed
	evEnd       kind = "end"       // a person, or their parent, ends it
	evBlock     kind = "block"     // a person, or their parent, blocks the other
	evUnblock   kind = "unblock"   // … and takes it back
	evIntroduce kind = "introduce" // a friend of both wants them to be friends
	evRemind    kind = "remind"    // a child asks the own parents again
	evRules     kind = "rules"     // a parent has changed whether they want to approve
)

// event is one of them. side is whom it is about (for introduce and expire it
// means nothing); actor is who does it.
type event struct {
	kind  kind
	side  int
	actor string
	at    int64  // ms
	id    string // for a request that is made by it
}

// limits are the times of Config in ms.
type limits struct{ lifetime, cooldown, remind int64 }

// turn is one step of the machine on its way.
type turn struct {
	row   *proto.FriendRow
	sides [2]proto.FriendSide
	e     event
	limits
	did []deed
}

// deed is what belongs into the audit log: an action, and the id that the
// request had then.
type deed struct{ action, id string }

func (t *turn) note(action string) { t.did = append(t.did, deed{action, t.row.ID}) }

// mine and theirs are the ids of the side that the event is about and of the
// other.
func (t *turn) mine() string   { return t.row.IDs[t.e.side] }
func (t *turn) theirs() string { return t.row.IDs[1-t.e.side] }

// step applies e to a tie. It returns the row as it is then and what belongs
// into the audit log (nothing, if the event changes nothing), or a refusal.
func step(tie proto.FriendTie, e event, l limits) (proto.FriendRow, []deed, *proto.Error) {
	row := tie.Row
	t := &turn{row: &row, sides: tie.Sides, e: e, limits: l}
	if row.State == proto.FriendPending && e.at >= row.ExpiresAt && e.kind != evExpire {
		t.leave(proto.FriendExpired) // time came first, whoever wrote it down
		t.note(actionExpired)
	}
	rule, ok := table[e.kind][row.State]
	if !ok {
		return tie.Row, nil, impossible(e.kind, row.State)
	}
	for _, must := range rule.must {
		if refused := must(t); refused != nil {
			return tie.Row, nil, refused
		}
	}
	if rule.then(t) && rule.log != "" {
		t.note(rule.log)
	}
	if rule.settles && len(missing(row, tie.Sides)) == 0 {
		row.State, row.ChangedAt = proto.FriendApproved, e.at
		t.note("friend.made")
	}
	return row, t.did, nil
}

// need is a yes that is missing.
type need struct {
	side   int
	parent bool // of a parent of that side, rather than of the side itself
}

// missing is the rule of this package: the yeses that a pending request still
// lacks.
func missing(row proto.FriendRow, sides [2]proto.FriendSide) []need {
	var lacks []need
	for i := range sides {
		if !row.Yes[i] {
			lacks = append(lacks, need{side: i})
		}
	}
	for i := range sides {
		if sides[i].Approve && row.ParentYes[i] == "" {
			lacks = append(lacks, need{side: i, parent: true})
		}
	}
	return lacks
}

// needs is missing in the words of the protocol, where a is the person on side
// me.
func needs(row proto.FriendRow, sides [2]proto.FriendSide, me int) []proto.Need {
	words := map[need]proto.Need{
		{side: me}:                   proto.NeedA,
		{side: 1 - me}:               proto.NeedB,
		{side: me, parent: true}:     proto.NeedParentA,
		{side: 1 - me, parent: true}: proto.NeedParentB,
	}
	said := []proto.Need{}
	if row.State != proto.FriendPending {
		return said
	}
	for _, n := range missing(row, sides) {
		said = append(said, words[n])
	}
	slices.Sort(said)
	return said
}

// open begins a request without any yes.
func (t *turn) open(askedBy, via string) {
	*t.row = proto.FriendRow{
		ID: t.e.id, IDs: t.row.IDs, BlockedBy: t.row.BlockedBy, State: proto.FriendPending, AskedBy: askedBy, Via: via,
		CreatedAt: t.e.at, ChangedAt: t.e.at, ExpiresAt: t.e.at + t.lifetime,
	}
}

// leave goes to a state in which no yes counts any more.
func (t *turn) leave(to proto.FriendState) {
	t.row.State, t.row.ChangedAt = to, t.e.at
	t.row.Yes, t.row.ParentYes, t.row.Family = [2]bool{}, [2]string{}, false
}

// no is leave where the side of the event does not want it: the other one
// cannot ask again for a while.
func (t *turn) no(to proto.FriendState) {
	t.leave(to)
	t.row.DeclinedBy, t.row.QuietUntil = t.mine(), t.e.at+t.cooldown
	t.row.RemindedAt = 0
	if t.e.actor != t.mine() {
		t.row.RemindedAt = t.e.at // a parent said no, and is not asked again at once
	}
}

// remindable says whether a parent may be asked again.
func (t *turn) remindable() bool {
	return t.row.RemindedAt == 0 || t.e.at >= t.row.RemindedAt+t.remind
}
