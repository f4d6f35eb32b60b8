package netcheck

import (
	"context"
	"net"
	"time"
)

// Bounds of the search, as sizes of IP packets in bytes: IPv6's smallest MTU
// (RFC 8200, section 5) and Ethernet's.
const (
	leastMTU = 1280
	mostMTU  = 1500
)

// headers of IP and UDP, in bytes.
func headers(to *net.UDPAddr) int {
	if to.IP.To4() != nil {
		return 20 + 8
	}
	return 40 + 8
}

// mtu finds the largest packet that gets to a server in one piece, to within 4
// bytes (STUN's lengths are multiples of 4); 0 where that cannot be found out.
func (c *checker) mtu(ctx context.Context, to *net.UDPAddr, wait time.Duration) int {
	conn, err := net.ListenUDP("udp", nil)
	if err != nil {
		return 0
	}
	defer func() { _ = conn.Close() }()
	if dontFragment(conn, to) != nil {
		return 0
	}
	fits := func(size int) bool {
		_, _, err := c.bind(ctx, conn, to, size-headers(to), probes, wait)
		return err == nil
	}
	if fits(mostMTU) {
		return mostMTU
	}
	if !fits(leastMTU) {
		return 0
	}
	low, high := leastMTU, mostMTU // low fits, high does not
	for high-low > 4 && ctx.Err() == nil {
		middle := (low + high) / 2 / 4 * 4
		if middle <= low {
			break
		}
		if fits(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}
