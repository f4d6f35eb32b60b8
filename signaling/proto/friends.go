package proto

// Friend is somebody whom this person may reach.
type Friend struct {
	Person Person `json:"person"`
	Family bool   `json:"family" doc:"of one's own family, so it cannot be ended"`
	Since  int64  `json:"since"`
}

// Missing is a yes that two people still lack before they may meet. Names are
// all that is told of either.
type Missing struct {
	A    NameOf `json:"a"`
	B    NameOf `json:"b"`
	Need Need   `json:"need" enum:"friends,a,b,parent_a,parent_b,consent_a,consent_b,never"`
	Text string `json:"text"` // in plain words: “Ana’s parent has not approved Ben yet”
}

// NameOf is the little of a person that a request shows. ID is there only
// where the reader knows the person already.
type NameOf struct {
	ID     string `json:"id,omitempty"`
	Name   string `json:"name"`
	Avatar string `json:"avatar,omitempty"`
}

// Need says what is missing between A and B.
type Need string

// The needs.
const (
	NeedFriends  Need = "friends"   // nobody has asked yet
	NeedA        Need = "a"         // A has not said yes
	NeedB        Need = "b"         // B has not said yes
	NeedParentA  Need = "parent_a"  // A's parent has not approved B
	NeedParentB  Need = "parent_b"  // B's parent has not approved A
	NeedConsentA Need = "consent_a" // A's parent has not allowed this at all
	NeedConsentB Need = "consent_b" // B's parent has not allowed this at all
	NeedNever    Need = "never"     // it is not to be, and nobody is told why
)

// FriendState is where two people are.
type FriendState string

// The states of a friendship.
const (
	FriendPending   FriendState = "pending"   // at least one yes is missing
	FriendApproved  FriendState = "friends"   // every yes is there
	FriendDeclined  FriendState = "declined"  // somebody said no
	FriendCancelled FriendState = "cancelled" // who asked took it back
	FriendEnded     FriendState = "ended"     // they were friends
	FriendExpired   FriendState = "expired"   // nobody answered in time
)

// FriendRequest is a friendship on its way, as one of the two sees it.
type FriendRequest struct {
	ID        string      `json:"id"`
	With      NameOf      `json:"with"`
	Mine      bool        `json:"mine" doc:"I asked"`
	Via       string      `json:"via,omitempty" doc:"the name of a friend who would like us to be friends"`
	State     FriendState `json:"state" enum:"pending,friends,declined,cancelled,ended,expired"`
	Missing   []Need      `json:"missing" enum:"friends,a,b,parent_a,parent_b,consent_a,consent_b,never" doc:"a is I, b the other"`
	CreatedAt int64       `json:"created_at"`
	ExpiresAt int64       `json:"expires_at"`
}

// Friends is a person's friends and the requests on their way.
type Friends struct {
	Friends  []Friend        `json:"friends"`
	Requests []FriendRequest `json:"requests"`
}

// FriendCode is by which others find a person, and the only way.
type FriendCode struct {
	Code string `json:"code"`
	URL  string `json:"url" doc:"for a QR code"`
}

// Introduction asks that all these people become friends with one another,
// each pair where it is missing: for a group call.
type Introduction struct {
	People []string `json:"people" minItems:"2" maxItems:"15" doc:"user ids of friends of the one who asks"`
}

// Asked says what came of it.
type Asked struct {
	Asked int `json:"asked" doc:"how many requests were made or renewed"`
}

// BlockIn names whom to block.
type BlockIn struct {
	UserID string `json:"user_id" minLength:"1" maxLength:"64"`
}

// Blocks lists those whom a person has blocked.
type Blocks struct {
	Blocked []NameOf `json:"blocked"`
}

// Approval is a decision that a parent has to take.
type Approval struct {
	ID        string `json:"id" doc:"of the request"`
	Child     Person `json:"child"`
	Other     NameOf `json:"other"`
	OtherRole Role   `json:"other_role" enum:"parent,child,teen,adult,staff"`
	Asked     bool   `json:"asked" doc:"the child asked, rather than the other side"`
	Via       string `json:"via,omitempty" doc:"who introduced them"`
	ChildYes  bool   `json:"child_yes" doc:"the child has said yes"`
	OtherYes  bool   `json:"other_yes" doc:"the other side has said every yes"`
	CreatedAt int64  `json:"created_at"`
	ExpiresAt int64  `json:"expires_at"`
}

// Approvals lists them.
type Approvals struct {
	Approvals []Approval `json:"approvals"`
}

// Decide is a yes or a no.
type Decide struct {
	ChildID string `json:"child_id" minLength:"1" maxLength:"64" doc:"for which child; a parent may have children on both sides"`
	Approve bool   `json:"approve"`
}

// HistoryEntry is a call in somebody's history. It says who and when, never
// what.
type HistoryEntry struct {
	CallID    string   `json:"call_id"`
	With      []NameOf `json:"with"`
	Outgoing  bool     `json:"outgoing"`
	Video     bool     `json:"video"`
	At        int64    `json:"at"`
	Seconds   int64    `json:"seconds" doc:"0: they never talked"`
	Reason    Reason   `json:"reason" enum:"hangup,declined,missed,cancelled,busy,lost,alone,failed,shutdown,not_allowed,quiet_hours,allowance,elsewhere" doc:"why it ended for this person"`
	DeletedAt int64    `json:"deleted_at" doc:"when this entry goes"`
}

// History lists calls, the newest first.
type History struct {
	Calls []HistoryEntry `json:"calls"`
}
