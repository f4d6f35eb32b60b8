package ice_test

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"

	pion "github.com/pion/ice/v4"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/sfu/ice"
)

func TestCandidates(t *testing.T) {
	a := netip.MustParseAddrPort
	require.Equal(t, []string{
		"1 1 udp 2130706431 192.0.2.1 3478 typ host",
		"2 1 udp 2130706175 2001:db8::1 3478 typ host",
		"1 1 udp 2130705919 192.0.2.1 443 typ host",
		"3 1 tcp 2124414207 192.0.2.1 443 typ host tcptype passive",
		"4 1 udp 2130705407 fe80::1 3478 typ host",
	}, ice.Candidates([]ice.Candidate{
		{Addr: a("192.0.2.1:3478")},
		{Addr: a("[2001:db8::1]:3478")},
		{Addr: a("[::ffff:192.0.2.1]:443")},
		{Addr: a("192.0.2.1:443"), TCP: true},
		{Addr: a("[fe80::1%eth0]:3478")},
	}))
	require.Empty(t, ice.Candidates(nil))
	require.Len(t, ice.Candidates(make([]ice.Candidate, 10000)), 8191)
}

// pion, as a reader of ours, understands what was meant; and priorities keep
// the order: UDP first, then by position.
func TestCandidatesKeepTheirOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ice.Candidate {
			addr := netip.AddrFrom4([4]byte{192, 0, 2, rapid.Byte().Draw(t, "host")})
			if rapid.Bool().Draw(t, "IPv6") {
				addr = netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 15: rapid.Byte().Draw(t, "host")})
			}
			return ice.Candidate{Addr: netip.AddrPortFrom(addr, rapid.Uint16Min(1).Draw(t, "port")), TCP: rapid.Bool().Draw(t, "TCP")}
		}), 0, 20).Draw(t, "list")
		lines := ice.Candidates(list)
		require.Len(t, lines, len(list))
		last := map[bool]uint64{false: 1 << 32, true: 1 << 32}
		lowestUDP, highestTCP := uint64(1<<32), uint64(0)
		for i, line := range lines {
			c, err := pion.UnmarshalCandidate(line)
			require.NoError(t, err)
			require.Equal(t, pion.CandidateTypeHost, c.Type())
			require.Equal(t, list[i].Addr.Addr().String(), c.Address())
			require.EqualValues(t, list[i].Addr.Port(), c.Port())
			require.Equal(t, list[i].TCP, c.TCPType() == pion.TCPTypePassive)

			priority, err := strconv.ParseUint(strings.Fields(line)[3], 10, 31)
			require.NoError(t, err)
			require.Less(t, priority, last[list[i].TCP])
			last[list[i].TCP] = priority
			if list[i].TCP {
				highestTCP = max(highestTCP, priority)
			} else {
				lowestUDP = min(lowestUDP, priority)
			}
		}
		require.Less(t, highestTCP, lowestUDP)
	})
}
