package signaling_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
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

// family is the accounts that the tests run on: a few people in memory, whose
// tokens are their ids with "token-" before.
type family struct {
	mu     sync.Mutex
	people map[string]proto.Person
	gone   map[string]bool // tokens given up
	seen   []string        // "ann token-ann", or "ann"
	asked  int             // how often a token was authenticated
	revoke int             // after which of these times it is given up

	apart    map[[2]string]bool
	hides    map[string]bool // who shows no presence
	private  map[string]bool // who shows no last seen
	lastSeen map[string]time.Time
}

func newFamily(names ...string) *family {
	f := &family{
		people: map[string]proto.Person{}, gone: map[string]bool{}, apart: map[[2]string]bool{},
		hides: map[string]bool{}, private: map[string]bool{}, lastSeen: map[string]time.Time{},
	}
	for _, n := range names {
		f.people[n] = proto.Person{ID: n, Name: strings.ToUpper(n), Avatar: "🦊", Role: proto.RoleChild, Family: "Test"}
	}
	return f
}

func (f *family) Login(_ context.Context, name, password string, _ proto.Device) (signaling.Login, error) {
	p, ok := f.people[name]
	if !ok || password != "right" {
		return signaling.Login{}, &proto.Error{Code: proto.CodeUnauthenticated, Message: "wrong name or password"}
	}
	return signaling.Login{Token: "token-" + name, ExpiresAt: time.UnixMilli(1234), Person: p}, nil
}

func (f *family) Authenticate(_ context.Context, token string) (proto.Person, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if f.asked == f.revoke {
		defer func() { f.gone[token] = true }()
	}
	p, ok := f.people[strings.TrimPrefix(token, "token-")]
	if !ok || !strings.HasPrefix(token, "token-") || f.gone[token] {
		return proto.Person{}, &proto.Error{Code: proto.CodeUnauthenticated, Message: "the token is unknown or expired"}
	}
	return p, nil
}

func (f *family) Logout(_ context.Context, token string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone[token] = true
	return nil
}

func (f *family) Person(_ context.Context, id string) (proto.Person, error) { return f.people[id], nil }

func (f *family) Seen(_ context.Context, id, token string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, strings.TrimSpace(id+" "+token))
	return nil
}

// Known: everybody knows everybody, in the order of their names, but for pairs
// that are apart.
func (f *family) Known(_ context.Context, id string) ([]signaling.Known, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []signaling.Known
	for _, other := range slices.Sorted(maps.Keys(f.people)) {
		if other == id || f.apart[[2]string{other, id}] || f.apart[[2]string{id, other}] {
			continue
		}
		list = append(list, signaling.Known{
			Person: f.people[other], ShowPresence: !f.hides[other], ShowLastSeen: !f.private[other], LastSeen: f.lastSeen[other],
		})
	}
	return list, nil
}

func (f *family) set(change func(f *family)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *family) sights() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seen)
}

// desk stands where package calls stands: it notes what it is told to do.
type desk struct {
	mu       sync.Mutex
	done     []string // "invite a", "dropped", …
	times    map[string]int
	inCall   map[string]bool
	views    map[string][]proto.CallView
	onInvite func(ctx context.Context, who signaling.Who, d proto.CallInvite) (proto.CallEntered, error)
}

func newDesk() *desk {
	return &desk{times: map[string]int{}, inCall: map[string]bool{}, views: map[string][]proto.CallView{}}
}

// someCall is a call that holds to the schema, with nothing of interest.
func someCall(id string) proto.CallView { return proto.CallView{CallID: id, Phase: proto.PhaseRinging} }

func stateOf(id string) proto.CallState { return proto.CallState{Call: someCall(id)} }

func (d *desk) note(who signaling.Who, what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.done = append(d.done, who.UserID+" "+what)
	d.times[who.UserID+" "+what]++
}

func (d *desk) count(what string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.times[what]
}

func (d *desk) list() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.done...)
}

