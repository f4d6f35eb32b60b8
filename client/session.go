package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"

	"kinwire/signaling/proto"
)

// ErrSessionLost ends a request that may or may not have been carried out:
// the socket dropped before the reply came, and the server no longer knows the
// session.
var ErrSessionLost = errors.New("client: the session was lost before the reply came")

// Session is one signed-in WebSocket session, kept up over drops of the
// socket. Its methods may be called by several goroutines at once.
type Session struct {
	opt  Options
	url  string
	http *http.Client
	own  *http.Transport // made by us, to be closed

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	done   chan struct{}
	out    *outbox

	mu      sync.Mutex
	seqs    seqs
	resume  string
	welcome proto.Welcome
	socket  *websocket.Conn // nil while there is none
	sockets uint64          // how many there have been
	dropped uint64          // messages that arrived again
	subs    []*Events
	first   *Events // holds what comes before the first call of Events
	calls   map[string]*Call
	err     error
}

// Dial opens a session and returns when the server has welcomed it. A refusal
// is a [*proto.Error]; a server that cannot be reached is an error at once,
// without further attempts. ctx bounds only the opening.
func Dial(ctx context.Context, opt Options) (*Session, error) {
	opt = opt.withDefaults()
	u, err := opt.socketURL()
	if err != nil {
		return nil, err
	}
	s := &Session{opt: opt, url: u, http: opt.HTTPClient, done: make(chan struct{}), out: newOutbox(), calls: map[string]*Call{}}
	if s.http == nil {
		s.own = &http.Transport{DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment}
		s.http = &http.Client{Transport: s.own}
	}
	s.first = newEvents(s.unsubscribe)
	s.subs = []*Events{s.first}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	sock, err := s.connect(ctx)
	if err != nil {
		s.cancel()
		return nil, fmt.Errorf("open a session: %w", err)
	}
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		s.keep(sock)
	}()
	return s, nil
}

// Close ends the session and its calls' media, and waits for both. Requests
// that wait get ErrClosed.
func (s *Session) Close() error {
	s.finish(ErrClosed)
	s.wg.Wait()
	s.mu.Lock()
	calls := make([]*Call, 0, len(s.calls))
	for _, c := range s.calls {
		calls = append(calls, c)
	}
	s.mu.Unlock()
	for _, c := range calls {
		c.end(proto.ReasonLost)
		c.Close()
	}
	if s.own != nil {
		s.own.CloseIdleConnections()
	}
	return nil
}

// Done is closed when the session has ended, by Close or because the server
// will not take it up again.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err is why the session ended; nil while it goes on.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Welcome is the latest welcome: who this person is, and the people and calls
// as they were then.
func (s *Session) Welcome() proto.Welcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.welcome
}

// Me is the person who is signed in.
func (s *Session) Me() proto.Person { return s.Welcome().Me }

// Connected reports whether there is a socket now.
func (s *Session) Connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.socket != nil
}

// Sockets is how many sockets the session has had.
func (s *Session) Sockets() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sockets
}

// Repeats is how many messages arrived a second time and were dropped.
func (s *Session) Repeats() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropped
}

// DropSocket cuts the TCP connection without a closing handshake and without
// ending the session, as a network does; for tests. The session then
// reconnects. It reports whether there was a socket to cut.
func (s *Session) DropSocket() bool {
	s.mu.Lock()
	c := s.socket
	s.mu.Unlock()
	if c == nil {
		return false
	}
	_ = c.CloseNow()
	return true
}

// NetworkChanged says that this device is in another network now, as a telephone's
// system tells its programs. The session dials again, and each call looks for a new
// way, at once: without it both wait until the silence has lasted long enough.
func (s *Session) NetworkChanged() {
	s.DropSocket()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.calls {
		poke(c.revive)
	}
}

// Events gives a new reader of events. The first one also gets what came
// since the welcome; later ones start with what comes next.
func (s *Session) Events() *Events {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.first; e != nil {
		s.first = nil
		return e
	}
	return s.subscribeLocked()
}

