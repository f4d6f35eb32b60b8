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
// a rate. Some types have a multiple of it, each class for itself.
type limits struct {
	classes  map[class]*rate.Limiter
	patience *rate.Limiter // one token for each refusal
}

// class is what shares one allowance.
type class int

const (
	ordinary class = iota
	cheap          // costs the server next to nothing, and comes in the rhythm of the server's own messages
	letters        // messages and what belongs to them; the relay limits each person besides
)

// classes has the types that are not ordinary. Letters have a class of their
// own, so that a long evening of chat takes nothing from the call that goes on
// beside it.
var classes = map[string]class{
	proto.TypeAck: cheap, proto.TypePing: cheap,
	proto.TypeChatSend: letters, proto.TypeChatAck: letters, proto.TypeChatSignal: letters,
}

// multiples says how many times the configured rate and burst each class has.
var multiples = map[class]int{ordinary: 1, cheap: 10, letters: 5}

func newLimits(c Config) *limits {
	l := &limits{classes: map[class]*rate.Limiter{}, patience: rate.NewLimiter(rate.Limit(c.RatePerSecond), 4*c.Burst)}
	for class, times := range multiples {
		l.classes[class] = rate.NewLimiter(rate.Limit(c.RatePerSecond)*rate.Limit(times), c.Burst*times)
	}
	return l
}

// check counts one message of the given type.
func (l *limits) check(typ string, now time.Time) verdict {
	if l.classes[classes[typ]].AllowN(now, 1) {
		return pass
	}
	if l.patience.AllowN(now, 1) {
		return tooMany
	}
	return flood
}
