package records

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"kinwire/signaling/proto"
)

// Store keeps the records of calls that have ended, and pseudonyms.
type Store interface {
	// CallRows lists calls after the one that began at afterStart with the id
	// afterID (zero: from the beginning), the newest first, at most f.Limit;
	// Live and Cursor of f are not looked at.
	CallRows(ctx context.Context, f proto.CallFilter, afterStart int64, afterID string, documents bool) ([]proto.CallRow, error)
	// PersonOfPseudonym says whose it is, and writes entry in the same
	// transaction.
	PersonOfPseudonym(ctx context.Context, pseudonym string, entry func(found bool) proto.AuditEntry) (p proto.Person, found bool, err error)
}

// Live knows the calls that go on, and, with Live false, those that have ended
// and are not in the store yet.
type Live interface {
	Live() []proto.CallSummary
	// Record is the document of one of them, as it is now; *proto.Error
	// not_found if there is none any more.
	Record(ctx context.Context, callID string) (json.RawMessage, error)
}

// Deps are the others that a Service works with. Log and Now may be nil.
type Deps struct {
	Store Store
	Live  Live
	Log   *slog.Logger     // nil: no log
	Now   func() time.Time // nil: time.Now
}

// Service answers operators. Its methods may be called from any goroutine.
// Errors that are the operator's fault are *proto.Error.
type Service struct{ d Deps }

// New makes the service. It runs nothing of its own.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Service{d}
}

func refuse(code proto.Code, format string, args ...any) *proto.Error {
	return &proto.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
