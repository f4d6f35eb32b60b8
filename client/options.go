package client

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kinwire/signaling/proto"
)

// Options says how to open a session. BaseURL and Token are needed; the rest
// may be zero.
type Options struct {
	BaseURL string // "http://host:port" or "https://…"
	Token   string // from Login
	Device  proto.Device

	// HTTPClient dials the WebSocket. It must have no Timeout, which would end
	// the socket too. nil: a client of the session's own.
	HTTPClient *http.Client
	// Log hears of drops and reconnects. nil: silence.
	Log *slog.Logger
	// Now is the clock for statistics and call states. nil: time.Now.
	Now func() time.Time

	// Silent keeps the session from telling the server that a call rings on
	// this device as soon as one does.
	Silent bool

	Backoff Backoff
	// PingEvery is how often the session asks for a sign of life while the
	// socket is idle; with none for two and a half times as long the socket
	// counts as dropped. 0: 10 s.
	PingEvery time.Duration
	// AckEvery is how long an arrived message may wait for its
	// acknowledgement; every 16th is acknowledged at once. 0: 300 ms.
	AckEvery time.Duration
}

// Backoff is the pause between attempts to reconnect: Min, then twice as long
// each time up to Max, each shortened by a random part of up to a half so that
// many clients do not return in step.
type Backoff struct {
	Min time.Duration // 0: 100 ms
	Max time.Duration // 0: 5 s
	// Rand gives a number in [0,1). nil: math/rand/v2.
	Rand func() float64
}

// After is the pause before attempt n; the first attempt is 0.
func (b Backoff) After(n int) time.Duration {
	d := b.Min
	for i := 0; i < n && d < b.Max; i++ {
		d *= 2
	}
	d = min(d, b.Max)
	return d - time.Duration(float64(d)*0.5*b.Rand())
}

func (b Backoff) withDefaults() Backoff {
	if b.Min <= 0 {
		b.Min = 100 * time.Millisecond
	}
	if b.Max <= 0 {
		b.Max = 5 * time.Second
	}
	b.Max = max(b.Max, b.Min)
	if b.Rand == nil {
		b.Rand = rand.Float64
	}
	return b
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.PingEvery <= 0 {
		o.PingEvery = 10 * time.Second
	}
	if o.AckEvery <= 0 {
		o.AckEvery = 300 * time.Millisecond
	}
	o.Backoff = o.Backoff.withDefaults()
	return o
}

// socketURL is the address of the WebSocket.
func (o Options) socketURL() (string, error) {
	u, err := url.Parse(o.BaseURL)
	if err != nil {
		return "", fmt.Errorf("client: BaseURL %q: %w", o.BaseURL, err)
	}
	scheme, ok := map[string]string{"http": "ws", "https": "wss"}[u.Scheme]
	if !ok || u.Host == "" {
		return "", fmt.Errorf("client: BaseURL %q: want http://host:port or https://host:port", o.BaseURL)
	}
	u.Scheme = scheme
	u.Path = strings.TrimRight(u.Path, "/") + "/v1/ws"
	return u.String(), nil
}
