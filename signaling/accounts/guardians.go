package accounts

import (
	"context"
	"time"

	"kinwire/signaling/proto"
)

// GuardianStore is who looks after which child.
type GuardianStore interface {
	// GuardianPeople lists the longest-standing first.
	GuardianPeople(ctx context.Context, childID string) ([]proto.Person, error)
	// AddGuardian uses up the ticket and makes the new parent one of the
	// family; or it does nothing and says why.
	AddGuardian(ctx context.Context, token string, invite proto.GuardianInvite, guardianID string, now time.Time, log ...proto.AuditEntry) (
		family []string, refused proto.Code, err error)
}

// AddGuardian makes somebody a parent of a child by the code that another
// parent shows. The new parent has the same rights as the others.
func (s *Service) AddGuardian(ctx context.Context, parentID, typed string) (proto.Child, error) {
	if wait, ok := s.codes.Take("guardian:"+parentID, s.now()); !ok {
		return proto.Child{}, tooMany("wrong codes", wait)
	}
	code := readCode(typed)
	childID, inviterID, found, err := s.store.SeeTicket(ctx, proto.TicketGuardian, code, s.now())
	if err != nil {
		return proto.Child{}, err
	}
	if !found {
		return proto.Child{}, errWrongCode()
	}
	s.codes.GiveBack("guardian:"+parentID, s.now())
	invite := proto.GuardianInvite{ChildID: childID, InviterID: inviterID}
	family, refused, err := s.store.AddGuardian(ctx, code, invite, parentID, s.now(), proto.AuditEntry{
		At: s.now().UnixMilli(), Actor: parentID, Action: "guardian.added", Subject: childID,
		Detail: "guardian=" + parentID + " by=" + inviterID,
	})
	switch {
	case err != nil:
		return proto.Child{}, err
	case refused == proto.CodeTaken: // nothing to do, and no reason to use up the code
		return s.Child(ctx, childID)
	case refused == proto.CodeNotAllowed:
		return proto.Child{}, refuse(refused, "only a parent can look after a child")
	case refused != "":
		return proto.Child{}, errWrongCode()
	}
	s.tell.Relations(family...)
	s.tell.Family(family...)
	return s.Child(ctx, childID)
}
