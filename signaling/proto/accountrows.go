package proto

import "time"

// AccountRow is all that is kept of an account beside its sessions and keys.
// It goes between accounts and those who remember, and never over the wire.
type AccountRow struct {
	Person    Person
	Active    bool   // not suspended; not looked at when an account is made
	Login     string // an e-mail address or a child's user name, in lower case; empty for the operator's persons
	Password  string // argon2id in PHC format; empty: none
	Country   string // ISO 3166-1 alpha-2, or empty
	BirthDate string // YYYY-MM-DD, or empty
	Gender    Gender
	Language  string // BCP 47, or empty where it is not known
	CreatedAt time.Time
}

// ChildBirth is what a child's account is made with: the parent, the consent
// that it uses up, and the notice that this consent has to be for.
type ChildBirth struct {
	GuardianID     string
	ConsentID      string
	NoticeVersion  string
	ApproveFriends bool // the first of the child's rules; the others have fixed beginnings
}

// GuardianInvite is what another parent's code stands for: the child, and the
// parent who showed the code.
type GuardianInvite struct {
	ChildID   string
	InviterID string
}

// DemoFamily is a parent and a child of the demo with what makes them a real
// family.
type DemoFamily struct {
	Guardian, Child AccountRow
	Birth           ChildBirth // its ConsentID is made, with all of Scopes
	Scopes          []Scope
}

// The kinds of one-time tickets that accounts gives out.
const (
	TicketSignUp   = "signup"   // by e-mail: makes the account that is in its data
	TicketReset    = "reset"    // by e-mail: sets a new password
	TicketChild    = "child"    // shown by a parent: signs a child in
	TicketGuardian = "guardian" // shown by a parent: makes another one
	TicketLogin    = "login"    // from a sign-in elsewhere back to the app
)
