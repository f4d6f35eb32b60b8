package turn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/logging"
	"github.com/pion/stun/v3"
)

// Server is a running TURN server.
type Server struct {
	cfg         Config
	credentials *Credentials
	sfu         MediaPort
	log         *slog.Logger
	limits      atomic.Pointer[limits]
	cert        *certificate // nil without TLS
	hosts       hosts
	ports       *portSpace
	addrs       Addrs
	count       counters
	ctx         context.Context // ends with Close
	cancel      context.CancelFunc
	listeners   []net.Listener

	// running counts goroutines that Close waits for: those that accept, those
	// that read sockets and relays, and those that read for allowed peers.
	running sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	sockets map[*socket]struct{}
	conns   map[net.Conn]struct{} // accepted, not yet sockets
	users   map[userTag]int       // live allocations
	live    int
}

// Addrs are the addresses that the listeners are bound to, in the order of Config.
type Addrs struct {
	UDP, TCP, TLS []netip.AddrPort
}

// New starts a server on all of cfg's listeners. Errors are *ConfigError,
// ErrNoCredentials, ErrNoSFU, or wrap what the system said about a listener or a
// certificate file.
func New(cfg Config, d Deps) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if d.Credentials == nil {
		return nil, ErrNoCredentials
	}
	if d.SFU == nil {
		return nil, ErrNoSFU
	}
	if d.Log == nil {
		d.Log = slog.Default()
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	srv := &Server{
		cfg: cfg, credentials: d.Credentials, sfu: d.SFU, log: d.Log,
		ports:   newPortSpace(rand.IntN(1 << 16)),
		sockets: make(map[*socket]struct{}),
		conns:   make(map[net.Conn]struct{}),
		users:   make(map[userTag]int),
	}
	srv.limits.Store(newLimits(cfg))
	srv.ctx, srv.cancel = context.WithCancel(context.Background())
	if err := srv.listen(d.Now); err != nil {
		return nil, errors.Join(err, srv.Close())
	}
	return srv, nil
}

// Addrs gives the addresses that the listeners are really bound to.
func (srv *Server) Addrs() Addrs { return srv.addrs }

// URLs gives the server's TURN URIs (RFC 7065) for a client's list of ICE
// servers: UDP first, TLS last. The host is the first public address, or the
// machine's own.
func (srv *Server) URLs() []string {
	var urls []string
	for _, l := range []struct {
		format string
		addrs  []netip.AddrPort
	}{
		{"turn:%s?transport=udp", srv.addrs.UDP},
		{"turn:%s?transport=tcp", srv.addrs.TCP},
		{"turns:%s?transport=tcp", srv.addrs.TLS},
	} {
		for _, a := range l.addrs {
			urls = append(urls, fmt.Sprintf(l.format, net.JoinHostPort(srv.hosts.name, fmt.Sprint(a.Port()))))
		}
	}
	return urls
}

// Stats reads the counters. It is cheap and safe for concurrent use.
func (srv *Server) Stats() Stats { return srv.count.read() }

// Close ends all listeners, connections and allocations, and waits for them.
func (srv *Server) Close() error {
	srv.mu.Lock()
	srv.closed = true
	var closers []interface{ Close() error }
	for _, l := range srv.listeners {
		closers = append(closers, l)
	}
	for s := range srv.sockets {
		closers = append(closers, s)
	}
	for c := range srv.conns {
		closers = append(closers, c)
	}
	srv.mu.Unlock()

	srv.cancel()
	var errs []error
	for _, c := range closers {
		if err := c.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, fmt.Errorf("turn: closing: %w", err))
		}
	}
	srv.running.Wait()
	return errors.Join(errs...)
}

// begin reports whether something new may start, and counts it as running if so.
func (srv *Server) begin() bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.closed {
		return false
	}
	srv.running.Add(1)
	return true
}

