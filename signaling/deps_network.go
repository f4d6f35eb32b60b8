package signaling

import (
	"context"
	"io"

	"kinwire/signaling/proto"
)

// What the pages about calls, the server's state and networks are carried out
// by; see deps_families.go for how such interfaces are meant.

// CallLists shows operators the calls (package records).
type CallLists interface {
	List(ctx context.Context, f proto.CallFilter) (proto.CallList, error)
	// Export writes all that f lets through, in a format of "ndjson" or "csv".
	// What it writes goes out as it is written. An error before the first byte
	// is a refusal as everywhere.
	Export(ctx context.Context, format string, f proto.CallFilter, to io.Writer) error
}

// Pseudonyms says whose a pseudonym is, and that somebody asked is written
// down (package records).
type Pseudonyms interface {
	Resolve(ctx context.Context, operator, pseudonym, reason string) (proto.Resolved, error)
}

// NetChecks lets clients try what their network lets through (package
// netcheck).
type NetChecks interface {
	// Begin leaves Seen empty: it is the caller who knows.
	Begin(ctx context.Context) (proto.NetCheck, error)
	Offer(ctx context.Context, id string, in proto.NetCheckOffer) (proto.NetCheckAnswer, error)
	End(ctx context.Context, id string) error
}

// Network is all that the people who keep calls good work with. Node gives
// the state of this server.
type Network struct {
	CallLists
	Pseudonyms
	NetChecks
	Node func() proto.NodeState
}
