package signaling

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"kinwire/signaling/calls"
	"kinwire/signaling/proto"
)

// Accounts knows people and their logins. Errors that are the client's fault
// are *proto.Error.
type Accounts interface {
	// Login checks a name and a password.
	Login(ctx context.Context, name, password string, d proto.Device) (Login, error)
	// Authenticate says whom a login's token stands for.
	Authenticate(ctx context.Context, token string) (proto.Person, error)
	Logout(ctx context.Context, token string) error
	Person(ctx context.Context, userID string) (proto.Person, error)
	// Seen notes that a person is here or was until now. token is that of the
	// login, or empty where it is not known any more.
	Seen(ctx context.Context, userID, token string) error
}

// CallRequests carries out what clients ask about calls. Errors that are the
// client's fault are *proto.Error.
type CallRequests interface {
	Invite(ctx context.Context, who Who, data proto.CallInvite) (proto.CallEntered, error)
	Accept(ctx context.Context, who Who, data proto.CallRef) (proto.CallEntered, error)
	Decline(ctx context.Context, who Who, data proto.CallRef) (proto.Empty, error)
	Hangup(ctx context.Context, who Who, data proto.CallRef) (proto.Empty, error)
	Join(ctx context.Context, who Who, data proto.CallJoin) (proto.CallJoined, error)
	Leave(ctx context.Context, who Who, data proto.CallRef) (proto.Empty, error)
	Offer(ctx context.Context, who Who, data proto.MediaOffer) (proto.MediaAnswer, error)
	Mute(ctx context.Context, who Who, data proto.MediaMute) (proto.Empty, error)
}

// CallRings is the rest of what clients ask: more people, and which device
// rings.
type CallRings interface {
	Add(ctx context.Context, who Who, data proto.CallAdd) (proto.Empty, error)
	Ringing(ctx context.Context, who Who, data proto.CallRef) error
}

// CallHistory is what is kept of calls that are over. before is a time in
// milliseconds since the Unix epoch, or 0 for the newest.
type CallHistory interface {
	History(ctx context.Context, userID string, before int64) (proto.History, error)
	DeleteHistory(ctx context.Context, userID, callID string) error
}

// CallState is the rest of what the server needs of the calls: reports in,
// views out, and what becomes of a session's socket.
type CallState interface {
	Report(ctx context.Context, who Who, data proto.StatsReport) error
	Views(userID string) []proto.CallView
	InCall(userID string) bool
	SessionDropped(who Who)
	SessionResumed(who Who)
	SessionEnded(who Who)
}

// CallSeats lets media come by other ways than a session's own join: for
// tokens of package whip.
type CallSeats interface {
	Seat(who Who, callID string) (calls.Seat, error)
	SeatHolds(seat calls.Seat) bool
	SeatServers(seat calls.Seat) []proto.ICEServer
	SeatJoin(ctx context.Context, seat calls.Seat, sdp string, sources []proto.Source) (calls.Seat, proto.CallJoined, error)
	SeatRestart(ctx context.Context, seat calls.Seat, fragment string) (string, error)
	SeatLeave(ctx context.Context, seat calls.Seat) error
}

// Calls is all of what package calls does for the server; calls.Service is
// every part. Without CallSeats no media is taken over HTTP, without
// CallHistory its pages answer 404.
type Calls struct {
	CallRequests
	CallRings
	CallState
	CallSeats
	CallHistory
}

// Records reads the records of ended calls. A call without one is a
// *proto.Error with CodeNotFound; any other error is answered with 500.
type Records interface {
	Record(ctx context.Context, callID string) (json.RawMessage, error)
}

// DemoLogin is one of the logins of demo mode, for the login page's
// shortcuts.
type DemoLogin struct {
	Login  string     `json:"login"`
	Name   string     `json:"name"`
	Avatar string     `json:"avatar"`
	Role   proto.Role `json:"role"`
	Family string     `json:"family"`
}

// Demo is what GET /v1/demo tells in demo mode.
type Demo struct {
	Logins   []DemoLogin `json:"logins"`
	Password string      `json:"password"` // of all of them
}

// Deps are the parts that the server is joined to. Hub, Accounts, Calls and
// Friends.Known are needed; the rest may be nil: a nil Records, Metrics or Demo
// makes its page answer 404, so does each room of families (deps_families.go)
// and of messages (deps_chat.go), and what is for operators in the role calls;
// a nil Web serves no files, a nil Ready is always ready.
type Deps struct {
	Hub      *Hub
	Accounts Accounts
	Calls    Calls
	Friends  Friends
	Records  Records

	Family   Family
	Passkeys Passkeys
	OIDC     OIDC
	Consent  Consent
	Guards   Guards
	Rules    Rules
	Reports  Reports
	Chat     Chat
	Audit    Audit
	Outbox   Outbox
	Network  Network

	Metrics http.Handler // GET /metrics, for operators in the role calls
	Debug   http.Handler // GET /v1/ops/debug, likewise: a dump in JSON
	Pprof   http.Handler // GET /debug/pprof/*, likewise
	Web     fs.FS        // the built web app, index.html at its root
	Demo    *Demo
	Ready   func(ctx context.Context) error
	Log     *slog.Logger
	Now     func() time.Time
}

func (d Deps) check() error {
	for _, part := range []struct {
		name    string
		missing bool
	}{
		{"Hub", d.Hub == nil},
		{"Accounts", d.Accounts == nil},
		{"Calls", d.Calls.CallRequests == nil || d.Calls.CallRings == nil || d.Calls.CallState == nil},
		{"Friends.Known", d.Friends.FriendsKnown == nil},
	} {
		if part.missing {
			return fmt.Errorf("signaling: Deps.%s: given nil; it is required", part.name)
		}
	}
	return nil
}
