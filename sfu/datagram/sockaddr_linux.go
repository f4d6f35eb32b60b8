package datagram

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sockaddr is an address as the kernel takes and gives it: room for the larger
// of the two kinds.
type sockaddr struct {
	in6  unix.RawSockaddrInet6
	size uint32
}

// in4 is the same memory as an IPv4 address. Both begin with family and port.
func (a *sockaddr) in4() *unix.RawSockaddrInet4 {
	return (*unix.RawSockaddrInet4)(unsafe.Pointer(&a.in6))
}

// bytes is where it begins, for a message header.
func (a *sockaddr) bytes() *byte { return (*byte)(unsafe.Pointer(&a.in6)) }

// port is the port's place, in network byte order.
func (a *sockaddr) port() []byte { return (*[2]byte)(unsafe.Pointer(&a.in6.Port))[:] }

func rawAddress(addr netip.AddrPort) (raw sockaddr) {
	if addr.Addr().Is4() {
		raw.size = unix.SizeofSockaddrInet4
		raw.in4().Family, raw.in4().Addr = unix.AF_INET, addr.Addr().As4()
	} else {
		raw.size = unix.SizeofSockaddrInet6
		raw.in6.Family, raw.in6.Addr, raw.in6.Scope_id = unix.AF_INET6, addr.Addr().As16(), scope(addr.Addr().Zone())
	}
	binary.BigEndian.PutUint16(raw.port(), addr.Port())
	return raw
}

// scope is the number of a zone, which is a number or an interface's name; 0
// when there is none of that name.
func scope(zone string) uint32 {
	if zone == "" {
		return 0
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n)
	}
	if i, err := net.InterfaceByName(zone); err == nil {
		return uint32(i.Index)
	}
	return 0
}

// addrPort is the address as the kernel gave it. A link-local one has its
// interface's number for a zone.
func (a *sockaddr) addrPort() netip.AddrPort {
	port := binary.BigEndian.Uint16(a.port())
	if a.in6.Family == unix.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4(a.in4().Addr), port)
	}
	addr := netip.AddrFrom16(a.in6.Addr).Unmap()
	if a.in6.Scope_id != 0 {
		addr = addr.WithZone(strconv.FormatUint(uint64(a.in6.Scope_id), 10))
	}
	return netip.AddrPortFrom(addr, port)
}
