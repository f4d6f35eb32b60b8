package policy

import (
	"context"

	"kinwire/signaling/proto"
)

// Config is what an operator has set.
type Config struct {
	// NoticeVersion is the version of the notice to parents that is in force. A
	// consent under another one does not hold.
	NoticeVersion string
}

// Store is what policy needs to know.
type Store interface {
	// PeopleFacts returns those of ids who exist. Talk is wanted from fromDay to
	// toDay, YYYY-MM-DD, both included.
	PeopleFacts(ctx context.Context, ids []string, fromDay, toDay string) ([]proto.PersonFacts, error)
	// FriendRows returns what is between each pair of ids; nothing where there
	// is nothing.
	FriendRows(ctx context.Context, ids []string) ([]proto.FriendRow, error)
	// Guards says whether parentID is an active parent of childID.
	Guards(ctx context.Context, parentID, childID string) (bool, error)
}

// person is somebody whom a decision is about.
type person struct {
	proto.PersonFacts
	hours hours
}

func (p *person) id() string    { return p.Person.ID }
func (p *person) isChild() bool { return p.Person.Role == proto.RoleChild }
func (p *person) isStaff() bool { return p.Person.Role == proto.RoleStaff }

// consented says whether a parent has given one of the scopes for p under that
// notice. Who is no child needs nobody's consent.
func (p *person) consented(notice string, scopes ...proto.Scope) bool {
	if !p.isChild() {
		return true
	}
	for _, given := range p.Given {
		for _, scope := range scopes {
			if given.Scope == scope && given.NoticeVersion == notice {
				return true
			}
		}
	}
	return false
}
