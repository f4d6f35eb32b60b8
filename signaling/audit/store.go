package audit

import (
	"context"

	"kinwire/signaling/proto"
)

// Source is where a log is read from to check it. It may grow meanwhile.
type Source interface {
	// AuditAfter returns the entries from the one after seq on, the oldest
	// first, at most limit; none at the end.
	AuditAfter(ctx context.Context, seq int64, limit int) ([]proto.AuditEntry, error)
	// AuditHead returns the number and the hash of the newest entry, as they
	// are kept beside the log; 0 and empty where there is none.
	AuditHead(ctx context.Context) (seq int64, hash string, err error)
}

// Store is where the log is read from to show it.
type Store interface {
	// AuditBefore returns the entries from the one before seq on, the newest
	// first, at most limit.
	AuditBefore(ctx context.Context, seq int64, limit int) ([]proto.AuditEntry, error)
}
