package accounts

import (
	"context"
	"time"

	"kinwire/signaling/proto"
)

// Store is what accounts needs remembered. Only active people are found: a
// suspended one is nobody here. tokenHash is the SHA-256 of a session token
// in hex.
type Store interface {
	// AddPerson adds a person; false, and nothing done, if the id or the
	// login is taken. login is in lower case.
	AddPerson(ctx context.Context, p proto.Person, login, passwordHash string) (added bool, err error)
	// AddContact lets from call to. It may be repeated.
	AddContact(ctx context.Context, from, to string) error
	Credentials(ctx context.Context, login string) (userID, passwordHash string, found bool, err error)
	Person(ctx context.Context, userID string) (p proto.Person, found bool, err error)
	// Contacts returns those whom this person may call, ordered by name.
	Contacts(ctx context.Context, userID string) ([]proto.Person, error)
	AddSession(ctx context.Context, tokenHash, userID string, d proto.Device, created, expires time.Time) error
	// SessionPerson finds the owner of a session that is still good at now.
	SessionPerson(ctx context.Context, tokenHash string, now time.Time) (p proto.Person, found bool, err error)
	// DeleteSession is no error if there is no such session.
	DeleteSession(ctx context.Context, tokenHash string) error
}
