package turn

import (
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/stun/v3"
	pion "github.com/pion/turn/v4"
)

// socket is what pion/turn reads requests from and writes answers to: one UDP
// port, or one TCP or TLS connection. It stands before pion in both directions:
// it answers what pion would leave unanswered, keeps out what pion would stumble
// over, and gives refusals their proper codes.
//
// All of pion's callbacks for a socket's requests (auth.go) run on the goroutine
// that called ReadFrom, between that call and the next.
type socket struct {
	srv     *Server
	carrier carrier
	proto   string // "udp", "tcp" or "tls"
	ended   sync.Once

	// handling is held by the reading goroutine while pion is at a request, so
	// that expire can step between two requests.
	handling sync.Mutex
	held     bool    // the reading goroutine holds handling; its own
	req      request // its own

	mu     sync.RWMutex
	relays map[netip.AddrPort]*relay // by client
}

// serve starts a pion server on c. It ends when c does.
func (srv *Server) serve(c carrier, proto string) error {
	s := &socket{srv: srv, carrier: c, proto: proto, relays: make(map[netip.AddrPort]*relay)}
	if st, ok := c.(*stream); ok {
		st.busy = s.busy
	}
	if !srv.adopt(s) {
		c.close()
		return net.ErrClosed
	}
	_, err := pion.NewServer(pion.ServerConfig{
		PacketConnConfigs: []pion.PacketConnConfig{{
			PacketConn: s, RelayAddressGenerator: generator{s}, PermissionHandler: s.permit,
		}},
		Realm:         srv.cfg.Realm,
		AuthHandler:   s.authenticate,
		EventHandler:  s.events(),
		LoggerFactory: silence{},
		InboundMTU:    inboundMTU,
	})
	if err != nil {
		s.end()
	}
	return err
}

// ReadFrom implements net.PacketConn. It gives pion the next request or Send
// indication that is fit for it; channel data goes its way from in here.
func (s *socket) ReadFrom(p []byte) (int, net.Addr, error) {
	if s.held {
		s.held = false
		s.handling.Unlock()
	}
	for {
		n, from, err := s.carrier.read(p)
		if err != nil {
			s.end()
			return 0, nil, err
		}
		r := s.relayOf(from)
		if isChannelData(p[:n]) {
			if r == nil {
				s.srv.count.drop(dropNoPath)
				continue
			}
			r.fromChannel(p[:n])
			continue
		}
		s.handling.Lock()
		if s.admit(p[:n], from, r) {
			s.held = true
			s.req.addr = net.UDPAddrFromAddrPort(from)
			return n, s.req.addr, nil
		}
		s.handling.Unlock()
	}
}

// admit reads a STUN message into s.req and reports whether pion is to see it.
func (s *socket) admit(p []byte, from netip.AddrPort, r *relay) bool {
	switch s.req.read(p, from, r) {
	case pass:
		return true
	case bad:
		s.srv.count.drop(dropBadMessage)
	case unrelated:
		s.srv.count.drop(dropNoPath)
	case unfounded:
		s.srv.count.refused(refusedNoAllocation)
		_ = s.carrier.write(s.req.refusal(stun.CodeAllocMismatch, s.srv.cfg.Realm), from)
	}
	return false
}

// WriteTo implements net.PacketConn: an answer, on the reading goroutine, or a
// Data indication, on that of a relay.
func (s *socket) WriteTo(p []byte, addr net.Addr) (int, error) {
	out := p
	if isResponse(p) {
		out = s.answer(p)
	}
	if err := s.carrier.write(out, addrPortOf(addr)); err != nil {
		s.srv.count.drop(dropClientWrite)
		return 0, err
	}
	return len(p), nil
}

// answer gives the response that is sent in place of pion's p: an error becomes
// the one that s.req.refuse says, a success is sent as it is and tells how long
// the allocation lives.
func (s *socket) answer(p []byte) []byte {
	q := &s.req
	if isError(p) {
		if q.refuse == 0 {
			return p
		}
		return q.refusal(q.refuse, s.srv.cfg.Realm)
	}
	// An Allocate request that comes again gets the first one's answer again,
	// but the allocation lives no longer for it.
	if q.relay != nil && (q.created || q.msg.Type.Method == stun.MethodRefresh) {
		if life, ok := lifetimeOf(p); ok {
			s.expireIn(q.relay, life)
		}
	}
	return p
}

// lifetimeOf reads the LIFETIME of a message that pion built.
func lifetimeOf(p []byte) (time.Duration, bool) {
	m := stun.Message{Raw: p}
	if m.Decode() != nil {
		return 0, false
	}
	v, err := m.Get(stun.AttrLifetime)
	if err != nil || len(v) != 4 {
		return 0, false
	}
	return time.Duration(binary.BigEndian.Uint32(v)) * time.Second, true
}

// expireIn ends r a little before pion would. pion's own timer takes the
// allocation apart while a request may be adding to it, and a permission caught
// half made brings the process down; expire waits for the request instead. The
// caller holds s.handling.
func (s *socket) expireIn(r *relay, life time.Duration) {
	left := life - min(2*time.Second, life/2)
	r.expiresAt = time.Now().Add(left)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	if r.expiry != nil {
		r.expiry.Stop()
	}
	r.expiry = time.AfterFunc(left, func() { s.expire(r) })
}

// expire ends r, between two requests, unless one has refreshed it meanwhile.
// From then on authenticate turns down every request for r, so that pion is at
// none while it takes the allocation apart.
func (s *socket) expire(r *relay) {
	s.handling.Lock()
	due := !time.Now().Before(r.expiresAt)
	r.ending = r.ending || due
	s.handling.Unlock()
	if due {
		r.end(false)
	}
}

// relayOf gives the live allocation of client, or nil.
func (s *socket) relayOf(client netip.AddrPort) *relay {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.relays[client]
}

func (s *socket) remember(r *relay) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.relays[r.client] = r
}

// forget ends the binding of a 5-tuple to r and its user.
func (s *socket) forget(r *relay) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.relays[r.client] == r {
		delete(s.relays, r.client)
	}
}

func (s *socket) busy() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.relays) > 0
}

// end is called when the carrier has ended, or is to.
func (s *socket) end() {
	s.ended.Do(func() {
		s.carrier.close()
		s.srv.abandon(s)
	})
}

// Close implements net.PacketConn.
func (s *socket) Close() error { return s.carrier.close() }

// LocalAddr implements net.PacketConn.
func (s *socket) LocalAddr() net.Addr { return s.carrier.localAddr() }

// SetDeadline and its kin implement net.PacketConn for pion, which has no use
// for them: a stream's carrier sets deadlines itself.
func (s *socket) SetDeadline(time.Time) error      { return nil }
func (s *socket) SetReadDeadline(time.Time) error  { return nil }
func (s *socket) SetWriteDeadline(time.Time) error { return nil }
