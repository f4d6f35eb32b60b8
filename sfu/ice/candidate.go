package ice

import (
	"fmt"
	"net/netip"
)

// Candidate is an address at which the server can be reached: the host
// candidates of a lite agent are all that it has.
type Candidate struct {
	Addr netip.AddrPort
	TCP  bool // listens for connections, "passive" (RFC 6544)
}

// The parts of a priority, RFC 8445 section 5.1.2.1:
//
//	type preference << 24 + local preference << 8 + (256 - component)
const (
	hostPreference = 126
	component      = 1 // RTP and RTCP share one

	// passive is the direction preference of a listening TCP host candidate,
	// the upper three bits of its local preference (RFC 6544 section 4.2).
	passive      = 4
	otherBits    = 13
	maxOther     = 1<<otherBits - 1
	maxLocal     = 1<<16 - 1
	maxCandidate = maxOther // from there on two could have the same priority
)

// Candidates gives the values of the a=candidate attributes (RFC 8839 section
// 5.1, RFC 6544 section 4.5) for the addresses in list, best first: position
// decides between those of the same transport, and all UDP goes before all TCP.
// Behind TCP's local preference of 40,959 at most there is room for 8,191
// candidates; what stands behind them in the list is left out.
func Candidates(list []Candidate) []string {
	list = list[:min(len(list), maxCandidate)]
	lines := make([]string, 0, len(list))
	foundations := map[foundation]int{}
	for i, c := range list {
		addr := c.Addr.Addr().Unmap().WithZone("") // a zone means something on this machine only
		key := foundation{addr, c.TCP}
		if foundations[key] == 0 {
			foundations[key] = len(foundations) + 1
		}
		transport, local, suffix := "udp", maxLocal-i, ""
		if c.TCP {
			transport, local, suffix = "tcp", passive<<otherBits+maxOther-i, " tcptype passive"
		}
		priority := hostPreference<<24 + local<<8 + 256 - component
		lines = append(lines, fmt.Sprintf("%d %d %s %d %s %d typ host%s",
			foundations[key], component, transport, priority, addr, c.Addr.Port(), suffix))
	}
	return lines
}

// foundation is what candidates have in common that are likely to work or not
// to work together (RFC 8445 section 5.1.1.3): for host candidates the address
// without its port, and the transport.
type foundation struct {
	addr netip.Addr
	tcp  bool
}
