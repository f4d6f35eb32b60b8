package reports

import (
	"context"
	"fmt"
	"slices"

	"kinwire/signaling/proto"
)

// Suspend shuts an account outside of a report.
//
// *proto.Error: bad_message without a note; not_found; not_allowed for one of
// the staff's; wrong_state if it is suspended already.
func (s *Service) Suspend(ctx context.Context, operator, userID, note string) (proto.UserState, error) {
	note, err := checkedNote(note)
	if err != nil {
		return proto.UserState{}, err
	}
	user, err := s.User(ctx, userID)
	if err != nil {
		return proto.UserState{}, err
	}
	suspension, err := s.suspension(ctx, operator, "", note, user)
	if err != nil {
		return proto.UserState{}, err
	}
	ended, done, err := s.Suspensions.SuspendPerson(ctx, suspension, s.suspendedEntry(suspension))
	if err != nil {
		return proto.UserState{}, fmt.Errorf("suspend an account: %w", err)
	}
	if !done {
		return proto.UserState{}, refuse(proto.CodeWrongState, "this account is suspended already")
	}
	s.shut(ctx, user, ended)
	return s.User(ctx, userID)
}

// suspension is what will be remembered of it.
func (s *Service) suspension(ctx context.Context, operator, reportID, note string, user proto.UserState) (proto.Suspension, error) {
	if user.State == stateGone {
		return proto.Suspension{}, refuse(proto.CodeWrongState, "this account was deleted, so that it cannot be suspended")
	}
	if user.Person.Role == proto.RoleStaff {
		return proto.Suspension{}, refuse(proto.CodeNotAllowed, "this account belongs to the staff: take its token out of the configuration instead")
	}
	marks, err := s.d.Marks.Marks(ctx, user.Person.ID)
	if err != nil {
		return proto.Suspension{}, fmt.Errorf("make the marks of a suspension: %w", err)
	}
	// One mark, one row: a mark twice would be one too many.
	slices.Sort(marks)
	now := s.now()
	return proto.Suspension{PersonID: user.Person.ID, ReportID: reportID, Operator: operator, Note: note,
		Marks: slices.Compact(marks), Since: now, Until: now.Add(s.cfg().Record)}, nil
}

func (s *Service) suspendedEntry(p proto.Suspension) proto.AuditEntry {
	detail := fmt.Sprintf("record_until=%d", p.Until.UnixMilli())
	if p.ReportID != "" {
		detail = "report=" + p.ReportID + " " + detail
	}
	return s.entry(operatorActor(p.Operator), "person.suspended", p.PersonID, detail)
}

// shut makes a suspension felt: sockets are cut, live calls end, the family
// hears of it.
func (s *Service) shut(ctx context.Context, user proto.UserState, ended []string) {
	s.d.Logins.EndLogins(user.Person.ID, ended)
	s.changed(user)
	if user.State == stateActive { // a further report about somebody who knows already
		s.tellAccount(ctx, user, letterSuspended)
	}
}

func (s *Service) changed(user proto.UserState) {
	s.d.Changes.Relations(user.Person.ID)
	if family := append(slices.Clone(user.Guardians), user.Children...); len(family) > 0 {
		s.d.Changes.Family(family...)
	}
}

// Restore undoes a suspension: the account is open again and its marks are
// forgotten. Its devices have to sign in anew.
//
// *proto.Error: bad_message without a note; not_found; wrong_state if it is
// not suspended.
func (s *Service) Restore(ctx context.Context, operator, userID, note string) (proto.UserState, error) {
	note, err := checkedNote(note)
	if err != nil {
		return proto.UserState{}, err
	}
	user, err := s.User(ctx, userID)
	if err != nil {
		return proto.UserState{}, err
	}
	now := s.now()
	done, err := s.Suspensions.RestorePerson(ctx,
		proto.Suspension{PersonID: userID, Operator: operator, Note: note, Since: now, Until: now.Add(s.cfg().Record)},
		s.entry(operatorActor(operator), "person.restored", userID, ""))
	if err != nil {
		return proto.UserState{}, fmt.Errorf("restore an account: %w", err)
	}
	if !done {
		return proto.UserState{}, refuse(proto.CodeWrongState, "this account is not suspended")
	}
	s.changed(user)
	s.tellAccount(ctx, user, letterRestored)
	return s.User(ctx, userID)
}
