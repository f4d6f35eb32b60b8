package datagram

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestFeedbackIsPutAside sends packets that look alike to both lanes' socket.
func TestFeedbackIsPutAside(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(at, func(t *testing.T) {
			main, later, err := ListenLanes(netip.MustParseAddrPort(at), Config{GRO: true})
			if at[0] == '[' && err != nil {
				t.Skip("no IPv6 here")
			}
			require.NoError(t, err)
			defer func() { require.NoError(t, main.Close()) }()
			require.NotNil(t, later)
			defer func() { require.NoError(t, later.Close()) }()
			from, err := Listen(netip.MustParseAddrPort(at), Config{})
			require.NoError(t, err)
			defer func() { require.NoError(t, from.Close()) }()
			require.Equal(t, main.Addr(), later.Addr())
			to := from.To(main.Addr())
			aside := [][]byte{{0x8f, 205, 0, 1}, {0xaf, 205, 0, 2}}
			direct := [][]byte{{0x81, 205, 0, 3}, {0x8f, 206, 0, 4}, {0x0f, 205}, {0x80, 96}, {0x8f}, {20, 254}, {0, 1}}
			for i := range direct {
				to.Send(direct[i])
				to.Send(aside[i%len(aside)])
			}
			r := main.NewReader(32)
			for got := 0; got < len(direct); {
				in, err := r.Read(time.Minute)
				require.NoError(t, err)
				for _, d := range in {
					require.Equal(t, direct[got], d.Data)
					got++
				}
			}
			r = later.NewReader(32)
			for got := 0; got < len(direct); {
				in, err := r.Read(time.Minute)
				require.NoError(t, err)
				for _, d := range in {
					require.Equal(t, aside[got%len(aside)], d.Data)
					got++
				}
			}
		})
	}
}

// TestAnAddressInUseIsAnError: sharing is between our own sockets only.
func TestAnAddressInUseIsAnError(t *testing.T) {
	main, later, err := ListenLanes(netip.MustParseAddrPort("127.0.0.1:0"), Config{})
	require.NoError(t, err)
	defer func() { require.NoError(t, main.Close()) }()
	defer func() { require.NoError(t, later.Close()) }()
	_, _, err = ListenLanes(main.Addr(), Config{})
	require.ErrorIs(t, err, unix.EADDRINUSE)
}
