package signaling_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"kinwire/signaling"
	"kinwire/signaling/calls"
	"kinwire/signaling/proto"
)

const patience = 20 * time.Second

// house is a running server.
type house struct {
	t    *testing.T
	hub  *signaling.Hub
	srv  *signaling.Server
	http *httptest.Server
	desk *desk
	kin  *family
	logs *logText
	api  *described

	hellos uint64 // ids of hellos that resume
}

// logText collects what is logged.
type logText struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// faults is what stands in the log above the level of information, without
// repeats, for whoever has to find out why a test fails.
func (l *logText) faults() string {
	seen, faults := map[string]bool{}, ""
	for line := range strings.Lines(l.String()) {
		_, what, _ := strings.Cut(line, "level=")
		if (strings.HasPrefix(what, "ERROR") || strings.HasPrefix(what, "WARN")) && !seen[what] {
			seen[what] = true
			faults += line
		}
	}
	return faults
}

const operatorToken = "operator-token-of-the-test"

var webFiles = fstest.MapFS{
	"index.html":      {Data: []byte("<!doctype html><title>app</title>")},
	"assets/a-123.js": {Data: []byte("export {}")},
	"favicon.svg":     {Data: []byte("<svg/>")},
}

// newHouse starts a server; set changes the configuration.
func newHouse(t *testing.T, set func(*signaling.Config)) *house {
	return newHouseWith(t, set, nil, nil)
}

// newHouseWith is newHouse with other calls than the desk and with a clock, if
// they are given; more changes the rest of the parts.
func newHouseWith(t *testing.T, set func(*signaling.Config), service func(h *house) *calls.Service, now func() time.Time, more ...func(*signaling.Deps)) *house {
	cfg := signaling.Config{RatePerSecond: 100000, Burst: 100000, OperatorToken: operatorToken}
	require.Error(t, isA(t, "client_message", []byte("{}"))) // compiles the schema before time counts
	if set != nil {
		set(&cfg)
	}
	h := &house{t: t, desk: newDesk(), kin: newFamily("ann", "ben", "cleo"), logs: &logText{}}
	log := slog.New(slog.NewTextHandler(h.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.hub = signaling.NewHub(cfg, log, nil)
	parts := signaling.Calls{CallRequests: h.desk, CallRings: h.desk, CallState: h.desk, CallSeats: h.desk}
	if service != nil {
		c := service(h)
		parts = signaling.Calls{CallRequests: c, CallRings: c, CallState: c, CallSeats: c}
	}
	deps := signaling.Deps{
		Hub: h.hub, Accounts: h.kin, Friends: signaling.Friends{FriendsKnown: h.kin}, Calls: parts, Now: now, Records: records{}, Web: webFiles, Log: log,
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("kinwire_up 1\n")) }),
		Demo:    &signaling.Demo{Logins: []signaling.DemoLogin{{Login: "ann"}}, Password: "right"},
	}
	for _, change := range more {
		change(&deps)
	}
	srv, err := signaling.New(cfg, deps)
	require.NoError(t, err)
	h.srv, h.api = srv, newDescribed(t, srv)
	h.http = httptest.NewServer(srv.Handler())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, h.srv.Close(ctx))
		h.http.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return h
}

// peer is a client's socket with nothing clever about it. Whatever comes is
// held to the JSON Schema of the protocol; so is what was sent, if the server
// took it.
type peer struct {
	t  *testing.T
	ws *websocket.Conn

	mu    sync.Mutex
	wrong map[uint64]error  // requests that the schema does not allow
	types map[uint64]string // of requests
	large string            // the type of the last large message
}

func newPeer(t *testing.T, ws *websocket.Conn) *peer {
	return &peer{t: t, ws: ws, wrong: map[uint64]error{}, types: map[uint64]string{}}
}

func (h *house) dial(opts *websocket.DialOptions) (*websocket.Conn, *http.Response, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return websocket.Dial(ctx, h.http.URL+"/v1/ws", opts)
}

