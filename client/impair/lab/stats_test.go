package lab

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLateness(t *testing.T) {
	var l lateness
	require.Equal(t, Stats{}, l.stats())
	for i := range 100 {
		l.add(time.Duration(i+1) * time.Millisecond)
	}
	l.add(-time.Second) // early is not late
	s := l.stats()
	require.EqualValues(t, 101, s.Delivered)
	require.Equal(t, 100*time.Millisecond, s.LateMax)
	require.InDelta(t, 50, s.LateMean.Milliseconds(), 1)
	require.InEpsilon(t, 99, s.LateP99.Milliseconds(), 0.2)
	l.add(time.Hour)
	require.Equal(t, time.Hour, l.stats().LateMax)
}

func TestAddressesOfPackets(t *testing.T) {
	v4 := make([]byte, 20)
	v4[0] = 0x45
	copy(v4[12:], []byte{198, 18, 0, 1, 198, 18, 0, 2})
	src, dst, ok := addresses(v4)
	require.True(t, ok)
	require.Equal(t, "198.18.0.1 198.18.0.2", src.String()+" "+dst.String())
	v6 := make([]byte, 40)
	v6[0], v6[23], v6[39] = 0x60, 1, 2
	src, dst, ok = addresses(v6)
	require.True(t, ok)
	require.Equal(t, "::1 ::2", src.String()+" "+dst.String())
	for _, bad := range [][]byte{nil, {0x45}, v4[:19], v6[:39], make([]byte, 60)} {
		_, _, ok = addresses(bad)
		require.False(t, ok)
	}
}

// TestAddressesDiffer: no two hosts have the same, wherever they have moved.
func TestAddressesDiffer(t *testing.T) {
	for block := range blocks {
		l := &Lab{opt: Options{IPv6: true}, block: block}
		seen := map[netip.Addr]int{}
		for n := range maxHosts + 1 {
			for moves := range places {
				for i, a := range l.addresses(n, moves) {
					other, taken := seen[a]
					require.True(t, !taken || other == n, "%s is that of %d and %d", a, other, n)
					seen[a] = n
					in := l.block4()
					if i == 1 {
						in = l.block6()
					}
					require.True(t, in.Contains(a), "%s in %s", a, in)
				}
			}
		}
		require.True(t, netip.MustParsePrefix("198.18.0.0/15").Contains(l.block4().Addr()))
	}
}
