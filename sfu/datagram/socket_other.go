//go:build !linux

package datagram

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
)

// Socket is a UDP socket.
type Socket struct {
	conn  *net.UDPConn
	addr  netip.AddrPort
	dests atomic.Uint32
	count counters
}

// sockaddr is nothing here: net makes the kernel's form of an address itself.
type sockaddr struct{}

func rawAddress(netip.AddrPort) sockaddr { return sockaddr{} }

// Listen opens a socket at one concrete address; port 0 lets the kernel choose
// one. There is no ReusePort here.
func Listen(addr netip.AddrPort, cfg Config) (*Socket, error) {
	if !addr.IsValid() {
		return nil, fmt.Errorf("listening on %v: %w", addr, ErrAddress)
	}
	if cfg.ReusePort {
		return nil, fmt.Errorf("listening on %v with ReusePort: %w", addr, errors.ErrUnsupported)
	}
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	network := "udp6"
	if addr.Addr().Is4() {
		network = "udp4"
	}
	conn, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return nil, fmt.Errorf("opening a UDP socket: %w", err)
	}
	if cfg.ReadBuffer > 0 {
		err = conn.SetReadBuffer(cfg.ReadBuffer)
	}
	if cfg.WriteBuffer > 0 {
		err = errors.Join(err, conn.SetWriteBuffer(cfg.WriteBuffer))
	}
	if err != nil {
		return nil, fmt.Errorf("listening on %v: %w", addr, errors.Join(err, conn.Close()))
	}
	return &Socket{conn: conn, addr: conn.LocalAddr().(*net.UDPAddr).AddrPort()}, nil
}

// Addr is the address that s is bound to.
func (s *Socket) Addr() netip.AddrPort { return s.addr }

// Close ends s: a Read under way returns net.ErrClosed. Closing again does
// nothing.
func (s *Socket) Close() error {
	if err := s.conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("closing %v: %w", s.addr, err)
	}
	return nil
}

// sendOne sends p to d at once.
func (s *Socket) sendOne(d *Dest, p []byte) {
	s.count.sendCalls.Add(1)
	_, err := s.conn.WriteToUDPAddrPort(p, d.addr)
	switch {
	case err == nil:
		s.count.sent.Add(1)
	case errors.Is(err, net.ErrClosed):
		s.count.closed.Add(1)
	default:
		s.count.unreachable.Add(1)
	}
}

// outbox sends the groups of a Batch packet by packet.
type outbox struct{}

func newOutbox(int) outbox { return outbox{} }

func (outbox) add(s *Socket, g *group, b *Batch) {
	for i := g.first; i != none; i = b.packets[i].next {
		s.sendOne(g.to, b.bytes(&b.packets[i]))
	}
}

func (outbox) flush(*Socket) {}
