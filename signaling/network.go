package signaling

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"kinwire/internal/mask"
)

// behindProxies puts the client's own address into RemoteAddr when a request
// came through one of the operator's proxies. Each proxy appends the address
// it was called from to X-Forwarded-For, so the list is read from its end: the
// last entry that is no proxy of ours is the client's. What stands before it
// the client may have written itself.
func behindProxies(trusted []netip.Prefix, next http.Handler) http.Handler {
	if len(trusted) == 0 {
		return next
	}
	ours := func(a netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, err := netip.ParseAddrPort(r.RemoteAddr)
		if err == nil && ours(from.Addr().Unmap()) {
			if client, ok := forwardedFor(r.Header.Values("X-Forwarded-For"), ours); ok {
				r = r.WithContext(r.Context()) // a copy: the request is not ours
				r.RemoteAddr = netip.AddrPortFrom(client, 0).String()
			}
		}
		next.ServeHTTP(w, r)
	})
}

// forwardedFor finds the last address in the header's lines that is not ours.
func forwardedFor(lines []string, ours func(netip.Addr) bool) (netip.Addr, bool) {
	list := strings.Split(strings.Join(lines, ","), ",")
	for _, item := range slices.Backward(list) {
		a, err := netip.ParseAddr(strings.TrimSpace(item))
		if err != nil {
			return netip.Addr{}, false // nobody's word from here on
		}
		if a = a.Unmap().WithZone(""); !ours(a) {
			return a, true
		}
	}
	return netip.Addr{}, false
}

// networkOf is the network that a request comes from: as package
// mask gives it. It stands for the client in logs and in
// the throttle; whole addresses are kept nowhere.
func networkOf(r *http.Request) netip.Prefix {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	return mask.Network(ap.Addr())
}
