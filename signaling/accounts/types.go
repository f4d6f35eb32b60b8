package accounts

import (
	"context"
	"log/slog"
	"time"

	"kinwire/signaling/proto"
)

// Config is what an operator may set.
type Config struct {
	// SessionLifetime is how long a log-in lasts.
	SessionLifetime time.Duration
	// Argon2 is the cost of a password hash; the zero value means
	// [DefaultArgon2].
	Argon2 Argon2
	// PublicURL is how people reach this server, scheme://host[:port], for
	// the links in e-mails and codes.
	PublicURL string
	// MarkKey is the HMAC key of the marks by which somebody who was
	// suspended would be known again, 16 bytes or more. It must stay the
	// same: with another key nobody is known. Empty: there are no marks.
	MarkKey []byte
	// NoticeVersion is the version of the notice as it reads now. A child is
	// made only with a consent to it.
	NoticeVersion string
}

// Deps are the parts that accounts is joined to.
type Deps struct {
	Mail    Mailer       // nil: what needs an e-mail is refused as unavailable
	Changes Changes      // nil: nobody is told
	Ages    []AgeRule    // ages of consent; without any, the strictest holds
	Log     *slog.Logger // nil: nothing is logged
}

// AgeRule is the age from which people in a country consent alone, as from a
// date. The newest rule of a country that has begun holds.
type AgeRule struct {
	Country string // ISO 3166-1 alpha-2; empty: wherever there is no rule
	Age     int    // in years
	From    string // YYYY-MM-DD; empty: always
	Source  string // the law
}

// Mailer sends an e-mail in plain text.
type Mailer interface {
	Send(ctx context.Context, to, subject, text string) error
}

// Changes is told who has to look again. Neither method blocks.
type Changes interface {
	// Relations: what these people may do with others, or what others see of
	// them, has changed.
	Relations(userIDs ...string)
	// Family: these people have something to look at in their family.
	Family(userIDs ...string)
}

// nobody is told of changes.
type nobody struct{}

func (nobody) Relations(...string) {}
func (nobody) Family(...string)    {}

// Argon2 is the cost of one argon2id hash (RFC 9106).
type Argon2 struct {
	MemoryKiB   uint32 // memory for one hash, in KiB
	Iterations  uint32 // passes over it
	Parallelism uint8  // lanes
}

// DefaultArgon2 is what OWASP's password storage cheat sheet asks for at
// least: 19 MiB, two passes, one lane.
func DefaultArgon2() Argon2 { return Argon2{MemoryKiB: 19 * 1024, Iterations: 2, Parallelism: 1} }

// Session is what a log-in gives.
type Session struct {
	Token     string // for hello and for the Authorization header; shown once, kept nowhere
	ExpiresAt time.Time
	Person    proto.Person
}

// DemoLogin is a log-in that [Service.SeedDemo] has made.
type DemoLogin struct {
	Login    string
	Password string
	Name     string
	Avatar   string
	Family   string
	Role     string
}
