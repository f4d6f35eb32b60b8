package friends

import (
	"context"
	"log/slog"
	"time"

	"kinwire/signaling/proto"
)

// Config is what an operator may set.
type Config struct {
	// RequestLifetime is how long a request waits for every yes.
	RequestLifetime time.Duration
	// DeclineCooldown is for how long somebody who was told no cannot ask the
	// same person again.
	DeclineCooldown time.Duration
	// RemindInterval is how often a parent can be asked again about the same
	// person.
	RemindInterval time.Duration
	// TalkHalfLife is after how long what two people talked counts half.
	TalkHalfLife time.Duration
	// MaxIntroductions is how many requests that one person has introduced may
	// wait at a time; 0 means 20.
	MaxIntroductions int
	// PublicURL is how people reach this server, for the QR code of a friend
	// code: scheme://host[:port].
	PublicURL string
}

// Store is what one database has for all four parts of the service.
type Store interface {
	Ties
	Lists
	Codes
	Talks
}

// Deps are the neighbours.
type Deps struct {
	Policy  Policy
	Changes Changes
	Log     *slog.Logger
}

// Policy says whether a person may send and accept friend requests now: nil,
// or a *proto.Error fit to be shown to them.
type Policy interface {
	MayAsk(ctx context.Context, userID string) error
}

// Changes is told after a decision, and returns at once.
type Changes interface {
	// Relations: what these people may do with others has changed.
	Relations(userIDs ...string)
	// Family: these parents have something to look at.
	Family(userIDs ...string)
}

// Known is a friend as one person may see them.
type Known struct {
	Person       proto.Person
	ShowPresence bool // whether they may be seen to be online or in a call
	ShowLastSeen bool
	LastSeen     time.Time // zero unless ShowLastSeen, and for somebody who was never here
}
