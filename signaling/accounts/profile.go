package accounts

import (
	"context"
	"time"

	"kinwire/signaling/proto"
)

// PeopleStore is who people are. Logins are in lower case.
type PeopleStore interface {
	// AddAccount makes an account; with a kind, it uses up that ticket in the
	// same transaction. Refused is unauthenticated if there is no such ticket,
	// taken if the login or the id is somebody's, empty if it was made.
	AddAccount(ctx context.Context, a proto.AccountRow, kind, token string) (refused proto.Code, err error)
	// Account and AccountByLogin find suspended accounts too.
	Account(ctx context.Context, userID string) (a proto.AccountRow, found bool, err error)
	AccountByLogin(ctx context.Context, login string) (a proto.AccountRow, found bool, err error)
	// Person finds active people only.
	Person(ctx context.Context, userID string) (p proto.Person, found bool, err error)
	EditPerson(ctx context.Context, userID, name, avatar string) error
	Settings(ctx context.Context, userID string) (v proto.Settings, found bool, err error)
	SetSettings(ctx context.Context, userID string, v proto.Settings) error
	// Marked says whether somebody with this mark was suspended.
	Marked(ctx context.Context, mark string, now time.Time) (bool, error)
}

// defaults are the settings of somebody who has decided nothing.
var defaults = proto.Settings{Presence: proto.VisibleFriends, LastSeen: proto.VisibleFriends, OrderByTalk: true}

var visibilities = map[proto.Visibility]bool{proto.VisibleFriends: true, proto.VisibleFamily: true, proto.VisibleNobody: true}

// Account is a person as they see themselves.
func (s *Service) Account(ctx context.Context, userID string) (proto.Account, error) {
	a, err := s.activeAccount(ctx, userID)
	if err != nil {
		return proto.Account{}, err
	}
	settings, err := s.Settings(ctx, userID)
	if err != nil {
		return proto.Account{}, err
	}
	return proto.Account{
		Person: a.Person, Login: a.Login, Country: a.Country, Settings: settings, Password: a.Password != "",
	}, nil
}

// Edit changes one's own name and picture. A child's are changed by a parent.
func (s *Service) Edit(ctx context.Context, userID string, in proto.AccountEdit) (proto.Account, error) {
	a, err := s.activeAccount(ctx, userID)
	if err != nil {
		return proto.Account{}, err
	}
	if a.Person.Role == proto.RoleChild {
		return proto.Account{}, refuse(proto.CodeNotAllowed, "a child's name and picture are changed by a parent")
	}
	name, err := nameOf("name", in.Name)
	if err != nil {
		return proto.Account{}, err
	}
	avatar, err := avatarOf(in.Avatar)
	if err != nil {
		return proto.Account{}, err
	}
	if err := s.store.EditPerson(ctx, userID, name, avatar); err != nil {
		return proto.Account{}, err
	}
	s.tell.Relations(userID)
	return s.Account(ctx, userID)
}

// Settings are what a person has decided for themselves, or the defaults:
// friends see whether they are here and when they were, a call during a call
// is told that they are busy, friends are ordered by talk.
func (s *Service) Settings(ctx context.Context, userID string) (proto.Settings, error) {
	v, found, err := s.store.Settings(ctx, userID)
	if err != nil {
		return proto.Settings{}, err
	}
	if !found {
		return defaults, nil
	}
	return v, nil
}

// SetSettings changes them.
func (s *Service) SetSettings(ctx context.Context, userID string, in proto.Settings) (proto.Settings, error) {
	for field, v := range map[string]proto.Visibility{"presence": in.Presence, "last_seen": in.LastSeen} {
		if !visibilities[v] {
			return proto.Settings{}, refuse(proto.CodeBadMessage, "%s is none of friends, family and nobody", field)
		}
	}
	if _, err := s.activeAccount(ctx, userID); err != nil {
		return proto.Settings{}, err
	}
	if err := s.store.SetSettings(ctx, userID, in); err != nil {
		return proto.Settings{}, err
	}
	s.tell.Relations(userID)
	return in, nil
}

// Mailbox returns where and in which language (BCP 47, or empty) to write to
// a grown-up.
func (s *Service) Mailbox(ctx context.Context, userID string) (address, language string, err error) {
	a, err := s.activeAccount(ctx, userID)
	if err != nil {
		return "", "", err
	}
	if a.Person.Role == proto.RoleChild {
		return "", "", refuse(proto.CodeNotFound, "a child has no e-mail address here")
	}
	return a.Login, a.Language, nil
}
