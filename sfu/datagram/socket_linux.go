package datagram

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Socket is a UDP socket.
type Socket struct {
	handle handle
	addr   netip.AddrPort
	gro    bool
	// segment is the largest packet that may be in a run, 0 when the kernel or
	// the device takes no runs.
	segment atomic.Int32
	// send is sendmmsg, except in tests. It tells how many messages the kernel
	// took, or why not even the first.
	send    func(fd int, messages []message) (int, unix.Errno)
	backlog backlog
	singles sync.Pool // of *single
	dests   atomic.Uint32
	count   counters

	mu      sync.Mutex
	readers []*waiter // to be woken when the socket is closed
}

// Listen opens a socket at one concrete address; port 0 lets the kernel choose
// one. An IPv6 socket takes no IPv4.
func Listen(addr netip.AddrPort, cfg Config) (*Socket, error) {
	if !addr.IsValid() {
		return nil, fmt.Errorf("listening on %v: %w", addr, ErrAddress)
	}
	raw := rawAddress(netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()))
	fd, err := unix.Socket(int(raw.in6.Family), unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_UDP)
	if err != nil {
		return nil, fmt.Errorf("opening a UDP socket for %v: %w", addr, err)
	}
	s := &Socket{handle: handle{fd: fd}, send: sendMessages}
	if err := s.open(&raw, cfg); err != nil {
		_ = unix.Close(fd) // the error that led here says more
		return nil, fmt.Errorf("listening on %v: %w", addr, err)
	}
	return s, nil
}

// open sets the options, binds and finds out what the kernel offers.
func (s *Socket) open(raw *sockaddr, cfg Config) error {
	fd := s.handle.fd
	for _, option := range []struct {
		wanted            bool
		level, opt, value int
		name              string
	}{
		{raw.in6.Family == unix.AF_INET6, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1, "IPV6_V6ONLY"},
		{cfg.ReusePort, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1, "SO_REUSEPORT"},
		{cfg.ReadBuffer > 0, unix.SOL_SOCKET, unix.SO_RCVBUF, cfg.ReadBuffer, "SO_RCVBUF"},
		{cfg.WriteBuffer > 0, unix.SOL_SOCKET, unix.SO_SNDBUF, cfg.WriteBuffer, "SO_SNDBUF"},
	} {
		if !option.wanted {
			continue
		}
		if err := unix.SetsockoptInt(fd, option.level, option.opt, option.value); err != nil {
			return fmt.Errorf("setting %s to %d: %w", option.name, option.value, err)
		}
	}
	if _, _, errno := unix.Syscall(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(raw.bytes())), uintptr(raw.size)); errno != 0 {
		return fmt.Errorf("binding: %w", errno)
	}
	var bound sockaddr
	size := uint32(unix.SizeofSockaddrInet6)
	if _, _, errno := unix.Syscall(unix.SYS_GETSOCKNAME, uintptr(fd), uintptr(unsafe.Pointer(bound.bytes())), uintptr(unsafe.Pointer(&size))); errno != 0 {
		return fmt.Errorf("asking for the address: %w", errno)
	}
	s.addr = bound.addrPort()
	s.gro = cfg.GRO && unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_GRO, 1) == nil
	// A kernel before 4.18 does not know the control message either and would
	// send a run as one packet, so it must be asked.
	if _, err := unix.GetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_SEGMENT); err == nil {
		s.segment.Store(BufferSize)
	}
	return nil
}

// Addr is the address that s is bound to.
func (s *Socket) Addr() netip.AddrPort { return s.addr }

// Close ends s: a Read under way returns net.ErrClosed, and what is in the
// backlog is dropped. Closing again does nothing.
func (s *Socket) Close() error {
	if !s.handle.shut() {
		return nil
	}
	s.mu.Lock()
	readers := s.readers
	s.readers = nil
	s.mu.Unlock()
	for _, w := range readers {
		w.close()
	}
	s.stopBacklog()
	return nil
}

// enroll has w closed together with s. It fails when s is closed already.
func (s *Socket) enroll(w *waiter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Close shuts the handle before it takes the list: whoever finds it open
	// here is on the list in time.
	if !s.handle.acquire() {
		return net.ErrClosed
	}
	s.handle.release()
	s.readers = append(s.readers, w)
	return nil
}
