package accounts

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"kinwire/signaling/pace"
	"kinwire/signaling/proto"
)

// Guessing is slowed by token buckets from which only failures take. Each line
// says how many tries in a row somebody has, and how long until one more.
const (
	triesAtOnce = 8 // passwords for one login, codes of one beginning, guardian codes by one parent
	tryEvery    = 15 * time.Second

	mailsAtOnce = 3 // e-mails to one address
	mailEvery   = 10 * time.Minute
)

// Service is the accounts of one installation.
type Service struct {
	store Store
	now   func() time.Time
	cfg   Config
	mail  Mailer
	tell  Changes
	ages  []AgeRule
	log   *slog.Logger

	keeps  atomic.Int64 // how long a login lasts, in nanoseconds
	hash   *hasher
	logins *pace.Limiter // by login
	codes  *pace.Limiter // by the beginning of a code, and by parent for guardian codes
	mails  *pace.Limiter // by address
	// decoy is the hash of no password. An unknown login is checked against
	// it, so that it takes as long as a known one.
	decoy func() string
}

// New makes the service. It keeps nothing running.
func New(store Store, now func() time.Time, cfg Config, d Deps) *Service {
	if cfg.Argon2 == (Argon2{}) {
		cfg.Argon2 = DefaultArgon2()
	}
	s := &Service{
		store: store, now: now, cfg: cfg, mail: d.Mail, tell: d.Changes, ages: d.Ages, log: d.Log,
		hash:   newHasher(cfg.Argon2),
		logins: pace.New(triesAtOnce, tryEvery), codes: pace.New(triesAtOnce, tryEvery), mails: pace.New(mailsAtOnce, mailEvery),
	}
	s.Tune(cfg)
	if s.tell == nil {
		s.tell = nobody{}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if len(cfg.MarkKey) == 0 {
		s.log.Warn("there is no key for marks: somebody who was suspended can sign up again")
	}
	s.decoy = sync.OnceValue(func() string {
		p := phc{cost: cfg.Argon2, salt: make([]byte, saltBytes), key: make([]byte, keyBytes)}
		rand.Read(p.salt)
		rand.Read(p.key)
		return p.String()
	})
	return s
}

// Tune takes over Config.SessionLifetime, for logins from then on. The rest of
// cfg stays as it was.
func (s *Service) Tune(cfg Config) { s.keeps.Store(int64(cfg.SessionLifetime)) }

func (s *Service) lifetime() time.Duration { return time.Duration(s.keeps.Load()) }

// refuse makes an error that is the client's fault.
func refuse(code proto.Code, format string, args ...any) error {
	return &proto.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Login signs a device in. name is an e-mail address or a child's user name,
// and is compared without case or outer spaces.
//
// A wrong name or password is a *proto.Error unauthenticated, too many of
// them for one name rate_limited, the right ones of a suspended account
// suspended; any other error is a fault of the server.
func (s *Service) Login(ctx context.Context, name, password string, d proto.Device) (Session, error) {
	login := loginName(name)
	if login == "" || len(login) > maxLogin || len(password) > maxPassword {
		return Session{}, errWrongLogin() // no such login can exist
	}
	a, err := s.check(ctx, login, password)
	if err != nil {
		return Session{}, err
	}
	if !a.Active {
		return Session{}, errSuspended()
	}
	return s.open(ctx, a.Person, d, s.lifetime())
}

// check returns the account that has this login and this password. Failures
// are counted against the login.
func (s *Service) check(ctx context.Context, login, password string) (proto.AccountRow, error) {
	if wait, ok := s.logins.Take(login, s.now()); !ok {
		return proto.AccountRow{}, tooMany("wrong passwords for this login", wait)
	}
	a, found, err := s.store.AccountByLogin(ctx, login)
	if err != nil {
		return proto.AccountRow{}, fmt.Errorf("log in: %w", err)
	}
	hash := a.Password
	if hash == "" { // unknown, or without a password
		hash = s.decoy()
	}
	right, err := s.hash.verify(ctx, hash, normPassword(password))
	if err != nil {
		return proto.AccountRow{}, fmt.Errorf("log in: %w", err)
	}
	if !found || a.Password == "" || !right {
		return proto.AccountRow{}, errWrongLogin()
	}
	s.logins.GiveBack(login, s.now())
	return a, nil
}

// Person returns a person by id; *proto.Error not_found if there is none or
// they are suspended.
func (s *Service) Person(ctx context.Context, userID string) (proto.Person, error) {
	p, found, err := s.store.Person(ctx, userID)
	if err != nil {
		return proto.Person{}, err
	}
	if !found {
		return proto.Person{}, errNoPerson()
	}
	return p, nil
}

// activeAccount returns an account that is in use.
func (s *Service) activeAccount(ctx context.Context, userID string) (proto.AccountRow, error) {
	a, found, err := s.store.Account(ctx, userID)
	switch {
	case err != nil:
		return proto.AccountRow{}, err
	case !found:
		return proto.AccountRow{}, errNoPerson()
	case !a.Active:
		return proto.AccountRow{}, errSuspended()
	}
	return a, nil
}

func errWrongLogin() error {
	return refuse(proto.CodeUnauthenticated, "the login or the password is wrong")
}

func errNoPerson() error { return refuse(proto.CodeNotFound, "there is no such person") }

func errSuspended() error {
	return refuse(proto.CodeSuspended, "this account was suspended; ask whoever runs this server why")
}

func tooMany(of string, wait time.Duration) error {
	return refuse(proto.CodeRateLimited, "too many %s; try again in %.0f seconds", of, math.Ceil(wait.Seconds()))
}
