package datagram

import "net/netip"

// Dest is where packets go: an address as seen from a socket, or a function.
// It does not change, so any number of goroutines and Batches may share it.
// Order is kept per Dest: have one for each receiver.
type Dest struct {
	socket *Socket
	direct func(packet []byte) // instead of a socket
	addr   netip.AddrPort
	raw    sockaddr // addr as the kernel takes it
	hash   uint32
}

// To is addr as seen from s.
func (s *Socket) To(addr netip.AddrPort) *Dest {
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	// Multiplying by 2³² over the golden ratio spreads numbers that follow one
	// another evenly over the upper bits, whatever the table's size.
	return &Dest{socket: s, addr: addr, raw: rawAddress(addr), hash: s.dests.Add(1) * 0x9E3779B1}
}

// Direct is a destination in memory: our own relay, or the queue of a peer on
// TCP. f is called for each packet at once, on the goroutine that adds or
// sends it. It must not keep the packet, nor touch the Batch it came through.
func Direct(f func(packet []byte)) *Dest { return &Dest{direct: f} }

// Addr is the address of d, the zero AddrPort when d is in memory.
func (d *Dest) Addr() netip.AddrPort { return d.addr }

// Send sends p at once and by itself. Any goroutine may call it. What the
// kernel does not take is counted in the socket's Stats.
func (d *Dest) Send(p []byte) {
	switch {
	case len(p) == 0:
	case d.direct != nil:
		d.direct(p)
	default:
		d.socket.sendOne(d, p)
	}
}
