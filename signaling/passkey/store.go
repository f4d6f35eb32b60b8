package passkey

import (
	"context"
	"time"

	"kinwire/signaling/proto"
)

// Store is what passkeys need remembered. credential is the credential record
// as JSON; a passkey's id is its credential id in base64url.
type Store interface {
	// AddPasskey adds one; false, and nothing done, if the person has limit
	// of them or the id is there already.
	AddPasskey(ctx context.Context, personID string, key proto.Passkey, credential string, limit int) (added bool, err error)
	// Passkeys lists those of a person, the oldest first.
	Passkeys(ctx context.Context, personID string) ([]proto.Passkey, error)
	// PasskeyCredential finds a passkey of an active person.
	PasskeyCredential(ctx context.Context, id string) (personID, credential string, found bool, err error)
	// UsePasskey replaces the credential; false if it is not before any more.
	UsePasskey(ctx context.Context, id, before, after string, used time.Time) (bool, error)
	// DeletePasskey is false if that person has no such passkey.
	DeletePasskey(ctx context.Context, personID, id string) (bool, error)

	// AddTicket keeps data under a one-time token until expires.
	AddTicket(ctx context.Context, kind, token string, personID, data string, expires time.Time) error
	// TakeTicket finds a ticket that is still good at now, and removes it:
	// nobody else can take it.
	TakeTicket(ctx context.Context, kind, token string, now time.Time) (personID, data string, found bool, err error)
}
