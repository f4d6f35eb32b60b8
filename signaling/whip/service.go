package whip

import (
	"context"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"kinwire/signaling/proto"
)

// Seat is a person's place in a call, held by one of their sessions. Errors
// that are the client's fault are *proto.Error.
type Seat interface {
	// Live says whether the place is still that person's. Once it is not, it
	// never will be again.
	Live() bool
	// Allow counts a request against what the session may send.
	Allow() bool
	// Servers are STUN and TURN servers for the person in this call.
	Servers() []proto.ICEServer
	// Join brings media, in place of what the person had.
	Join(ctx context.Context, sdp string, sources []proto.Source) (Media, proto.CallJoined, error)
}

// Media is what a join by a Seat has brought.
type Media interface {
	// Live says whether it is there and has not been replaced. Once it is not,
	// it never will be again.
	Live() bool
	// Restart takes the client's new ICE credentials and gives the server's,
	// both as SDP fragments. When it fails, media goes on as before.
	Restart(ctx context.Context, fragment string) (string, error)
	// Leave ends the media; the person may come back.
	Leave(ctx context.Context) error
}

// Config is what can be set. A zero field takes the default that its comment
// names in brackets.
type Config struct {
	StartWithin time.Duration // how long a token may start media [2 min]
	Timeout     time.Duration // of carrying out one request [20 s]
}

// Deps are the others that a Service works with; all are needed.
type Deps struct {
	// Credentials takes the bearer token out of a request and counts an
	// attempt; good takes that back. When there have been too many it answers
	// itself, and ok is false.
	Credentials func(w http.ResponseWriter, r *http.Request) (token string, good func(), ok bool)
	// FromHere says whether a request does not come from the page of a
	// stranger.
	FromHere func(r *http.Request) bool
	// Refuse answers with an error; status 0 stands for the one of its code.
	Refuse func(w http.ResponseWriter, status int, doing string, err error)
	Now    func() time.Time
}

// Service gives tokens out and answers the requests made with them.
type Service struct {
	cfg   Config
	d     Deps
	table *table
}

// New makes a service. It starts nothing.
func New(cfg Config, d Deps) *Service {
	if cfg.StartWithin <= 0 {
		cfg.StartWithin = 2 * time.Minute
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 20 * time.Second
	}
	return &Service{cfg: cfg, d: d, table: newTable()}
}

// Token gives a token for a seat. owner is the session that it is held by.
func (s *Service) Token(owner string, seat Seat) proto.MediaToken {
	token, now := newSecret(), s.d.Now()
	g := &grant{key: hashed(token), owner: owner, seat: seat, startBy: now.Add(s.cfg.StartWithin), turn: make(chan struct{}, 1)}
	s.table.add(g, now)
	return proto.MediaToken{Token: token, WHIPURL: sender.path, WHEPURL: receiver.path, ExpiresAt: g.startBy.UnixMilli()}
}

// Forget makes all tokens of a session worthless.
func (s *Service) Forget(owner string) { s.table.forget(owner) }

// role is one of the two protocols.
type role struct {
	name      string
	path      string
	direction string // of the client's m-sections
	sends     bool
}

var (
	sender   = &role{name: "whip", path: "/v1/whip", direction: "sendonly", sends: true}
	receiver = &role{name: "whep", path: "/v1/whep", direction: "recvonly"}
)

// Mount adds the pages to r.
func (s *Service) Mount(r chi.Router) {
	for _, ro := range []*role{sender, receiver} {
		r.HandleFunc(ro.path, s.page(ro, map[string]action{
			http.MethodPost: s.start, http.MethodOptions: s.options,
		}))
		r.HandleFunc(ro.path+"/{id}", s.page(ro, map[string]action{
			http.MethodPatch: s.patch, http.MethodDelete: s.leave, http.MethodOptions: s.options,
		}))
	}
}
