package reports

import (
	"context"
	"slices"

	"kinwire/signaling/proto"
)

// tellFiled tells the parents of a child that the child, or one of them for
// the child, has reported somebody. The one who did it knows.
func (s *Service) tellFiled(ctx context.Context, reporterID string, person, about proto.UserState) {
	if person.Person.Role != proto.RoleChild || !tells[s.cfg().TellParents].reporter || s.withinFamily(ctx, reporterID, person, about) {
		return
	}
	to := slices.DeleteFunc(slices.Clone(person.Guardians), func(id string) bool { return id == reporterID })
	s.write(ctx, letterFiled, person, to...)
}

// tellDecided tells both sides' parents what there is to tell of a decision.
func (s *Service) tellDecided(ctx context.Context, c proto.CaseReport, warned bool) {
	person := c.Reporter
	if c.OnBehalfOf != "" {
		people, err := s.facts(ctx, c.OnBehalfOf)
		if err != nil {
			s.d.Log.ErrorContext(ctx, "parents not told of a decision", "err", err)
			return
		}
		person = people[c.OnBehalfOf]
	}
	if s.withinFamily(ctx, c.Reporter.Person.ID, person, c.About) {
		return
	}
	tell := tells[s.cfg().TellParents]
	if tell.reporter && person.Person.Role == proto.RoleChild {
		s.write(ctx, letterDecided, person, person.Guardians...)
	}
	if !warned {
		return
	}
	// Somebody without a guardian is told themselves: a warning that nobody
	// reads is none.
	if c.About.Person.Role != proto.RoleChild {
		s.write(ctx, letterWarned.own, c.About, c.About.Person.ID)
	} else if tell.reported {
		s.write(ctx, letterWarned.child, c.About, c.About.Guardians...)
	}
}

// tellAccount tells those who answer for an account what became of it.
func (s *Service) tellAccount(ctx context.Context, user proto.UserState, what letters) {
	if user.Person.Role == proto.RoleChild {
		s.write(ctx, what.child, user, user.Guardians...)
		return
	}
	s.write(ctx, what.own, user, user.Person.ID)
}

// withinFamily says whether a letter about a report might reach the family of
// both its sides, and with it the one who was reported or the one who did it.
// It is a yes where it cannot be found out.
func (s *Service) withinFamily(ctx context.Context, reporterID string, person, about proto.UserState) bool {
	sides := [2][]string{
		append([]string{reporterID, person.Person.ID}, person.Guardians...),
		append([]string{about.Person.ID}, about.Guardians...),
	}
	if slices.ContainsFunc(sides[0], func(id string) bool { return slices.Contains(sides[1], id) }) {
		return true
	}
	family, err := s.People.AreFamily(ctx, person.Person.ID, about.Person.ID)
	if err != nil {
		s.d.Log.ErrorContext(ctx, "parents not told of a report", "err", err)
		return true
	}
	return family
}

// write sends a letter about somebody. What goes wrong is logged, without an
// address: the decision it tells of stands.
func (s *Service) write(ctx context.Context, what letter, about proto.UserState, to ...string) {
	recipients, err := s.People.Recipients(ctx, to...)
	if err != nil {
		s.d.Log.ErrorContext(ctx, "letter not sent", "letter", string(what), "err", err)
		return
	}
	for _, r := range recipients {
		subject, text := what.in(r.Language, about.Person.Name)
		if err := s.d.Mail.Send(ctx, r.Email, subject, text); err != nil {
			s.d.Log.ErrorContext(ctx, "letter not sent", "letter", string(what), "err", err)
		}
	}
}
