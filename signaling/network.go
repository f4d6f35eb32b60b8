package signaling

import (
	"net/http"
	"net/netip"
)

// networkOf is the network that a request comes from: the /24 of an IPv4
// address, the /48 of an IPv6 one. It stands for the client in logs and in
// the throttle; whole addresses are kept nowhere.
func networkOf(r *http.Request) netip.Prefix {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	addr := ap.Addr().Unmap().WithZone("")
	bits := 48
	if addr.Is4() {
		bits = 24
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
