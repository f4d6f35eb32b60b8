package reports

import (
	"fmt"
	"log/slog"
	"time"
)

// TellParents says which parents are told of reports by e-mail.
type TellParents string

// The settings.
const (
	TellBoth     TellParents = "both"     // those of who reports and of who is reported
	TellReported TellParents = "reported" // those of who is reported
	TellNone     TellParents = "none"     // nobody's
)

// tells is whom each setting tells: the parents of who reported, and of who
// was reported.
var tells = map[TellParents]struct{ reporter, reported bool }{
	TellBoth:     {true, true},
	TellReported: {false, true},
	TellNone:     {false, false},
}

// Config is what an operator may set.
type Config struct {
	// Record is how long the record of a suspension and decided reports stay.
	Record time.Duration
	// EvidenceRetention is how long a message that a report revealed stays
	// after a decision other than to dismiss the report; 0 is 30 days.
	EvidenceRetention time.Duration
	// TellParents is TellBoth where it is empty.
	TellParents TellParents
}

func (c Config) checked() (Config, error) {
	if c.TellParents == "" {
		c.TellParents = TellBoth
	}
	if _, ok := tells[c.TellParents]; !ok {
		return c, fmt.Errorf("reports: tell parents is %q: it must be both, reported or none", c.TellParents)
	}
	if c.EvidenceRetention == 0 {
		c.EvidenceRetention = defaultEvidence
	}
	if c.EvidenceRetention < 0 {
		return c, fmt.Errorf("reports: evidence stays for %s: it must be longer than nothing", c.EvidenceRetention)
	}
	if c.Record <= 0 {
		return c, fmt.Errorf("reports: the record of a suspension stays for %s: it must be longer than nothing", c.Record)
	}
	return c, nil
}

const (
	perDay     = 20 // reports of one person in any 24 hours
	listed     = 100
	maxText    = 1000 // characters, of a report and of a note
	maxFind    = 254  // bytes; the longest e-mail address
	sweepEvery = time.Hour

	defaultEvidence = 30 * 24 * time.Hour
)

// Deps is what the service needs of its neighbours.
type Deps struct {
	Policy  Policy
	Blocker Blocker
	Logins  Logins
	Marks   Marks
	Changes Changes
	Mail    Mailer
	// Franking and Sealer are for messages that reports reveal. Without them,
	// or without Stores.Evidence, no such report is taken.
	Franking Franking
	Sealer   Sealer
	Log      *slog.Logger
}
