package accounts

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"kinwire/signaling/proto"
)

const (
	tokenBytes  = 32
	tokenPrefix = "kws_" // lets secret scanners know one when they see it
	// maxDeviceText bounds what a device says of itself, in characters.
	maxDeviceText = 64
	// staffLifetime is how long the operator's person is signed in for a call.
	staffLifetime = time.Hour
)

// SessionStore is who is signed in.
type SessionStore interface {
	AddSession(ctx context.Context, tokenHash, userID string, d proto.Device, created, expires time.Time) error
	// SessionPerson finds the active owner of a session that is still good at now.
	SessionPerson(ctx context.Context, tokenHash string, now time.Time) (p proto.Person, found bool, err error)
	// LoginSessions lists the one with the hash current first, then the most
	// recently used.
	LoginSessions(ctx context.Context, userID, current string, now time.Time) ([]proto.LoginSession, error)
	// DeleteSession is no error if there is no such session.
	DeleteSession(ctx context.Context, tokenHash string) error
	EndSession(ctx context.Context, userID, id string) (tokenHash string, found bool, err error)
	// EndSessions ends all but the one with the hash except.
	EndSessions(ctx context.Context, userID, except string) (ended []string, err error)
}

// DeviceStore is where signed-in devices are found.
type DeviceStore interface {
	Seen(ctx context.Context, userID, tokenHash string, now time.Time) error
	SetPushHandle(ctx context.Context, tokenHash, handle string) (found bool, err error)
	PushHandles(ctx context.Context, userID string, now time.Time) ([]string, error)
	ForgetPushHandle(ctx context.Context, handle string) error
	// SweepLogins deletes sessions and tickets that have run out.
	SweepLogins(ctx context.Context, now time.Time) error
}

// OpenFor signs in somebody who has proved who they are by other means, such
// as a passkey. It is a *proto.Error suspended or not_found if they have no
// account that is in use.
func (s *Service) OpenFor(ctx context.Context, userID string, d proto.Device) (Session, error) {
	a, err := s.activeAccount(ctx, userID)
	if err != nil {
		return Session{}, err
	}
	return s.open(ctx, a.Person, d, s.lifetime())
}

// loggedIn is OpenFor in the words of the HTTP API. d may be nil.
func (s *Service) loggedIn(ctx context.Context, userID string, d *proto.Device) (proto.LoggedIn, error) {
	if d == nil {
		d = &proto.Device{}
	}
	session, err := s.OpenFor(ctx, userID, *d)
	if err != nil {
		return proto.LoggedIn{}, err
	}
	return proto.LoggedIn{Token: session.Token, ExpiresAt: session.ExpiresAt.UnixMilli(), Me: session.Person}, nil
}

// OpenStaff signs in the operator's own person, for an hour: a person with the
// role staff, made when first needed, whom nobody finds and who has no
// password.
func (s *Service) OpenStaff(ctx context.Context, operator string) (Session, error) {
	sum := sha256.Sum256([]byte(operator))
	p := proto.Person{
		ID: "u_staff_" + hex.EncodeToString(sum[:10]), Name: "Kinwire", Avatar: "🛟", Role: proto.RoleStaff,
	}
	// Refused means that the person is there already.
	if _, err := s.store.AddAccount(ctx, proto.AccountRow{Person: p, CreatedAt: s.now()}, "", ""); err != nil {
		return Session{}, fmt.Errorf("make the operator's person: %w", err)
	}
	a, err := s.activeAccount(ctx, p.ID)
	if err != nil {
		return Session{}, err
	}
	return s.open(ctx, a.Person, proto.Device{Model: "ops page"}, staffLifetime)
}

