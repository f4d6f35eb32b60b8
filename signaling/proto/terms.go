package proto

import "time"

// CallTerms are under what conditions people may be in one call. It goes from
// policy to calls and never over the wire.
type CallTerms struct {
	NoVideo bool      // neither camera nor screen, by a parent's rule
	EndsAt  time.Time // when the call has to end; zero: never
	Reason  Reason    // why it ends then: quiet_hours or allowance
}

// Talk is how long two people were in one call with media up. It goes from
// calls to those who count it.
type Talk struct {
	CallID   string
	A, B     string // user ids
	From, To time.Time
}

// HistoryRow is what is kept of one call for one person.
type HistoryRow struct {
	PersonID  string
	CallID    string
	With      []string // user ids
	Outgoing  bool
	Video     bool
	At        time.Time
	Seconds   int64
	Reason    Reason
	ExpiresAt time.Time
}

// Suspension is an account shut for a violation, or by an operator outside of a
// report. It goes from reports to those who remember it.
type Suspension struct {
	PersonID string
	ReportID string // empty: outside of a report
	Operator string
	Note     string
	// Marks are keyed hashes by which the same person would be known again.
	Marks        []string
	Since, Until time.Time // Until is when the record goes, not when the account opens again
}

// Recipient is where to write to somebody, and in which language.
type Recipient struct {
	ID       string
	Email    string
	Language string // BCP 47; empty: not known
}
