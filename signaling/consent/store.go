package consent

import (
	"context"
	"time"

	"kinwire/signaling/proto"
)

// Store is what consent needs remembered. Entries of the audit log are
// written in the transaction of what they tell of.
type Store interface {
	// AddConsent adds a consent with its scopes; false, and nothing done, if
	// the guardian has maxOpen that still wait for something.
	AddConsent(ctx context.Context, c proto.ConsentRow, maxOpen int, log ...proto.AuditEntry) (added bool, err error)
	Consents(ctx context.Context, find proto.ConsentFind) ([]proto.ConsentRow, error)
	// MoveConsent takes a consent one step further; false, and nothing done,
	// if it is no longer as m.Was says.
	MoveConsent(ctx context.Context, m proto.ConsentMove, log ...proto.AuditEntry) (moved bool, err error)
	// SetConsentScopes sets the scopes of a granted consent; false, and
	// nothing done, if it is not granted any more.
	SetConsentScopes(ctx context.Context, m proto.ScopesMove, log ...proto.AuditEntry) (set bool, err error)
	ConsentEvidence(ctx context.Context, consentID string) (e proto.ConsentEvidence, found bool, err error)
	// ConsentGuardians returns the ids of a child's parents who are not suspended.
	ConsentGuardians(ctx context.Context, childID string) ([]string, error)
	AddTicket(ctx context.Context, kind, token string, personID, data string, expires time.Time) error
	// TakeTicket takes a one-time token out; false if there is none.
	TakeTicket(ctx context.Context, kind, token string, now time.Time) (personID, data string, found bool, err error)
}
