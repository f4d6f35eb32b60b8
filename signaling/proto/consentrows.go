package proto

// What consent asks of the store. None of it goes over the wire. Times are
// milliseconds since the Unix epoch, as in Consent; 0 is what has not happened.

// ConsentRow is all that is kept of a consent, without its evidence. Outdated
// and RedirectURL are not kept.
type ConsentRow struct {
	Consent
	GuardianID string
	Reference  string // what a check elsewhere calls it
	DecidedBy  string // who granted or refused it: a user id, operator:NAME or system
	EndedAt    int64  // when it was withdrawn, replaced or ran out
	EndedBy    string
	Note       string // why an operator decided so
}

// ConsentFind says which consents are looked for: each field that is set
// narrows it, and nothing set finds all.
type ConsentFind struct {
	ID        string
	Reference string
	ChildID   string
	Family    string // a parent: what they gave, and what others gave for their children
	State     ConsentState
	Open      bool // those that still wait for something, by the time at which the next thing happens; else the newest first
	Limit     int  // 0: no limit
}

// ConsentEvidence is what a consent is checked by.
type ConsentEvidence struct {
	MediaType string
	Body      string // base64
	StoredAt  int64
}

// ConsentMove is one step of one consent. It happens only if the consent is
// still as Was says, in state and NextAt, so that of two that want to move it
// one does.
type ConsentMove struct {
	Was, Is ConsentRow
	By      string           // who does it; kept beside scopes that a withdrawal takes back
	At      int64            // when
	Store   *ConsentEvidence // comes in with this step; what was there goes with every other step
	// Replaced is written to the audit log for each consent of the same child
	// that this one, being granted, puts an end to. The store fills in Subject.
	Replaced AuditEntry
}

// ScopesMove sets the scopes of a granted consent: those listed are given,
// all others taken back.
type ScopesMove struct {
	ID     string
	Scopes []Scope
	By     string
	At     int64
}
