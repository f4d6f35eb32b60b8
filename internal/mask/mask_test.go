package mask

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAddr(t *testing.T) {
	for in, want := range map[string]string{
		"203.0.113.77":                  "203.0.113.0/24",
		"127.0.0.1":                     "127.0.0.0/24",
		"::ffff:203.0.113.77":           "203.0.113.0/24",
		"2001:db8:1:2:3:4:5:6":          "2001:db8:1::/48",
		"fe80::1234:5678:9abc:def%eth0": "fe80::/48",
		"::1":                           "::/48",
		"::203.0.113.77":                "::/48",
		"64:ff9b::203.0.113.77":         "64:ff9b::/48",
		"2002:cb00:714d::1":             "2002:cb00:7100::/40", // 203.0.113.77
	} {
		require.Equal(t, want, Addr(netip.MustParseAddr(in)), in)
	}
	require.Equal(t, "", Addr(netip.Addr{}))
}

// FuzzAddr holds that whatever comes in, what goes out is a network whose
// host part is empty, that contains the address, and that masking again
// changes nothing.
func FuzzAddr(f *testing.F) {
	for _, s := range []string{"203.0.113.77", "::ffff:10.0.0.1", "2001:db8::1", "2002:cb00:714d::1", "fe80::1%eth0"} {
		a := netip.MustParseAddr(s)
		f.Add(a.AsSlice(), a.Zone())
	}
	f.Add([]byte{1, 2, 3}, "")
	f.Fuzz(func(t *testing.T, raw []byte, zone string) {
		a, ok := netip.AddrFromSlice(raw)
		if !ok {
			require.Equal(t, "", Addr(a))
			return
		}
		if a.Is6() && !a.Is4In6() {
			a = a.WithZone(zone)
		}
		p, err := netip.ParsePrefix(Addr(a))
		require.NoError(t, err)
		require.Equal(t, p.Masked(), p)
		require.LessOrEqual(t, p.Bits(), map[bool]int{true: bits4, false: bits6}[p.Addr().Is4()])
		require.True(t, p.Contains(a.Unmap().WithZone("")))
		require.Equal(t, p.String(), Addr(p.Addr()))
	})
}
