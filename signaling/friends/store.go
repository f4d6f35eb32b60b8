package friends

import (
	"context"
	"time"

	"kinwire/signaling/proto"
)

// Ties is where what is between two people is kept.
type Ties interface {
	// ChangeFriendship lets change decide about a pair, with its row held, and
	// keeps what it returns and the log in one transaction. An error of change
	// comes back as it is, and nothing is kept. found is false if one of the
	// two does not exist.
	ChangeFriendship(ctx context.Context, a, b string,
		change func(proto.FriendTie) (proto.FriendRow, []proto.AuditEntry, error)) (found bool, err error)
	// FriendTie finds a request by its id; without guardians.
	FriendTie(ctx context.Context, id string) (tie proto.FriendTie, found bool, err error)
	// FriendRows returns what is between each pair of these people.
	FriendRows(ctx context.Context, ids []string) ([]proto.FriendRow, error)
	// OpenIntroductions counts the pending requests that this person introduced.
	OpenIntroductions(ctx context.Context, userID string) (int, error)
}

// Lists is what people look at. Requests come whether they have run out or
// not.
type Lists interface {
	// FriendList returns active friends whom no block keeps away, and whether
	// the person wants them ordered by talk.
	FriendList(ctx context.Context, userID string) (friends []proto.FriendListed, byTalk bool, err error)
	PendingTies(ctx context.Context, userID string) ([]proto.FriendTie, error)
	// PendingTiesOfChildren returns the requests of a parent's children, each
	// once; Guardians holds the parent on the sides that are children of theirs.
	PendingTiesOfChildren(ctx context.Context, guardianID string) ([]proto.FriendTie, error)
	DueTies(ctx context.Context, now time.Time, limit int) ([]proto.FriendTie, error)
	// Blocked returns those whom a person has blocked.
	Blocked(ctx context.Context, userID string) ([]proto.Person, error)
}

// Codes is where friend codes are kept.
type Codes interface {
	FriendCode(ctx context.Context, userID string) (code string, found bool, err error)
	// SetFriendCode returns false, and does nothing, if the code is taken.
	// Without replace, somebody who has a code keeps it.
	SetFriendCode(ctx context.Context, userID, code string, at time.Time, replace bool) (bool, error)
	// FriendCodeOwner finds nobody where the owner is suspended or has blocked
	// asker.
	FriendCodeOwner(ctx context.Context, code, asker string) (p proto.Person, found bool, err error)
}

// Talks is where it is kept how much people talk.
type Talks interface {
	AddTalk(ctx context.Context, a, b string, next func(seconds float64, at int64) (float64, int64)) error
}
