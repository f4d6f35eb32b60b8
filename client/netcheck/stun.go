package netcheck

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/pion/stun/v3"

	"kinwire/internal/mask"
)

// Binding requests are sent again as RFC 8489, section 6.2.1 says, with a
// shorter first wait: we measure, and give up sooner.
const (
	firstWait = 250 * time.Millisecond
	requests  = 4
	probes    = 2 // of one size: a probe that is lost twice is too large
)

// attrPadding pads a request. It is in the range that a server passes over when
// it does not know it (RFC 8489, section 18.3).
const attrPadding = stun.AttrType(0xC05F)

var errNoAnswer = errors.New("no answer: UDP is blocked, or this port is")

// stun asks every address for our own, from one port.
func (c *checker) stun(ctx context.Context, addresses []string) Row {
	row := Row{What: "STUN, UDP", Name: "stun", State: Absent, Detail: "the server has no STUN"}
	c.res.NAT = NAT{Kind: "unknown", Says: "not known: no answer from STUN"}
	var servers []*net.UDPAddr
	for _, a := range addresses {
		if u, err := net.ResolveUDPAddr("udp", a); err == nil && !slices.ContainsFunc(servers, func(o *net.UDPAddr) bool { return o.String() == u.String() }) {
			servers = append(servers, u)
		}
	}
	if len(servers) == 0 {
		return row
	}
	var mapped []netip.AddrPort
	row.State, row.Detail = Failed, errNoAnswer.Error()
	for _, family := range []string{"udp4", "udp6"} {
		conn, err := net.ListenUDP(family, nil)
		if err != nil {
			continue
		}
		for _, s := range servers {
			if (s.IP.To4() != nil) != (family == "udp4") {
				continue
			}
			seen, rtt, err := c.bind(ctx, conn, s, 0, requests, firstWait)
			if err != nil {
				continue
			}
			if row.State != OK || rtt < row.RTT {
				row.State, row.RTT, row.Detail = OK, rtt, ""
			}
			if family == "udp4" || len(mapped) == 0 {
				mapped = append(mapped, seen)
			}
			if c.res.MTU == 0 {
				c.res.MTU = c.mtu(ctx, s, max(firstWait, 3*rtt))
			}
		}
		if len(mapped) > 0 && c.res.NAT.Kind == "unknown" {
			c.res.NAT = nat(localTowards(servers, conn), mapped)
		}
		_ = conn.Close()
	}
	return row
}

// localTowards is the address from which this machine reaches the servers.
func localTowards(servers []*net.UDPAddr, bound *net.UDPConn) netip.AddrPort {
	port := bound.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	for _, s := range servers {
		conn, err := net.DialUDP("udp", nil, s) // sends nothing
		if err != nil {
			continue
		}
		addr := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr()
		_ = conn.Close()
		return netip.AddrPortFrom(addr.Unmap(), port)
	}
	return netip.AddrPort{}
}

// nat says what the answers mean.
func nat(local netip.AddrPort, mapped []netip.AddrPort) NAT {
	n := NAT{Mapped: mask.Addr(mapped[0].Addr()), Local: mask.Addr(local.Addr())}
	different := slices.ContainsFunc(mapped, func(m netip.AddrPort) bool { return m != mapped[0] })
	switch {
	case different:
		n.Kind, n.Says = "varies", "yes, and every destination sees another port (address-dependent mapping, RFC 4787)"
	case mapped[0] == local:
		n.Kind, n.Says = "none", "none"
	case len(mapped) == 1:
		n.Kind, n.Says = "same", "yes; the server has one address only, so whether others would see the same port is not known"
	default:
		n.Kind, n.Says = "same", "yes, and all destinations see the same port (endpoint-independent mapping, RFC 4787)"
	}
	return n
}

// bind sends a binding request of size bytes, or of the smallest there is, up to
// tries times, until an answer comes; each wait is twice the one before.
func (c *checker) bind(ctx context.Context, conn *net.UDPConn, to *net.UDPAddr, size, tries int, wait time.Duration) (netip.AddrPort, time.Duration, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	for range tries {
		req, err := request(size)
		if err != nil {
			return netip.AddrPort{}, 0, err
		}
		began := c.opt.Now()
		if _, err := conn.WriteToUDP(req.Raw, to); err != nil {
			return netip.AddrPort{}, 0, fmt.Errorf("send a binding request: %w", err)
		}
		if ctx.Err() != nil {
			return netip.AddrPort{}, 0, ctx.Err()
		}
		if err := conn.SetReadDeadline(began.Add(wait)); err != nil {
			return netip.AddrPort{}, 0, fmt.Errorf("wait for a binding response: %w", err)
		}
		if seen, ok := answerTo(conn, req); ok {
			return seen, c.opt.Now().Sub(began), nil
		}
		wait *= 2
	}
	return netip.AddrPort{}, 0, errNoAnswer
}

func request(size int) (*stun.Message, error) {
	setters := []stun.Setter{stun.TransactionID, stun.BindingRequest}
	if pad := size - 20 - 4; pad > 0 { // header of the message and of the attribute
		setters = append(setters, stun.RawAttribute{Type: attrPadding, Value: make([]byte, pad)})
	}
	m, err := stun.Build(setters...)
	if err != nil {
		return nil, fmt.Errorf("build a binding request: %w", err)
	}
	return m, nil
}

// answerTo reads until the answer to req comes; false at the deadline.
func answerTo(conn *net.UDPConn, req *stun.Message) (netip.AddrPort, bool) {
	b := make([]byte, 2048)
	for {
		n, _, err := conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return netip.AddrPort{}, false
		}
		res := &stun.Message{Raw: slices.Clone(b[:n])}
		if res.Decode() != nil || res.TransactionID != req.TransactionID || res.Type.Method != stun.MethodBinding {
			continue
		}
		var x stun.XORMappedAddress
		if x.GetFrom(res) != nil {
			return netip.AddrPort{}, true // an error response is an answer, too
		}
		a, _ := netip.AddrFromSlice(x.IP)
		return netip.AddrPortFrom(a.Unmap(), uint16(x.Port)), true
	}
}
