package reports

import (
	"context"
	"time"

	"kinwire/signaling/proto"
)

// Stores is where everything is remembered; one store may be all of it.
type Stores struct {
	Reports     Store
	Evidence    Evidence
	Suspensions Suspensions
	People      People
}

// Store keeps reports. Of the people of a case it gives the ids.
type Store interface {
	// ReportSubject returns whom personID means by about, a user id or the id
	// of a friend request; false if personID knows nobody by it.
	ReportSubject(ctx context.Context, personID, about string) (aboutID string, known bool, err error)
	// AddReport does nothing and returns false if the reporter has made most
	// reports since then. The evidence is sealed, and empty if there is none.
	AddReport(ctx context.Context, c proto.CaseReport, evidence []byte, since time.Time, most int, log ...proto.AuditEntry) (added bool, err error)
	ReportsBy(ctx context.Context, reporterID string, limit int) ([]proto.Report, error)
	Case(ctx context.Context, id string) (c proto.CaseReport, found bool, err error)
	// Cases returns open reports, the oldest first, and then decided ones, the
	// newest first; of one state, or with an empty one all.
	Cases(ctx context.Context, state proto.ReportState, limit int) ([]proto.CaseReport, error)
	// DecideReport decides an open report, keeps its evidence until then or,
	// with a zero time, deletes it, shuts the account if there is a
	// suspension, and returns the token hashes of the sessions that are gone.
	// False, and nothing is done, if the report is not open any more or the
	// account cannot be shut.
	DecideReport(ctx context.Context, c proto.CaseReport, evidence time.Time, shut *proto.Suspension, log ...proto.AuditEntry) (ended []string, done bool, err error)
	SweepReports(ctx context.Context, then time.Time) (int64, error)
}

// Evidence keeps what reports reveal, as sealed bytes.
type Evidence interface {
	// WasInConversation says whether somebody is or was in a conversation.
	WasInConversation(ctx context.Context, conversationID, personID string) (bool, error)
	// ReportEvidence returns nothing if there is none (any more); else it
	// writes down in the same transaction that somebody looked.
	ReportEvidence(ctx context.Context, id string, now time.Time, log ...proto.AuditEntry) (sealed []byte, until int64, err error)
	SweepEvidence(ctx context.Context, now time.Time) (int64, error)
}

// Suspensions keeps which accounts are shut.
type Suspensions interface {
	// SuspendPerson does nothing and returns false if the account is not
	// there, shut already, or one of the staff's.
	SuspendPerson(ctx context.Context, p proto.Suspension, log ...proto.AuditEntry) (ended []string, done bool, err error)
	// RestorePerson does nothing and returns false if the account is not
	// suspended.
	RestorePerson(ctx context.Context, p proto.Suspension, log ...proto.AuditEntry) (done bool, err error)
	SweepSuspensions(ctx context.Context, now time.Time) (int64, error)
}

// People is what is known of people.
type People interface {
	// UserStates leaves out who does not exist.
	UserStates(ctx context.Context, now time.Time, ids ...string) ([]proto.UserState, error)
	// LookUpPerson finds by user id or login, and writes down in the same
	// transaction that it was looked for; userID is empty if it is nobody's.
	LookUpPerson(ctx context.Context, find string, entry func(userID string) proto.AuditEntry) (userID string, err error)
	// Recipients leaves out who has no e-mail address.
	Recipients(ctx context.Context, ids ...string) ([]proto.Recipient, error)
	AreFamily(ctx context.Context, a, b string) (bool, error)
}

// Policy says whose child somebody is.
type Policy interface {
	// Guards is nil if parentID looks after childID, and else a *proto.Error
	// not_found.
	Guards(ctx context.Context, parentID, childID string) error
}

// Blocker blocks somebody at once.
type Blocker interface {
	// Block blocks otherID for personID; actorID is personID or a parent.
	Block(ctx context.Context, actorID, personID, otherID string) error
}

// Logins cuts off sockets whose session is gone.
type Logins interface {
	EndLogins(userID string, tokenHashes []string)
}

// Marks gives the keyed hashes by which somebody would be known again.
type Marks interface {
	Marks(ctx context.Context, userID string) ([]string, error)
}

// Changes is told whom a decision concerns, after it is in force. Its methods
// return at once.
type Changes interface {
	Relations(userIDs ...string)
	Family(userIDs ...string)
}

// Franking verifies messages that a report reveals.
type Franking interface {
	// Verify is nil if the message is what its sender sent, and else a
	// *proto.Error.
	Verify(e proto.MessageEvidence) error
}

// Sealer keeps evidence from whoever reads the database without its key.
type Sealer interface {
	Seal(aad, body []byte) ([]byte, error)
	Open(aad, sealed []byte) ([]byte, error)
}

// Mailer sends an e-mail; it returns fast.
type Mailer interface {
	Send(ctx context.Context, to, subject, text string) error
}
