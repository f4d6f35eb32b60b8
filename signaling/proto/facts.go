package proto

// FriendRow is what is between two people. It goes between those who decide
// and those who remember, and never over the wire. What there is two of stands
// in the order of IDs: index 0 is the lower id, compared as bytes. Times are
// milliseconds since the Unix epoch, 0 where there is none.
type FriendRow struct {
	ID         string // of the request; a new one each time somebody asks
	IDs        [2]string
	State      FriendState // empty: nothing yet
	Family     bool
	Yes        [2]bool
	ParentYes  [2]string // the parent who approved, or empty
	BlockedBy  [2]string // who set this one's block of the other: this one or a parent; empty: there is none
	AskedBy    string    // who of the two asked; empty where somebody else introduced them
	Via        string    // who introduced them
	DeclinedBy string    // who of the two said no or ended it, or for whom a parent did
	CreatedAt  int64
	ChangedAt  int64 // when State became what it is
	ExpiresAt  int64
	QuietUntil int64 // until then DeclinedBy is not asked again
	RemindedAt int64 // when a parent was last asked again, or last said no
}

// Side is the index of a person in what there is two of, or -1.
func (r FriendRow) Side(userID string) int {
	for i, id := range r.IDs {
		if id == userID {
			return i
		}
	}
	return -1
}

// Blocked says whether one of the two has blocked the other.
func (r FriendRow) Blocked() bool { return r.BlockedBy != [2]string{} }

// FriendSide is what has to be known about one of two people to decide about
// their friendship.
type FriendSide struct {
	Person    Person
	Active    bool
	Approve   bool     // a child for whom a parent has to approve new friends
	Guardians []string // a child's parents
}

// FriendTie is a friendship with both of its people. Via is who introduced
// them, with an empty ID where nobody did or is there any more.
type FriendTie struct {
	Row   FriendRow
	Sides [2]FriendSide
	Via   Person
}

// FriendListed is a friend in somebody's list.
type FriendListed struct {
	Person      Person
	Family      bool
	Since       int64      // ms
	Presence    Visibility // who may see whether this friend is online
	LastSeen    Visibility // who may see when this friend was here
	LastSeenAt  int64      // ms; 0: never
	TalkSeconds float64    // see package friends: seconds, decayed until TalkAt
	TalkAt      int64      // ms
}

// PersonFacts is what has to be known about a person to say what they may do
// now. What is said of rules and consents is empty for all but children.
type PersonFacts struct {
	Person   Person
	Active   bool
	InReview bool // has a consent that waits for a video call with the staff
	Rules    Rules
	Given    []GivenScope
	Used     map[string]int64 // seconds in calls that count, by local day (YYYY-MM-DD); only where Rules has an allowance
}

// GivenScope is a scope of a consent that was granted and not taken back.
type GivenScope struct {
	Scope         Scope
	NoticeVersion string
}