// adopt takes up s, which is then running until abandon.
func (srv *Server) adopt(s *socket) bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.closed {
		return false
	}
	srv.running.Add(1)
	srv.sockets[s] = struct{}{}
	if st, ok := s.carrier.(*stream); ok {
		delete(srv.conns, st.conn)
	}
	return true
}

func (srv *Server) abandon(s *socket) {
	srv.mu.Lock()
	delete(srv.sockets, s)
	srv.mu.Unlock()
	if s.proto != "udp" {
		srv.count.streams.Add(-1)
	}
	srv.running.Done()
}

// allocate makes the relay for the request that s is at, with a relayed address
// on ip. It sets the request's refusal where pion's 508 would not say enough.
func (srv *Server) allocate(s *socket, ip netip.Addr) (*relay, error) {
	q := &s.req
	username, id, err := q.user(srv.credentials)
	if err != nil {
		return nil, err // pion has checked it: not reached
	}
	if !srv.admit(id.user) {
		srv.count.refused(refusedQuota)
		q.refuse = stun.CodeAllocQuotaReached
		return nil, errRefused
	}
	port, ok := srv.ports.take(func(port uint16) bool {
		return srv.sfu.Owns(netip.AddrPortFrom(ip, port)) || srv.addrs.usePort(port)
	})
	if !ok {
		srv.dismiss(id.user)
		return nil, errRefused
	}
	r := newRelay(srv, s, q.client, netip.AddrPortFrom(ip, port))
	r.username, r.user, r.key = username, id.user, q.addr
	if err := srv.sfu.Attach(r.relayed, r.client, s.proto, r.deliver); err != nil {
		srv.count.refused(refusedSFU)
		srv.log.Warn("turn: the SFU did not attach a relayed address", "transport", s.proto, "error", err)
		srv.ports.release(port)
		srv.dismiss(id.user)
		return nil, err
	}
	srv.count.allocations(s.proto, 1)
	s.remember(r)
	return r, nil
}

// user gives the user name of the request and what it says.
func (q *request) user(c *Credentials) (string, identity, error) {
	var name stun.Username
	if err := name.GetFrom(&q.msg); err != nil {
		return "", identity{}, err
	}
	id, err := c.identify(name.String())
	return name.String(), id, err
}

// admit counts an allocation for user, if there is room for it. It also counts
// as running, twice: until its relay has given everything back, and until the
// relay's reader has left.
func (srv *Server) admit(user userTag) bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if most := srv.limits.Load(); srv.closed || srv.live >= most.allocations || srv.users[user] >= most.ofUser {
		return false
	}
	srv.live++
	srv.users[user]++
	srv.running.Add(2)
	return true
}

// dismiss takes back what admit did, for an allocation that came to nothing.
func (srv *Server) dismiss(user userTag) {
	srv.discount(user)
	srv.running.Add(-2)
}

// release takes back what allocate did, when a relay has closed.
func (srv *Server) release(r *relay) {
	srv.ports.release(r.relayed.Port())
	srv.count.allocations(r.sock.proto, -1)
	srv.discount(r.user)
	srv.running.Done()
}

func (srv *Server) discount(user userTag) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	srv.live--
	if srv.users[user]--; srv.users[user] == 0 {
		delete(srv.users, user)
	}
}

// usePort reports whether a listener has port.
func (a Addrs) usePort(port uint16) bool {
	for _, list := range [][]netip.AddrPort{a.UDP, a.TCP, a.TLS} {
		for _, l := range list {
			if l.Port() == port {
				return true
			}
		}
	}
	return false
}

// silence is pion's logger. pion logs addresses of clients in full, which
// Kinwire's logs must not carry; what went wrong is counted instead.
type silence struct{}

// NewLogger implements logging.LoggerFactory.
func (silence) NewLogger(string) logging.LeveledLogger {
	return logging.NewDefaultLeveledLoggerForScope("", logging.LogLevelDisabled, nil)
}
