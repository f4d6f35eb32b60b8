package audit

import (
	"context"
	"fmt"
	"math"

	"kinwire/signaling/proto"
)

// shownAtOnce is how many entries a page has.
const shownAtOnce = 100

// Service shows the log to operators.
type Service struct{ store Store }

// New makes the service. It keeps nothing running.
func New(store Store) *Service { return &Service{store: store} }

// Page returns entries, the newest first, from the one before the number
// before on; 0 begins with the newest. Next is there where there may be more.
// A negative number is a *proto.Error bad_message.
func (s *Service) Page(ctx context.Context, before int64) (proto.AuditLog, error) {
	if before < 0 {
		return proto.AuditLog{}, &proto.Error{Code: proto.CodeBadMessage,
			Message: fmt.Sprintf("before: given %d; allowed are whole numbers from 0", before)}
	}
	if before == 0 {
		before = math.MaxInt64
	}
	entries, err := s.store.AuditBefore(ctx, before, shownAtOnce)
	if err != nil {
		return proto.AuditLog{}, fmt.Errorf("show the audit log: %w", err)
	}
	page := proto.AuditLog{Entries: entries}
	if n := len(entries); n == shownAtOnce && entries[n-1].Seq > 1 {
		page.Next = entries[n-1].Seq
	}
	return page, nil
}
