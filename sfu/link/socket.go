package link

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"kinwire/sfu/packet"
)

// inboxSize is how many relayed packets may wait for the reader of a socket.
// At 1,000 packets a second and direction that is a quarter of a second.
const inboxSize = 256

// socket is a UDP socket on one local address, and the doorway through which
// relayed packets come in from our own TURN server without a system call.
//
// It is a net.PacketConn for pion's ICE mux, and has the mux's
// allocation-free methods too. The mux reads on one goroutine. A relayed
// packet is put into the inbox; if the reader sleeps in the kernel, a read
// deadline in the past wakes it.
type socket struct {
	*net.UDPConn
	local  netip.AddrPort
	relays *relayTable

	mu       sync.Mutex
	inbox    [inboxSize]inboxEntry
	head, n  int
	sleeping atomic.Bool
	dropped  atomic.Uint64
}

type inboxEntry struct {
	from netip.AddrPort
	n    int
	b    [packet.MaxSize]byte
}

// past is a deadline that has always been over.
var past = time.Unix(1, 0)

func listen(addr netip.AddrPort, relays *relayTable) (*socket, error) {
	network := "udp4"
	if addr.Addr().Is6() {
		network = "udp6"
	}
	c, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return nil, fmt.Errorf("link: opening the media socket: %w", err)
	}
	// A burst of key frames to and from sixteen people fits in this; the
	// kernel may give less without an error.
	_ = c.SetReadBuffer(4 << 20)
	_ = c.SetWriteBuffer(4 << 20)
	local := c.LocalAddr().(*net.UDPAddr).AddrPort()
	return &socket{UDPConn: c, local: netip.AddrPortFrom(local.Addr().Unmap(), local.Port()), relays: relays}, nil
}

// ReadFromAddrPort gives the next packet from the network or from a relay.
func (s *socket) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		if n, from, ok := s.pop(b); ok {
			return n, from, nil
		}
		s.sleeping.Store(true)
		// A packet pushed before sleeping was set did not wake anybody.
		if n, from, ok := s.pop(b); ok {
			s.sleeping.Store(false)
			return n, from, nil
		}
		n, from, err := s.UDPConn.ReadFromUDPAddrPort(b)
		s.sleeping.Store(false)
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				if err := s.UDPConn.SetReadDeadline(time.Time{}); err != nil {
					return 0, netip.AddrPort{}, err
				}
				continue
			}
			return 0, netip.AddrPort{}, err
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		if s.relays.has(from) {
			// Nobody on the network may speak for a relayed address.
			continue
		}
		return n, from, nil
	}
}

// ReadFrom is net.PacketConn's.
func (s *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := s.ReadFromAddrPort(b)
	if err != nil {
		return 0, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// WriteToAddrPort sends to the network, or into our own relay.
func (s *socket) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	if s.relays.deliver(b, to) {
		return len(b), nil
	}
	return s.UDPConn.WriteToUDPAddrPort(b, to)
}

// WriteTo is net.PacketConn's.
func (s *socket) WriteTo(b []byte, to net.Addr) (int, error) {
	addr, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, fmt.Errorf("link: sending to %s: not a UDP address", to.Network())
	}
	ap := addr.AddrPort()
	return s.WriteToAddrPort(b, netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()))
}

// push puts a relayed packet before the reader; false when there is no room.
func (s *socket) push(b []byte, from netip.AddrPort) bool {
	if len(b) > packet.MaxSize {
		s.dropped.Add(1)
		return false
	}
	s.mu.Lock()
	if s.n == inboxSize {
		s.mu.Unlock()
		s.dropped.Add(1)
		return false
	}
	e := &s.inbox[(s.head+s.n)%inboxSize]
	e.n = copy(e.b[:], b)
	e.from = from
	s.n++
	s.mu.Unlock()
	if s.sleeping.Load() {
		_ = s.UDPConn.SetReadDeadline(past)
	}
	return true
}

func (s *socket) pop(b []byte) (int, netip.AddrPort, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n == 0 {
		return 0, netip.AddrPort{}, false
	}
	e := &s.inbox[s.head]
	s.head = (s.head + 1) % inboxSize
	s.n--
	return copy(b, e.b[:e.n]), e.from, true
}