// open makes a session.
func (s *Service) open(ctx context.Context, p proto.Person, d proto.Device, lifetime time.Duration) (Session, error) {
	raw := make([]byte, tokenBytes)
	rand.Read(raw)
	token := tokenPrefix + base64.RawURLEncoding.EncodeToString(raw)
	now := s.now()
	session := Session{Token: token, ExpiresAt: now.Add(lifetime), Person: p}
	d = proto.Device{Model: shorten(d.Model), OS: shorten(d.OS), App: shorten(d.App)}
	if err := s.store.AddSession(ctx, hashToken(token), p.ID, d, now, session.ExpiresAt); err != nil {
		return Session{}, fmt.Errorf("log in: %w", err)
	}
	return session, nil
}

func shorten(text string) string {
	if runes := []rune(text); len(runes) > maxDeviceText {
		return string(runes[:maxDeviceText])
	}
	return text
}

// Authenticate returns whose token it is. One that is unknown, has run out or
// belongs to a suspended person is a *proto.Error unauthenticated.
func (s *Service) Authenticate(ctx context.Context, token string) (proto.Person, error) {
	p, found, err := s.store.SessionPerson(ctx, hashToken(token), s.now())
	if err != nil {
		return proto.Person{}, fmt.Errorf("authenticate: %w", err)
	}
	if !found {
		return proto.Person{}, refuse(proto.CodeUnauthenticated, "the session token is unknown or has expired; log in again")
	}
	return p, nil
}

// Logout ends the session of token. An unknown token is no error.
func (s *Service) Logout(ctx context.Context, token string) error {
	if err := s.store.DeleteSession(ctx, hashToken(token)); err != nil {
		return fmt.Errorf("log out: %w", err)
	}
	return nil
}

// Sessions lists the devices on which somebody is signed in: the one that asks
// first, then the most recently used. currentToken is empty where a parent
// asks for a child.
func (s *Service) Sessions(ctx context.Context, userID, currentToken string) (proto.LoginSessions, error) {
	all, err := s.store.LoginSessions(ctx, userID, hashToken(currentToken), s.now())
	if err != nil {
		return proto.LoginSessions{}, err
	}
	return proto.LoginSessions{Sessions: all}, nil
}

// EndSession signs one of somebody's devices out. It returns the token hashes
// (hex SHA-256) whose sockets have to go; *proto.Error not_found if they have
// no such session.
func (s *Service) EndSession(ctx context.Context, userID, id string) (ended []string, err error) {
	hash, found, err := s.store.EndSession(ctx, userID, id)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, refuse(proto.CodeNotFound, "there is no such session; it may have ended already")
	}
	return []string{hash}, nil
}

// EndAll signs all of somebody's devices out and returns their token hashes.
func (s *Service) EndAll(ctx context.Context, userID string) (ended []string, err error) {
	return s.store.EndSessions(ctx, userID, "")
}

// Seen notes that a person, and the device with that token, is here now. token
// is empty where no device is known.
func (s *Service) Seen(ctx context.Context, userID, token string) error {
	return s.store.Seen(ctx, userID, hashToken(token), s.now())
}

// SetPush keeps by which handle the device with that token can be woken; an
// empty one unsets.
func (s *Service) SetPush(ctx context.Context, token, handle string) error {
	found, err := s.store.SetPushHandle(ctx, hashToken(token), handle)
	if err != nil {
		return err
	}
	if !found {
		return refuse(proto.CodeUnauthenticated, "the session token is unknown or has expired; log in again")
	}
	return nil
}

// PushHandles returns by which handles somebody's devices can be woken.
func (s *Service) PushHandles(ctx context.Context, userID string) ([]string, error) {
	return s.store.PushHandles(ctx, userID, s.now())
}

// Forget makes a handle nobody's: the push service says that the device is
// gone.
func (s *Service) Forget(ctx context.Context, handle string) error {
	return s.store.ForgetPushHandle(ctx, handle)
}

// sweepEvery is how often Run looks for what has run out.
const sweepEvery = time.Hour

// Run sweeps now and every hour, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "expired log-ins not deleted", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Sweep deletes sessions and one-time tokens that have run out. Log-ins do so
// in passing; this is for a server on which nobody logs in.
func (s *Service) Sweep(ctx context.Context) error { return s.store.SweepLogins(ctx, s.now()) }

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
