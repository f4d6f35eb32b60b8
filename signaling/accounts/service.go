package accounts

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"kinwire/signaling/proto"
)

const (
	maxLogin    = 64  // bytes
	maxPassword = 256 // bytes; argon2id takes any length, the network need not
	tokenBytes  = 32
	tokenPrefix = "kws_" // lets secret scanners know one when they see it
)

// Service is the accounts of one installation.
type Service struct {
	store   Store
	now     func() time.Time
	cfg     Config
	hash    *hasher
	limiter *limiter
	// decoy is the hash of no password. An unknown login is checked against
	// it, so that it takes as long as a known one.
	decoy func() string
}

// New makes the service. It keeps nothing running.
func New(store Store, now func() time.Time, cfg Config) *Service {
	if cfg.Argon2 == (Argon2{}) {
		cfg.Argon2 = DefaultArgon2()
	}
	s := &Service{store: store, now: now, cfg: cfg, hash: newHasher(cfg.Argon2), limiter: newLimiter()}
	s.decoy = sync.OnceValue(func() string {
		p := phc{cost: cfg.Argon2, salt: make([]byte, saltBytes), key: make([]byte, keyBytes)}
		rand.Read(p.salt)
		rand.Read(p.key)
		return p.String()
	})
	return s
}

// Login signs a device in. name is compared without case or outer spaces.
//
// A wrong name or password is a *proto.Error unauthenticated, too many of
// them for one name rate_limited; any other error is a fault of the server.
func (s *Service) Login(ctx context.Context, name, password string, d proto.Device) (Session, error) {
	login := strings.ToLower(strings.TrimSpace(name))
	if login == "" || len(login) > maxLogin || len(password) > maxPassword {
		return Session{}, errWrongLogin() // no such login can exist
	}
	if wait, ok := s.limiter.take(login, s.now()); !ok {
		return Session{}, &proto.Error{Code: proto.CodeRateLimited, Message: fmt.Sprintf(
			"too many wrong passwords for this login; try again in %.0f seconds", math.Ceil(wait.Seconds()))}
	}
	userID, err := s.check(ctx, login, password)
	if err != nil {
		return Session{}, err
	}
	s.limiter.giveBack(login, s.now())
	return s.open(ctx, userID, d)
}

// check returns whose login and password these are.
func (s *Service) check(ctx context.Context, login, password string) (string, error) {
	userID, hash, found, err := s.store.Credentials(ctx, login)
	if err != nil {
		return "", fmt.Errorf("log in: %w", err)
	}
	if !found {
		hash = s.decoy()
	}
	right, err := s.hash.verify(ctx, hash, password)
	if err != nil {
		return "", fmt.Errorf("log in: %w", err)
	}
	if !found || !right {
		return "", errWrongLogin()
	}
	return userID, nil
}

// open makes a session for somebody who has proved who they are.
func (s *Service) open(ctx context.Context, userID string, d proto.Device) (Session, error) {
	p, found, err := s.store.Person(ctx, userID)
	if err != nil {
		return Session{}, fmt.Errorf("log in: %w", err)
	}
	if !found {
		return Session{}, errWrongLogin() // suspended a moment ago
	}
	raw := make([]byte, tokenBytes)
	rand.Read(raw)
	token := tokenPrefix + base64.RawURLEncoding.EncodeToString(raw)
	now := s.now()
	session := Session{Token: token, ExpiresAt: now.Add(s.cfg.SessionLifetime), Person: p}
	if err := s.store.AddSession(ctx, hashToken(token), userID, d, now, session.ExpiresAt); err != nil {
		return Session{}, fmt.Errorf("log in: %w", err)
	}
	return session, nil
}

// Authenticate returns whose token it is. One that is unknown, has run out or
// belongs to a suspended person is a *proto.Error unauthenticated.
func (s *Service) Authenticate(ctx context.Context, token string) (proto.Person, error) {
	p, found, err := s.store.SessionPerson(ctx, hashToken(token), s.now())
	if err != nil {
		return proto.Person{}, fmt.Errorf("authenticate: %w", err)
	}
	if !found {
		return proto.Person{}, &proto.Error{Code: proto.CodeUnauthenticated,
			Message: "the session token is unknown or has expired; log in again"}
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

// Person returns a person by id; *proto.Error not_found if there is none or
// they are suspended.
func (s *Service) Person(ctx context.Context, userID string) (proto.Person, error) {
	p, found, err := s.store.Person(ctx, userID)
	if err != nil {
		return proto.Person{}, err
	}
	if !found {
		return proto.Person{}, &proto.Error{Code: proto.CodeNotFound, Message: "there is no such person"}
	}
	return p, nil
}

// People returns everyone this person may call, ordered by name.
func (s *Service) People(ctx context.Context, userID string) ([]proto.Person, error) {
	return s.store.Contacts(ctx, userID)
}

func errWrongLogin() error {
	return &proto.Error{Code: proto.CodeUnauthenticated, Message: "the login or the password is wrong"}
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
