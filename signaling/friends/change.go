package friends

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kinwire/signaling/proto"
)

// change is the one way in which a tie changes: with its row held, the event
// is made from what stands there, goes through the machine, and is kept with
// its audit entries. Then those concerned are told. personID is whom the
// event is about.
func (s *Service) change(ctx context.Context, personID, otherID string,
	make func(proto.FriendTie) (event, *proto.Error)) (proto.FriendTie, error) {
	var after proto.FriendTie
	var changed bool
	var e event
	found, err := s.ties.ChangeFriendship(ctx, personID, otherID,
		func(tie proto.FriendTie) (proto.FriendRow, []proto.AuditEntry, error) {
			var refused *proto.Error
			if e, refused = make(tie); refused != nil {
				return proto.FriendRow{}, nil, refused
			}
			e.side, e.at, e.id = tie.Row.Side(personID), s.now().UnixMilli(), newID()
			row, deeds, refused := step(tie, e, s.limits())
			if refused != nil {
				return proto.FriendRow{}, nil, refused
			}
			changed = row != tie.Row
			after = proto.FriendTie{Row: row, Sides: tie.Sides, Via: tie.Via}
			return row, entries(deeds, e, row), nil
		})
	if err != nil {
		return proto.FriendTie{}, err
	}
	if !found {
		return proto.FriendTie{}, errNobody()
	}
	if changed {
		s.tell(e, after)
	}
	return after, nil
}

// entries is what the audit log gets: ids and choices.
func entries(deeds []deed, e event, row proto.FriendRow) []proto.AuditEntry {
	log := make([]proto.AuditEntry, 0, len(deeds))
	for _, d := range deeds {
		entry := proto.AuditEntry{
			At: e.at, Actor: e.actor, Action: d.action, Subject: d.id,
			Detail: fmt.Sprintf("for=%s other=%s", row.IDs[e.side], row.IDs[1-e.side]),
		}
		if d.action == actionExpired {
			entry.Actor = "system"
		}
		if strings.HasPrefix(d.action, "block.") {
			entry.Subject = row.IDs[1-e.side] // whom it is against, rather than the friendship
		}
		log = append(log, entry)
	}
	return log
}

// tell tells both people, and the parents of both. A reminder is for the
// child's own parents; an introduction that is renewed is for all who have
// not said yes.
func (s *Service) tell(e event, tie proto.FriendTie) {
	if e.kind == evRemind {
		s.d.Changes.Family(tie.Sides[e.side].Guardians...)
		return
	}
	s.d.Changes.Relations(tie.Row.IDs[:]...)
	parents := slices.Concat(tie.Sides[0].Guardians, tie.Sides[1].Guardians)
	slices.Sort(parents)
	if parents = slices.Compact(parents); len(parents) > 0 {
		s.d.Changes.Family(parents...)
	}
}
