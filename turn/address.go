package turn

import (
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
)

// Relayed transport addresses of allocations are names that only this process
// knows: no socket stands behind them. They still must not be the address of a
// real socket, or the SFU could take a relayed packet for one from a client that
// sits on the same machine (or the other way round). Sockets that ask the kernel
// for any port get one of its ephemeral ports, so pseudo ports are drawn from
// outside that range; a port on which the SFU or this server listens is passed
// over; and the real sockets for allowed peers are bound to ephemeral ports
// themselves. Where a system's ephemeral range leaves no room below or above
// it, the default is taken all the same: a clash would then cost one client its
// path, not its privacy, since ICE, DTLS and SRTP check who sent a packet.
const (
	defaultPseudoLow  = 16384
	defaultPseudoHigh = 32767 // Linux's ephemeral ports begin at 32768
	minPseudoPorts    = 4096
)

// pseudoRange gives the ports, both included, that relayed addresses may have
// beside the kernel's ephemeral range, given as Linux writes it: "32768 60999".
func pseudoRange(ephemeral string) (low, high int) {
	fields := strings.Fields(ephemeral)
	if len(fields) != 2 {
		return defaultPseudoLow, defaultPseudoHigh
	}
	first, err1 := strconv.Atoi(fields[0])
	last, err2 := strconv.Atoi(fields[1])
	if err1 != nil || err2 != nil || first < 1 || last > 65535 || first > last {
		return defaultPseudoLow, defaultPseudoHigh
	}
	if last < defaultPseudoLow || first > defaultPseudoHigh {
		return defaultPseudoLow, defaultPseudoHigh
	}
	// Ports below 1024 are left alone: well-known services answer from them.
	below, above := first-1024, 65535-last
	if below >= above && below >= minPseudoPorts {
		return 1024, first - 1
	}
	if above >= minPseudoPorts {
		return last + 1, 65535
	}
	return defaultPseudoLow, defaultPseudoHigh
}

// portSpace hands out pseudo ports, each to one live allocation at a time. It
// goes round the whole space before it gives a port again, so that a packet the
// SFU still had for an ended allocation does not reach the next one.
type portSpace struct {
	mu        sync.Mutex
	low, size int
	next      int
	used      map[uint16]struct{}
}

func newPortSpace(start int) *portSpace {
	ephemeral, _ := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range") // elsewhere: the default
	low, high := pseudoRange(string(ephemeral))
	size := high - low + 1
	return &portSpace{low: low, size: size, next: start % size, used: make(map[uint16]struct{})}
}

// take gives a free port for which real reports false; ok is false when none is.
func (s *portSpace) take(real func(port uint16) bool) (port uint16, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range s.size {
		port = uint16(s.low + s.next)
		s.next = (s.next + 1) % s.size
		if _, taken := s.used[port]; !taken && !real(port) {
			s.used[port] = struct{}{}
			return port, true
		}
	}
	return 0, false
}

func (s *portSpace) release(port uint16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.used, port)
}

// hosts are the addresses under which clients know this server.
type hosts struct {
	name   string     // for URLs: a host name or an IP address
	v4, v6 netip.Addr // for relayed addresses; not valid where there is none
}

// findHosts chooses the addresses to give out: the public ones of the
// configuration; else those that the listeners are bound to; else, when these
// are bound to every address, the machine's own.
func findHosts(public []string, bound []netip.AddrPort) hosts {
	var h hosts
	for _, s := range public {
		if h.name == "" {
			h.name = s
		}
		if ip, err := netip.ParseAddr(s); err == nil {
			h.offer(ip)
		}
	}
	wildcard := len(bound) == 0
	if !h.v4.IsValid() && !h.v6.IsValid() {
		for _, a := range bound {
			if a.Addr().IsUnspecified() {
				wildcard = true
				continue
			}
			h.offer(a.Addr())
		}
		if wildcard {
			h.offer(ownAddress("udp4", "198.51.100.1:9", net.IPv4(127, 0, 0, 1)))
			h.offer(ownAddress("udp6", "[2001:db8::1]:9", nil))
		}
	}
	if h.name == "" && h.v4.IsValid() {
		h.name = h.v4.String()
	}
	if h.name == "" {
		h.name = h.v6.String()
	}
	return h
}

// offer takes ip for its family unless there is one already.
func (h *hosts) offer(ip netip.Addr) {
	ip = ip.Unmap().WithZone("")
	if ip.Is4() && !h.v4.IsValid() {
		h.v4 = ip
	}
	if ip.Is6() && !h.v6.IsValid() {
		h.v6 = ip
	}
}

// ownAddress gives the address this machine would send from to far, a
// documentation address: connecting a UDP socket sends nothing and lets the
// routing table choose. Without a route it takes the first global address of an
// interface, and last instead.
func ownAddress(network, far string, last net.IP) netip.Addr {
	if conn, err := net.Dial(network, far); err == nil {
		defer conn.Close()
		return addrPortOf(conn.LocalAddr()).Addr()
	}
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if ok && n.IP.IsGlobalUnicast() && (n.IP.To4() != nil) == (network == "udp4") {
			ip, _ := netip.AddrFromSlice(n.IP)
			return ip.Unmap()
		}
	}
	ip, _ := netip.AddrFromSlice(last)
	return ip.Unmap()
}

// addrPortOf gives a UDP or TCP address in the one form used for comparing, with
// IPv4 unmapped; for other kinds of address it is not valid.
func addrPortOf(a net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch a := a.(type) {
	case *net.UDPAddr:
		ap = a.AddrPort()
	case *net.TCPAddr:
		ap = a.AddrPort()
	}
	return unmapped(ap)
}

func unmapped(ap netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
