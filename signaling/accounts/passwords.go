package accounts

import (
	"context"
	"crypto/rand"
	"time"

	"kinwire/signaling/proto"
)

const resetLifetime = time.Hour // of the link in the e-mail

// PasswordStore changes password hashes. A new one makes reset tickets of the
// same person worthless.
type PasswordStore interface {
	SetPassword(ctx context.Context, userID, passwordHash string) error
	// ReplacePassword ends all sessions but the one with the hash except.
	ReplacePassword(ctx context.Context, userID, passwordHash, except string) (ended []string, err error)
	// ResetPassword uses up a reset ticket and ends all sessions.
	ResetPassword(ctx context.Context, token, passwordHash string, now time.Time) (userID string, ended []string, found bool, err error)
}

// Forgot sends an e-mail with which a new password can be set. An address
// without an account gets one too, which says so: the work is the same, so
// that nobody learns from it who has an account.
func (s *Service) Forgot(ctx context.Context, address string) error {
	email, err := emailOf(address)
	if err != nil {
		return err
	}
	if err := s.mayMail(email); err != nil {
		return err
	}
	a, found, err := s.store.AccountByLogin(ctx, email)
	if err != nil {
		return err
	}
	token := rand.Text()
	kind := mailReset
	switch {
	case !found:
		kind = mailNobody
	case !a.Active:
		kind = mailSuspended
	default:
		if err := s.store.ReplaceTicket(ctx, proto.TicketReset, token, a.Person.ID, "", s.now().Add(resetLifetime)); err != nil {
			return err
		}
	}
	return s.send(ctx, email, a.Language, kind, token)
}

// Reset sets a new password with the token of the e-mail, and signs in. It
// returns the token hashes of the sessions that ended: all that there were.
func (s *Service) Reset(ctx context.Context, in proto.PasswordReset) (proto.LoggedIn, []string, error) {
	userID, _, found, err := s.store.SeeTicket(ctx, proto.TicketReset, in.Token, s.now())
	if err != nil {
		return proto.LoggedIn{}, nil, err
	}
	if !found {
		return proto.LoggedIn{}, nil, errOldLink()
	}
	a, err := s.activeAccount(ctx, userID)
	if err != nil {
		return proto.LoggedIn{}, nil, err
	}
	if err := checkPassword(in.Password, a.Login); err != nil {
		return proto.LoggedIn{}, nil, err
	}
	hash, err := s.hash.hash(ctx, normPassword(in.Password))
	if err != nil {
		return proto.LoggedIn{}, nil, err
	}
	_, ended, found, err := s.store.ResetPassword(ctx, in.Token, hash, s.now())
	if err != nil {
		return proto.LoggedIn{}, nil, err
	}
	if !found { // somebody was faster
		return proto.LoggedIn{}, nil, errOldLink()
	}
	login, err := s.loggedIn(ctx, userID, nil)
	return login, ended, err
}

// ChangePassword sets a new password by somebody who knows the old one, or has
// none yet. It returns the token hashes of the sessions that ended: all but
// that of token. Wrong old passwords are slowed like log-ins. A child's
// password is set by a parent.
func (s *Service) ChangePassword(ctx context.Context, userID, token string, in proto.PasswordChange) (ended []string, err error) {
	a, err := s.activeAccount(ctx, userID)
	if err != nil {
		return nil, err
	}
	if a.Login == "" || a.Person.Role == proto.RoleChild {
		return nil, refuse(proto.CodeNotAllowed, "this password is set by a parent")
	}
	if err := checkPassword(in.New, a.Login); err != nil {
		return nil, err
	}
	if a.Password == "" && in.Old != "" {
		return nil, errWrongLogin()
	}
	if a.Password != "" {
		if _, err := s.check(ctx, a.Login, in.Old); err != nil {
			return nil, err
		}
	}
	hash, err := s.hash.hash(ctx, normPassword(in.New))
	if err != nil {
		return nil, err
	}
	return s.store.ReplacePassword(ctx, userID, hash, hashToken(token))
}