// connect opens a socket without a hello.
func (h *house) connect() *peer {
	ws, _, err := h.dial(nil)
	require.NoError(h.t, err)
	ws.SetReadLimit(8 << 20)
	p := newPeer(h.t, ws)
	h.t.Cleanup(p.cut)
	return p
}

// enter opens a socket and says hello.
func (h *house) enter(user string) (*peer, proto.Welcome) {
	p := h.connect()
	p.hello(1, proto.Hello{Version: proto.Version, Token: "token-" + user})
	m := p.reply(1)
	require.Nil(h.t, m.Error)
	require.EqualValues(h.t, 1, m.Seq)
	return p, as[proto.Welcome](h.t, m)
}

func (p *peer) cut() { _ = p.ws.CloseNow() }

func (p *peer) raw(text string) error {
	if r, err := proto.ParseRequest([]byte(text)); err == nil && r.ID != 0 {
		p.mu.Lock()
		p.wrong[r.ID], p.types[r.ID] = isA(p.t, "client_message", []byte(text)), r.Type
		p.mu.Unlock()
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return p.ws.Write(ctx, websocket.MessageText, []byte(text))
}

func (p *peer) send(text string) { require.NoError(p.t, p.raw(text)) }

func (p *peer) ask(id uint64, typ string, data any) {
	p.send(string(request(p.t, id, typ, data)))
}

func request(t *testing.T, id uint64, typ string, data any) []byte {
	raw, err := proto.Encode(data)
	require.NoError(t, err)
	text, err := json.Marshal(proto.Request{ID: id, Type: typ, Data: raw})
	require.NoError(t, err)
	return text
}

func (p *peer) hello(id uint64, h proto.Hello) { p.ask(id, proto.TypeHello, h) }

func (p *peer) next() (proto.Message, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var m proto.Message
	_, text, err := p.ws.Read(ctx)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, err
	}
	p.mu.Lock()
	wrong, typ := p.wrong[m.Re], p.types[m.Re]
	p.mu.Unlock()
	if !p.alike(m, text) {
		require.NoError(p.t, isA(p.t, definitionOf(m, typ), text), "%.2000s", text)
	}
	if m.Re != 0 && m.Error == nil {
		require.NoError(p.t, wrong, "the server took request %d", m.Re)
	}
	return m, nil
}

// alike reports whether a message is a large one of a kind that was looked at
// already: some tests send hundreds of them, for their size.
func (p *peer) alike(m proto.Message, text []byte) bool {
	if len(text) < 32<<10 {
		return false
	}
	was := p.large
	p.large = m.Type
	return was == m.Type
}

// until reads on to the first message that is wanted.
func (p *peer) until(want func(proto.Message) bool) proto.Message {
	p.t.Helper()
	for {
		m, err := p.next()
		require.NoError(p.t, err)
		if want(m) {
			return m
		}
	}
}

func (p *peer) reply(id uint64) proto.Message {
	p.t.Helper()
	return p.until(func(m proto.Message) bool { return m.Re == id })
}

func (p *peer) event(typ string) proto.Message {
	p.t.Helper()
	return p.until(func(m proto.Message) bool { return m.Type == typ })
}

// refused reads on to a refusal that belongs to no request.
func (p *peer) refused() *proto.Error {
	p.t.Helper()
	m := p.until(func(m proto.Message) bool { return m.Error != nil && m.Re == 0 })
	require.Zero(p.t, m.Seq)
	return m.Error
}

// closed reads until the socket closes and says with which code.
func (p *peer) closed() (proto.CloseCode, string) {
	p.t.Helper()
	for {
		if _, err := p.next(); err != nil {
			var ce websocket.CloseError
			require.ErrorAs(p.t, err, &ce)
			return proto.CloseCode(ce.Code), ce.Reason
		}
	}
}

func as[T any](t *testing.T, m proto.Message) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal(m.Data, &v))
	return v
}

func (h *house) eventually(what string, cond func() bool) {
	h.t.Helper()
	require.Eventually(h.t, cond, patience, 2*time.Millisecond, what)
}
