package consent

import (
	"context"
	"log/slog"
	"time"

	"kinwire/signaling/proto"
)

// Config is what an operator may set.
type Config struct {
	// NoticeVersion names the notice as it is now. A consent to any other
	// version is outdated.
	NoticeVersion string
	// Sections are the notice's text; none: the one that comes with Kinwire.
	Sections []proto.NoticeSection
	// Methods are those offered, in the order in which a parent sees them.
	Methods []proto.ConsentMethod
	// Delay is how long after the first confirmation the second e-mail is
	// sent; 0 or less: a day.
	Delay time.Duration
	// Lifetime is how long a consent may wait for the next thing that a
	// parent or an operator has to do; 0 or less: a week.
	Lifetime time.Duration
	// PublicURL is where people reach the app, without a path.
	PublicURL string
	// ExternalURL is where a check elsewhere begins. ExternalSecret is the key
	// with which its results are signed.
	ExternalURL, ExternalSecret string
}

const (
	defaultDelay    = 24 * time.Hour
	defaultLifetime = 7 * 24 * time.Hour
)

// Deps is what consent needs of others.
type Deps struct {
	Mail    Mailer
	Changes Changes
	People  People
	Log     *slog.Logger
}

// Mailer sends an e-mail, or hands it to somebody who will; it returns fast.
type Mailer interface {
	Send(ctx context.Context, to, subject, text string) error
}

// Changes is told, after a transaction, whom it concerns. It never blocks.
type Changes interface {
	// Relations: what these people may do with others has changed.
	Relations(userIDs ...string)
	// Family: these parents have something new to look at.
	Family(userIDs ...string)
}

// People knows where to write to.
type People interface {
	// Mailbox returns a parent's address and language (BCP 47, or empty).
	Mailbox(ctx context.Context, userID string) (address, language string, err error)
}
