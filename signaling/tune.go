package signaling

import (
	"maps"
	"net/http"
	"net/netip"
	"slices"

	"golang.org/x/time/rate"
)

// tuned is what of the server's configuration can change while it runs.
type tuned struct {
	allowedOrigins []string
	trustedProxies []netip.Prefix
	staff          []staff
}

func newTuned(cfg Config) *tuned {
	return &tuned{
		allowedOrigins: slices.Clone(cfg.AllowedOrigins), trustedProxies: slices.Clone(cfg.TrustedProxies), staff: staffOf(cfg),
	}
}

// Tune takes over another configuration, for the server and its hub. What holds
// from then on, sessions that are there included: who may open the WebSocket and
// the operator's pages, whose X-Forwarded-For is believed, MaxMessageBytes,
// RatePerSecond, Burst, ResumeWindow (when a socket drops the next time),
// OutboxMessages and MaxSessionsPerUser (for the next session). PingInterval
// holds for sockets that are opened from then on. The rest stays as it was.
func (s *Server) Tune(cfg Config) {
	s.tuned.Store(newTuned(cfg))
	s.hub.tune(cfg)
}

// behindTrusted is the handler, behind the proxies that are trusted now.
func (s *Server) behindTrusted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		behindProxies(s.tuned.Load().trustedProxies, next).ServeHTTP(w, r)
	})
}

// tune takes over another configuration for the sessions and sockets.
func (h *Hub) tune(cfg Config) {
	cfg = cfg.withDefaults()
	h.live.Store(&cfg) // before the lists are made: who comes later reads it
	h.mu.RLock()
	sockets, sessions := slices.Collect(maps.Keys(h.sockets)), slices.Collect(maps.Values(h.byID))
	h.mu.RUnlock()
	for _, k := range sockets {
		k.tune(&cfg)
	}
	for _, s := range sessions {
		s.tune(&cfg)
	}
}

func (k *socket) tune(cfg *Config) {
	k.limits.tune(cfg)
	k.ws.SetReadLimit(cfg.hardLimit())
}

func (s *session) tune(cfg *Config) {
	s.limits.tune(cfg)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out.maxCount, s.out.maxBytes = cfg.OutboxMessages, cfg.OutboxBytes
}

// tune changes the rates; what has been used up of a burst stays used up.
func (l *limits) tune(c *Config) {
	l.patience.SetLimit(rate.Limit(c.RatePerSecond))
	l.patience.SetBurst(4 * c.Burst)
	for class, times := range multiples {
		l.classes[class].SetLimit(rate.Limit(c.RatePerSecond) * rate.Limit(times))
		l.classes[class].SetBurst(c.Burst * times)
	}
}
