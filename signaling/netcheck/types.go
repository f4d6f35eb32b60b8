package netcheck

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"kinwire/signaling/proto"
)

const (
	// connected is how long one connection stays at most.
	connected = 30 * time.Second
	// lasts is how long a check lasts: a handful of ways one after the other,
	// each with the time that a blocked one takes to show.
	lasts = time.Minute
	// maxOffers is how many connections one check may try: each transport of
	// the SFU and of TURN over both IP versions, and some again.
	maxOffers = 16
	// tick is how often Run looks.
	tick = time.Second
)

// RoomPrefix is how the names of the rooms begin that this package makes in
// the media plane: whoever counts calls there can tell them apart.
const RoomPrefix = "netcheck-"

// Media is the plane that answers offers; one that brings media it refuses.
// Its errors are *proto.Error where they are the client's fault. EndRoom is
// idempotent.
type Media interface {
	Join(ctx context.Context, room, peer, offer string) (answer string, err error)
	EndRoom(room string)
}

// ICE hands out STUN and TURN servers with credentials that end soon, for one
// check.
type ICE interface {
	ICEServers(checkID string) []proto.ICEServer
}

// Config is what an operator may set; it can be changed with Tune.
type Config struct {
	Enabled bool // false: not_found to everybody
	AtOnce  int  // checks of all people
}

// Deps are the others that a Service works with. Log and Now may be nil.
type Deps struct {
	Media Media
	ICE   ICE
	STUN  []string         // host:port that answer STUN Binding requests
	Log   *slog.Logger     // nil: no log
	Now   func() time.Time // nil: time.Now
}

// Service holds the checks under way. Its methods may be called from any
// goroutine. Errors that are the client's fault are *proto.Error.
type Service struct {
	d Deps

	mu     sync.Mutex
	cfg    Config
	checks map[string]*check
}

// check is one under way.
type check struct {
	expires time.Time
	offers  int       // so far
	rooms   []opening // that have not ended
}

// opening is a room with one connection in it.
type opening struct {
	room string
	ends time.Time
}

// New makes the service. Checks end in time only while Run runs.
func New(cfg Config, d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.STUN == nil {
		d.STUN = []string{}
	}
	return &Service{d: d, cfg: cfg, checks: map[string]*check{}}
}

// Tune changes the configuration. Checks under way go on.
func (s *Service) Tune(cfg Config) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg = cfg
}

func refuse(code proto.Code, format string, args ...any) *proto.Error {
	return &proto.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func errNoCheck() *proto.Error {
	return refuse(proto.CodeNotFound, "there is no such check, or it is over; begin another one")
}
