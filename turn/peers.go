package turn

import "net/netip"

// specialNets are addresses that an open prefix does not reach: whoever opens
// 0.0.0.0/0 means the Internet, not the database on the same machine.
var specialNets = func() (nets []netip.Prefix) {
	for _, s := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
		"172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", // multicast, reserved, broadcast
		"::/127", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32",
		"2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
	} {
		nets = append(nets, netip.MustParsePrefix(s))
	}
	return nets
}()

// allowedPeers are the networks that may be reached through real sockets.
type allowedPeers []netip.Prefix

// newAllowedPeers brings prefixes into one form.
func newAllowedPeers(prefixes []netip.Prefix) allowedPeers {
	var nets allowedPeers
	for _, p := range prefixes {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		nets = append(nets, p.Masked())
	}
	return nets
}

// has reports whether ip may be reached: some prefix holds it, and if ip is
// special, that prefix lies within the same special range.
func (a allowedPeers) has(ip netip.Addr) bool {
	for _, p := range a {
		if p.Contains(ip) && !widerThanSpecial(p, ip) {
			return true
		}
	}
	return false
}

// widerThanSpecial reports whether ip is special and p reaches beyond the
// special range that holds it, so that p was hardly meant for it.
func widerThanSpecial(p netip.Prefix, ip netip.Addr) bool {
	for _, special := range specialNets {
		if special.Contains(ip) && p.Bits() < special.Bits() {
			return true
		}
	}
	return false
}
