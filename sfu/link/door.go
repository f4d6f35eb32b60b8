package link

import (
	"net/netip"

	"kinwire/sfu/datagram"
	"kinwire/sfu/ice"
)

// door is where packets come in and go out: a UDP socket, a TCP connection, or
// the relay of our own TURN server.
type door interface {
	// path is the way between here and a peer.
	path(from netip.AddrPort) ice.Path
	// to is how to send there. It may be kept.
	to(from netip.AddrPort) *datagram.Dest
	// describe says how the peer at that address is reached.
	describe(from netip.AddrPort) Path
}

// socketDoor is a UDP socket.
type socketDoor struct {
	socket  *datagram.Socket
	address netip.AddrPort
}

func (d *socketDoor) path(from netip.AddrPort) ice.Path {
	return ice.Path{Local: d.address, Remote: from}
}
func (d *socketDoor) to(from netip.AddrPort) *datagram.Dest { return d.socket.To(from) }
func (d *socketDoor) describe(from netip.AddrPort) Path {
	return Path{Protocol: "udp", Remote: from}
}

// relayDoor is what a relay of our own TURN server sends to one of our
// addresses.
type relayDoor struct {
	relay *relay
	local netip.AddrPort
}

func (d *relayDoor) path(from netip.AddrPort) ice.Path {
	return ice.Path{Local: d.local, Remote: from}
}

func (d *relayDoor) to(netip.AddrPort) *datagram.Dest {
	return datagram.Direct(func(p []byte) { d.relay.deliver(p, d.local) })
}

func (d *relayDoor) describe(netip.AddrPort) Path {
	return Path{Relay: true, Protocol: d.relay.proto, Remote: d.relay.client}
}
