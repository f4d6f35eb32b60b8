package datagram

import (
	"errors"
	"net/netip"

	"golang.org/x/sys/unix"
)

// ListenLanes opens two sockets at one address: main, and one that gets what
// can wait and may be read now and then.
//
// Everybody who receives media tells ten times a second, in a packet of its own,
// when it came (transport-wide feedback). In a room with many receivers these
// are most of what comes in, each costs a wake-up, and none is urgent. So the
// kernel is told, by a filter on SO_REUSEPORT, to put them aside. It sees what
// SRTCP leaves readable: version 2, format 15, packet type 205 (RFC 3711 section
// 3.4, draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).
//
// later is nil where the kernel does not do it; then everything comes to main.
func ListenLanes(addr netip.AddrPort, cfg Config) (main, later *Socket, err error) {
	if err := Vacant(addr); err != nil {
		return nil, nil, err
	}
	cfg.ReusePort = true
	if main, err = Listen(addr, cfg); err != nil {
		return nil, nil, err
	}
	cfg.GRO = false
	if later, err = Listen(main.addr, cfg); err != nil {
		return nil, nil, errors.Join(err, main.Close())
	}
	// The order in which they were bound is that of the filter's numbers.
	if unix.SetsockoptSockFprog(main.handle.fd, unix.SOL_SOCKET, unix.SO_ATTACH_REUSEPORT_CBPF, &feedbackAside) != nil {
		err = later.Close()
		later = nil
	}
	return main, later, err
}

// feedbackAside gives the number of the socket for a packet: 1 for
// transport-wide feedback. A packet too short to tell has 0.
var feedbackAside = program([]unix.SockFilter{
	{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 1},            // second byte
	{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: 205, Jf: 4},  // packet type
	{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 0},            // first byte
	{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: 0xdf},        // without the padding bit
	{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: 0x8f, Jf: 1}, // version 2, format 15
	{Code: unix.BPF_RET | unix.BPF_K, K: 1},
	{Code: unix.BPF_RET | unix.BPF_K, K: 0},
})

func program(filter []unix.SockFilter) unix.SockFprog {
	return unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
}
