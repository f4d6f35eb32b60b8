package link

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/sfu/codec"
)

func TestTuneMakesTermsForLinksToCome(t *testing.T) {
	defer goleak.VerifyNone(t)
	tr := openTransport(t)
	before, err := tr.NewLink(quiet{})
	require.NoError(t, err)
	cfg := tr.cfg
	cfg.SRTPProfiles = []string{"no such profile"}
	cfg.FrameHold = time.Second
	old := tr.Terms()
	require.Error(t, tr.Tune(cfg))
	require.Same(t, old, tr.Terms(), "nothing changes on an error")
	require.Zero(t, tr.frameHold.Load())

	cfg.SRTPProfiles = []string{"aes128_cm_sha1_80", "aead_aes_256_gcm"}
	cfg.Video, cfg.Disconnected, cfg.Failed = []codec.Kind{codec.AV1}, time.Second, 2*time.Second
	require.NoError(t, tr.Tune(cfg))
	after, err := tr.NewLink(quiet{})
	require.NoError(t, err)
	taken, err := tr.NewLinkUnder(old, quiet{})
	require.NoError(t, err)
	require.Same(t, old, before.terms, "a link keeps what it was made under")
	require.Same(t, old, taken.terms)
	require.Len(t, after.terms.profiles, 2)
	require.Equal(t, []codec.Kind{codec.AV1}, after.terms.Video)
	require.Equal(t, time.Second, after.terms.iceConfig().Disconnected)
	require.Equal(t, int64(time.Second), tr.frameHold.Load(), "this one acts at once")
	for _, l := range []*Link{before, after, taken} {
		require.NoError(t, l.Close())
	}
	require.NoError(t, tr.Close())
}

// TestRelayOnlyRefusesDirectChecks: the check of a link under such terms is not
// answered on the network, and is by a relay.
func TestRelayOnlyRefusesDirectChecks(t *testing.T) {
	defer goleak.VerifyNone(t)
	tr := openTransport(t)
	free, err := tr.NewLink(quiet{})
	require.NoError(t, err)
	cfg := tr.cfg
	cfg.RelayOnly = true
	require.NoError(t, tr.Tune(cfg))
	bound, err := tr.NewLink(quiet{})
	require.NoError(t, err)
	require.Len(t, tr.candidates(free.terms), 2, "UDP and TCP")
	require.Len(t, tr.candidates(bound.terms), 1, "a relay comes by UDP")

	c, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(tr.Addresses()[0]))
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	for i, l := range []*Link{bound, free} { // in this order: an answer is the second's
		_, err = c.Write(check(t, l, ""))
		require.NoError(t, err, i)
	}
	require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err = c.Read(make([]byte, 1500))
	require.NoError(t, err)
	require.EqualValues(t, 1, tr.Stats().Stranger)
	_, ok := bound.Path()
	require.False(t, ok)
	_, ok = free.Path()
	require.True(t, ok)
	require.True(t, tr.check(&relayDoor{relay: &relay{deliver: func([]byte, netip.AddrPort) {}}, local: tr.Addresses()[0]}, check(t, bound, ""), tr.Addresses()[0]))
	require.NoError(t, free.Close())
	require.NoError(t, bound.Close())
	require.NoError(t, tr.Close())
}
