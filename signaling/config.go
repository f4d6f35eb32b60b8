package signaling

import (
	"net/netip"
	"time"
)

// Config is what an operator can set. A zero field takes the default that its
// comment names in brackets.
type Config struct {
	// AllowedOrigins are further hosts whose pages may open the WebSocket,
	// such as "https://family.example". The server's own host always may.
	AllowedOrigins []string
	// TrustedProxies are the networks of reverse proxies in front of the
	// server, whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix

	MaxMessageBytes int     // of one WebSocket message [131072]; what is longer is refused
	MaxChunkBytes   int     // of one chunk of an attachment [1 MiB]
	RatePerSecond   float64 // messages of one session, in the long run [20]
	Burst           int     // messages of one session at once [60]

	ResumeWindow time.Duration // how long a session outlives its socket [30 s]
	// PresenceGrace is how long after its socket dropped a person still counts
	// as online [5 s]. It is shorter than the resume window: people see soon
	// that somebody is gone, and a short gap shows to nobody.
	PresenceGrace  time.Duration
	HelloTimeout   time.Duration // from opening the socket to a good hello [10 s]
	PingInterval   time.Duration // between pings; a pong that takes longer than this ends the socket [10 s]
	WriteTimeout   time.Duration // of one message to a slow client [10 s]
	HandlerTimeout time.Duration // of carrying out one request [20 s]

	OutboxMessages     int // unacknowledged messages a session may have [512]
	OutboxBytes        int // and their bytes [4 MiB]
	MaxSessionsPerUser int // [8]

	// OperatorToken opens the operator's pages, in the name "operator" and in
	// every role. Empty: it opens nothing.
	OperatorToken string
	// Staff are further people who may, by the names under which the audit log
	// shows what they do.
	Staff map[string]Staff
}

// Staff is somebody who may open operator's pages: those of their roles.
type Staff struct {
	Token string   // empty: opens nothing
	Roles []string // of proto.OperatorCalls, OperatorSafety and OperatorResolve
}

// orDefault gives def for a zero or negative v.
func orDefault[T int | float64 | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}

func (c Config) withDefaults() Config {
	orDefault(&c.MaxMessageBytes, 128<<10)
	orDefault(&c.MaxChunkBytes, 1<<20)
	orDefault(&c.RatePerSecond, 20)
	orDefault(&c.Burst, 60)
	orDefault(&c.ResumeWindow, 30*time.Second)
	orDefault(&c.PresenceGrace, 5*time.Second)
	orDefault(&c.HelloTimeout, 10*time.Second)
	orDefault(&c.PingInterval, 10*time.Second)
	orDefault(&c.WriteTimeout, 10*time.Second)
	orDefault(&c.HandlerTimeout, 20*time.Second)
	orDefault(&c.OutboxMessages, 512)
	orDefault(&c.OutboxBytes, 4<<20)
	orDefault(&c.MaxSessionsPerUser, 8)
	return c
}

// hardLimit is the size in bytes beyond which a message is not even skipped:
// the socket closes.
func (c Config) hardLimit() int64 { return max(8*int64(c.MaxMessageBytes), 1<<20) }

// requestQueue is how many requests of a session may wait for its worker.
func (c Config) requestQueue() int { return max(2*c.Burst, 64) }
