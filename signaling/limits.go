package signaling

import (
	"time"

	"golang.org/x/time/rate"

	"kinwire/signaling/proto"
)

// verdict says what to do with a message.
type verdict int

const (
	pass    verdict = iota
	tooMany         // refuse it; the socket lives
	flood           // close the socket
)

// limits holds the messages of a session (or of a socket before its hello) to
// a rate. Acknowledgements and pings cost the server next to nothing and come
// in the rhythm of the server's own messages, so they have ten times as much.
type limits struct {
	messages *rate.Limiter
	upkeep   *rate.Limiter
	patience *rate.Limiter // one token for each refusal
}

func newLimits(c Config) *limits {
	r := rate.Limit(c.RatePerSecond)
	return &limits{
		messages: rate.NewLimiter(r, c.Burst),
		upkeep:   rate.NewLimiter(10*r, 10*c.Burst),
		patience: rate.NewLimiter(r, 4*c.Burst),
	}
}

// check counts one message of the given type.
func (l *limits) check(typ string, now time.Time) verdict {
	lim := l.messages
	if typ == proto.TypeAck || typ == proto.TypePing {
		lim = l.upkeep
	}
	if lim.AllowN(now, 1) {
		return pass
	}
	if l.patience.AllowN(now, 1) {
		return tooMany
	}
	return flood
}
