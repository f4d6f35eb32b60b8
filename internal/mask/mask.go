// Package mask shortens network addresses to the part that may be kept: what
// tells one network from another, and not one household from another.
package mask

import "net/netip"

const (
	bits4    = 24 // the last octet goes
	bits6    = 48 // the site prefix that RFC 6177 gives to an end site stays, subnet and interface go
	bits6to4 = 40 // 16 bits of 2002: and three octets of the IPv4 address that 6to4 (RFC 3056) embeds
)

var sixToFour = netip.MustParsePrefix("2002::/16")

// Addr is the network of a in CIDR form: "203.0.113.0/24", "2001:db8:1::/48", as
// [Network] gives it. An address that is not valid gives "".
func Addr(a netip.Addr) string {
	if p := Network(a); p.IsValid() {
		return p.String()
	}
	return ""
}

// Network is the network of a that may be kept: the /24 of an IPv4 address, the
// /48 of an IPv6 one.
// An IPv4 address mapped into IPv6 is treated as the IPv4 address that it is,
// and a 6to4 address keeps no more of its IPv4 address than a plain one. The
// zone of a link-local address goes, as it names an interface. An address
// that is not valid gives the zero Prefix.
func Network(a netip.Addr) netip.Prefix {
	if !a.IsValid() {
		return netip.Prefix{}
	}
	a = a.Unmap().WithZone("")
	bits := bits6
	switch {
	case a.Is4():
		bits = bits4
	case sixToFour.Contains(a):
		bits = bits6to4
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
