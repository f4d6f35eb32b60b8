package signaling

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/go-chi/chi/v5"

	"kinwire/signaling/proto"
)

// Server answers HTTP requests and serves WebSockets. Make it with New, mount
// its Handler, and Close it before the parts it was given.
type Server struct {
	cfg      Config
	d        Deps
	hub      *Hub
	throttle *throttle[netip.Prefix] // of guesses, by network
	starts   *throttle[netip.Prefix] // of what anybody may start, by network
	changes  *throttle[string]       // of what costs every device of a conversation something, by person
	chunks   *throttle[string]       // of attachments' chunks, by person
	probes   *throttle[netip.Prefix] // of checks of the network, by network
	steps    *throttle[netip.Prefix] // of what is done in them, likewise
	tuned    atomic.Pointer[tuned]
	router   chi.Router
	handler  http.Handler
}

// New makes a server and starts its hub. cfg should be the one that the hub
// was made with; the hub's own holds for sessions.
func New(cfg Config, d Deps) (*Server, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	s := &Server{
		cfg: cfg.withDefaults(), d: d, hub: d.Hub,
		throttle: newThrottle[netip.Prefix](d.Now, guessBurst, guessEvery), starts: newThrottle[netip.Prefix](d.Now, guessBurst, guessEvery),
		changes: newThrottle[string](d.Now, changeBurst, changeEvery), chunks: newThrottle[string](d.Now, chunkBurst, chunkEvery),
		probes: newThrottle[netip.Prefix](d.Now, probeBurst, probeEvery), steps: newThrottle[netip.Prefix](d.Now, stepBurst, stepEvery),
	}
	s.tuned.Store(newTuned(cfg))
	s.hub.accounts, s.hub.calls, s.hub.friends, s.hub.chat = d.Accounts, d.Calls, d.Friends.FriendsKnown, d.Chat
	s.hub.whip = s.newWHIP()
	if err := s.route(); err != nil {
		return nil, err
	}
	s.hub.presence.start(s.hub)
	s.hub.news.start(s.hub)
	return s, nil
}

// Handler is everything the server answers.
func (s *Server) Handler() http.Handler { return s.handler }

// HTTPServer wraps Handler with timeouts that keep slow clients from holding
// connections. They do not bear on WebSockets, which have their own.
func (s *Server) HTTPServer() *http.Server {
	return &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.d.Log.Handler(), slog.LevelDebug),
	}
}

// Close ends every session and every socket (with close code 1012, after what
// was still to be written) and waits for them. When ctx ends first it cuts
// what is left, and returns ctx's error.
func (s *Server) Close(ctx context.Context) error { return s.hub.close(ctx) }

// route joins the pages to their handlers.
func (s *Server) route() error {
	r := chi.NewRouter()
	r.Use(s.logRequests, secureHeaders)
	if err := s.mountAPI(r); err != nil {
		return err
	}
	if s.hub.whip != nil {
		s.hub.whip.Mount(r)
	}
	r.Get("/v1/ws", s.serveSocket)
	r.Get("/metrics", s.operatorsOnly(proto.OperatorCalls, s.d.Metrics))
	r.Get("/debug/pprof/*", s.operatorsOnly(proto.OperatorCalls, unhurried(s.d.Pprof)))
	r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		writeError(w, http.StatusMethodNotAllowed, refuse(proto.CodeBadMessage, "method: given %.16q; this page takes another one", r.Method))
	})
	app := s.serveApp()
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1/") {
			writeError(w, http.StatusNotFound, refuse(proto.CodeNotFound, "no such page of the API; /v1/openapi.json lists them"))
			return
		}
		app(w, r)
	})
	s.router, s.handler = r, s.behindTrusted(r)
	return nil
}

// serveSocket is GET /v1/ws.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	if s.hub.isClosing() {
		writeError(w, http.StatusServiceUnavailable, refuse(proto.CodeUnavailable, "the server is shutting down"))
		return
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: s.tuned.Load().allowedOrigins})
	if err != nil {
		s.d.Log.Debug("websocket refused", "err", err)
		return
	}
	k := newSocket(s.hub, ws)
	if !s.hub.enter(k) {
		_ = ws.Close(websocket.StatusCode(proto.CloseRestart), "server restarts")
		k.cut()
		return
	}
	defer s.hub.leave(k)
	k.run()
}