func (d *desk) Invite(ctx context.Context, who signaling.Who, data proto.CallInvite) (proto.CallEntered, error) {
	d.note(who, "invite "+data.To[0])
	if d.onInvite != nil {
		return d.onInvite(ctx, who, data)
	}
	return proto.CallEntered{Call: someCall("call-" + data.To[0])}, nil
}

func (d *desk) Add(_ context.Context, who signaling.Who, data proto.CallAdd) (proto.Empty, error) {
	d.note(who, "add "+data.CallID+" "+data.To[0])
	return proto.Empty{}, nil
}

func (d *desk) Ringing(_ context.Context, who signaling.Who, data proto.CallRef) error {
	d.note(who, "ringing "+data.CallID)
	return nil
}

func (d *desk) Accept(_ context.Context, who signaling.Who, data proto.CallRef) (proto.CallEntered, error) {
	d.note(who, "accept "+data.CallID)
	return proto.CallEntered{Call: someCall(data.CallID)}, nil
}

func (d *desk) Decline(_ context.Context, who signaling.Who, data proto.CallRef) (proto.Empty, error) {
	d.note(who, "decline "+data.CallID)
	return proto.Empty{}, &proto.Error{Code: proto.CodeNotFound, Message: "no such call"}
}

func (d *desk) Hangup(_ context.Context, who signaling.Who, data proto.CallRef) (proto.Empty, error) {
	d.note(who, "hangup "+data.CallID)
	return proto.Empty{}, nil
}

func (d *desk) Join(_ context.Context, who signaling.Who, data proto.CallJoin) (proto.CallJoined, error) {
	d.note(who, "join "+data.CallID)
	return proto.CallJoined{Call: someCall(data.CallID), SDP: data.SDP}, nil
}

func (d *desk) Leave(_ context.Context, who signaling.Who, data proto.CallRef) (proto.Empty, error) {
	d.note(who, "leave "+data.CallID)
	return proto.Empty{}, nil
}

func (d *desk) Offer(_ context.Context, who signaling.Who, data proto.MediaOffer) (proto.MediaAnswer, error) {
	d.note(who, "offer "+data.CallID)
	return proto.MediaAnswer{SDP: data.SDP}, nil
}

func (d *desk) Mute(_ context.Context, who signaling.Who, data proto.MediaMute) (proto.Empty, error) {
	d.note(who, "mute "+data.CallID)
	return proto.Empty{}, fmt.Errorf("the disk at /secret/place is full")
}

func (d *desk) Report(_ context.Context, who signaling.Who, data proto.StatsReport) error {
	d.note(who, "report "+data.CallID)
	return nil
}

func (d *desk) Views(userID string) []proto.CallView { return d.views[userID] }

func (d *desk) InCall(userID string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.inCall[userID]
}

func (d *desk) setInCall(userID string, in bool) {
	d.mu.Lock()
	d.inCall[userID] = in
	d.mu.Unlock()
}

func (d *desk) SessionDropped(who signaling.Who) { d.note(who, "dropped") }
func (d *desk) SessionResumed(who signaling.Who) { d.note(who, "resumed") }
func (d *desk) SessionEnded(who signaling.Who)   { d.note(who, "ended") }

// records has one record.
type records struct{}

func (records) Record(_ context.Context, id string) (json.RawMessage, error) {
	if id != "call-1" {
		return nil, &proto.Error{Code: proto.CodeNotFound, Message: "no such record"}
	}
	return json.RawMessage(`{"call_id":"call-1"}`), nil
}

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
// they are given.
func newHouseWith(t *testing.T, set func(*signaling.Config), service func(h *house) *calls.Service, now func() time.Time) *house {
	cfg := signaling.Config{RatePerSecond: 100000, Burst: 100000, OperatorToken: operatorToken}
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
	srv, err := signaling.New(cfg, signaling.Deps{
		Hub: h.hub, Accounts: h.kin, Friends: signaling.Friends{FriendsKnown: h.kin}, Calls: parts, Now: now, Records: records{}, Web: webFiles, Log: log,
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("kinwire_up 1\n")) }),
		Demo:    &signaling.Demo{Logins: []signaling.DemoLogin{{Login: "ann"}}, Password: "right"},
	})
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
