package guardian

import (
	"context"
	"time"

	"kinwire/signaling/proto"
)

// Store is what guardian needs remembered. A child is somebody who has rules:
// they are made together with the child.
type Store interface {
	// ChildRules returns a child's rules; false if there is no such child.
	ChildRules(ctx context.Context, childID string) (r proto.Rules, found bool, err error)
	// ChangeRules sets the rules that change makes of the old ones and appends
	// the audit entries that it returns, in one transaction. It does nothing
	// if change returns no entries. found is false, and change is not asked,
	// if parentID does not look after such a child.
	ChangeRules(ctx context.Context, parentID, childID string, at time.Time,
		change func(old proto.Rules) (proto.Rules, []proto.AuditEntry)) (found bool, err error)
	// ChildGuardians returns who looks after a child.
	ChildGuardians(ctx context.Context, childID string) ([]string, error)
	// AreFamily says whether two people are of one family.
	AreFamily(ctx context.Context, a, b string) (bool, error)
	// CountTalk adds the time from, to to a child's days. count is given the
	// child's time zone and the spans counted before that overlap or touch
	// from, to, in order, and returns what to add by day (YYYY-MM-DD). It does
	// nothing for somebody who is no child.
	CountTalk(ctx context.Context, childID string, from, to time.Time,
		count func(zone string, counted [][2]time.Time) (map[string]time.Duration, error)) error
	// TalkSeconds returns how much was counted on a day.
	TalkSeconds(ctx context.Context, childID, day string) (int64, error)
	// SweepTalk deletes days before day, and spans that ended before then.
	SweepTalk(ctx context.Context, day string, then time.Time) (deleted int64, err error)
}
