package accounts

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"kinwire/signaling/proto"
)

// A mark is by which somebody who was suspended would be known again: a keyed
// hash of what they would sign up with. Who has the database and not the key
// cannot tell from it who it was, nor try out addresses.

func (s *Service) emailMark(email string) string { return s.mark("email:" + email) }

// childMark is about a child of one parent with one date of birth. Twins have
// the same; whoever runs the server can restore the one who did nothing.
func (s *Service) childMark(guardianID, birthDate string) string {
	return s.mark("child:" + guardianID + ":" + birthDate)
}

func (s *Service) mark(of string) string {
	if len(s.cfg.MarkKey) == 0 {
		return ""
	}
	h := hmac.New(sha256.New, s.cfg.MarkKey)
	h.Write([]byte(of))
	return hex.EncodeToString(h.Sum(nil))
}

// marked says whether somebody with this mark was suspended.
func (s *Service) marked(ctx context.Context, mark string) (bool, error) {
	if mark == "" {
		return false, nil
	}
	return s.store.Marked(ctx, mark, s.now())
}

// Marks returns by what this person would be known again: for a child, one
// mark for each parent; for everybody else one of their e-mail address.
func (s *Service) Marks(ctx context.Context, userID string) ([]string, error) {
	a, found, err := s.store.Account(ctx, userID)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errNoPerson()
	}
	if len(s.cfg.MarkKey) == 0 {
		return nil, nil
	}
	if a.Person.Role != proto.RoleChild {
		if a.Login == "" {
			return nil, nil
		}
		return []string{s.emailMark(a.Login)}, nil
	}
	guardians, err := s.store.GuardianPeople(ctx, userID)
	if err != nil {
		return nil, err
	}
	marks := make([]string, 0, len(guardians))
	for _, g := range guardians {
		marks = append(marks, s.childMark(g.ID, a.BirthDate))
	}
	return marks, nil
}