// subscribe is Events for parts of this package: it takes from nobody what came
// since the welcome.
func (s *Session) subscribe() *Events {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.subscribeLocked()
}

func (s *Session) subscribeLocked() *Events {
	e := newEvents(s.unsubscribe)
	if s.err != nil {
		e.end(s.err)
		return e
	}
	s.subs = append(s.subs, e)
	return e
}

func (s *Session) unsubscribe(e *Events) {
	s.mu.Lock()
	s.subs = slices.DeleteFunc(s.subs, func(x *Events) bool { return x == e })
	s.mu.Unlock()
}

// publish hands an event to the calls it concerns and to every reader.
func (s *Session) publish(ev Event) {
	s.mu.Lock()
	subs := slices.Clone(s.subs)
	s.mu.Unlock()
	s.tellCalls(ev)
	for _, e := range subs {
		e.push(ev)
	}
}

// Request asks the server and waits for the reply. It outlasts drops of the
// socket. A refusal is a [*proto.Error]. When ctx ends first, the request may
// still be carried out.
func Request[T any](ctx context.Context, s *Session, typ string, data any) (T, error) {
	var out T
	raw, err := json.Marshal(data)
	if err != nil {
		return out, fmt.Errorf("%s: encode: %w", typ, err)
	}
	if err := s.Err(); err != nil {
		return out, fmt.Errorf("%s: %w", typ, err)
	}
	a := s.out.add(typ, raw)
	select {
	case r := <-a.done:
		if r.err != nil {
			return out, fmt.Errorf("%s: %w", typ, r.err)
		}
		if len(r.data) == 0 {
			return out, nil
		}
		if err := json.Unmarshal(r.data, &out); err != nil {
			return out, fmt.Errorf("%s: decode the reply: %w", typ, err)
		}
		return out, nil
	case <-ctx.Done():
		s.out.forget(a)
		return out, fmt.Errorf("%s: %w", typ, ctx.Err())
	case <-s.done:
		s.out.forget(a)
		return out, fmt.Errorf("%s: %w", typ, s.Err())
	}
}

// Tell sends a message that gets no reply. It is lost when the socket drops.
func (s *Session) Tell(typ string, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("%s: encode: %w", typ, err)
	}
	s.out.addLoose(typ, raw)
	return nil
}

// finish ends the session for good, once.
func (s *Session) finish(err error) {
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	s.err = err
	subs := s.subs
	s.subs = nil
	s.mu.Unlock()
	s.cancel()
	s.out.fail(err, true)
	close(s.done)
	for _, e := range subs {
		e.end(err)
	}
}

// keep runs one socket after the other until the session ends.
func (s *Session) keep(sock *socket) {
	for {
		err := sock.run()
		s.mu.Lock()
		s.socket = nil
		s.mu.Unlock()
		if s.ctx.Err() != nil {
			return
		}
		s.opt.Log.Info("socket dropped", "err", err)
		s.publish(Event{Type: EventDown, Data: Down{Err: err}})
		if sock = s.reconnect(); sock == nil {
			return
		}
	}
}

// reconnect tries until there is a socket, the session is closed (nil) or the
// server refuses for good (nil, and the session has ended).
func (s *Session) reconnect() *socket {
	for n := 0; ; n++ {
		select {
		case <-s.ctx.Done():
			return nil
		case <-time.After(s.opt.Backoff.After(n)):
		}
		ctx, cancel := context.WithTimeout(s.ctx, dialTimeout)
		sock, err := s.connect(ctx)
		cancel()
		if err == nil {
			return sock
		}
		s.opt.Log.Info("reconnect failed", "attempt", n+1, "err", err)
		var pe *proto.Error
		if errors.As(err, &pe) && refusedForGood[pe.Code] {
			s.finish(fmt.Errorf("reconnect: %w", err))
			return nil
		}
	}
}

// refusedForGood are the codes after which another hello is of no use.
var refusedForGood = map[proto.Code]bool{
	proto.CodeUnauthenticated:    true,
	proto.CodeVersionUnsupported: true,
	proto.CodeBadMessage:         true,
}
