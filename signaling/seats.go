package signaling

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strconv"
	"strings"

	"kinwire/signaling/calls"
	"kinwire/signaling/proto"
	"kinwire/signaling/whip"
)

// seat is what a token for media over HTTP stands for: a place in a call that
// one session holds, while there is that session.
type seat struct {
	s    *session
	seat calls.Seat
}

// seatMedia is media that came by a seat.
type seatMedia struct{ seat }

func (t seat) Live() bool {
	return t.s.ctx.Err() == nil && t.s.hub.calls.SeatHolds(t.seat)
}

// Allow counts a request against the messages of the session: who has a token
// may send no more by two ways than by one.
func (t seat) Allow() bool { return t.s.limits.classes[ordinary].AllowN(t.s.hub.now(), 1) }

func (t seat) Servers() []proto.ICEServer { return t.s.hub.calls.SeatServers(t.seat) }

// Join refuses while the session has no socket: nobody's media is to start
// while their app is out of reach.
func (t seat) Join(ctx context.Context, sdp string, sources []proto.Source) (whip.Media, proto.CallJoined, error) {
	if t.s.detached() {
		return nil, proto.CallJoined{}, refuse(proto.CodeUnavailable, "the session that asked for the token has no connection now; try again when it is back")
	}
	media, joined, err := t.s.hub.calls.SeatJoin(ctx, t.seat, sdp, sources)
	if err != nil {
		return nil, proto.CallJoined{}, err
	}
	return seatMedia{seat{t.s, media}}, joined, nil
}

func (m seatMedia) Restart(ctx context.Context, fragment string) (string, error) {
	return m.s.hub.calls.SeatRestart(ctx, m.seat.seat, fragment)
}

func (m seatMedia) Leave(ctx context.Context) error {
	return m.s.hub.calls.SeatLeave(ctx, m.seat.seat)
}

// mediaToken answers media.token.
func (s *session) mediaToken(_ context.Context, data proto.CallRef) (proto.MediaToken, error) {
	if s.hub.whip == nil {
		return proto.MediaToken{}, refuse(proto.CodeUnavailable, "this server takes no media over HTTP")
	}
	place, err := s.hub.calls.Seat(s.who, data.CallID)
	if err != nil {
		return proto.MediaToken{}, err
	}
	return s.hub.whip.Token(s.who.SessionID, seat{s, place}), nil
}

// newWHIP joins package whip to the server; nil where calls do not take part.
func (s *Server) newWHIP() *whip.Service {
	if s.d.Calls.CallSeats == nil {
		return nil
	}
	attempts := newThrottle[netip.Prefix](s.d.Now, guessBurst, guessEvery)
	return whip.New(whip.Config{Timeout: s.cfg.HandlerTimeout}, whip.Deps{
		Credentials: func(w http.ResponseWriter, r *http.Request) (string, func(), bool) {
			from := networkOf(r)
			if wait, ok := attempts.take(from); !ok {
				seconds := int(wait.Seconds()) + 1
				w.Header().Set("Retry-After", strconv.Itoa(seconds))
				writeError(w, http.StatusTooManyRequests, refuse(proto.CodeRateLimited, "too many wrong tokens from this network; try again in %d s", seconds))
				return "", nil, false
			}
			return bearer(r.Header.Get("Authorization")), func() { attempts.giveBack(from) }, true
		},
		FromHere: func(r *http.Request) bool { return ofOrigin(r, s.tuned.Load().allowedOrigins) },
		Refuse: func(w http.ResponseWriter, status int, doing string, err error) {
			e := refusal(s.d.Log, doing, err)
			if status == 0 {
				status = statusOf(e.Code)
			}
			writeError(w, status, e)
		},
		Now: s.d.Now,
	})
}

// ofOrigin holds a page to the rule that the WebSocket has (websocket.Accept):
// it comes from this host or from one of the allowed ones. What is no page in
// a browser names no origin.
func ofOrigin(r *http.Request, allowed []string) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	if strings.EqualFold(u.Host, r.Host) {
		return true
	}
	for _, pattern := range allowed {
		target := u.Host
		if strings.Contains(pattern, "://") {
			target = u.Scheme + "://" + u.Host
		}
		if ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(target)); err == nil && ok {
			return true
		}
	}
	return false
}
