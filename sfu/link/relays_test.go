package link

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/sfu/ice"
	"kinwire/sfu/packet"
)

// TestRelayedPacketsComeAndGoWithoutTheKernel sends media through a relay, in
// and out, and what pretends to come from it.
func TestRelayedPacketsComeAndGoWithoutTheKernel(t *testing.T) {
	b := newBench(t)
	local := b.loop.door.address
	relayed, client := netip.MustParseAddrPort("192.0.2.1:4000"), netip.MustParseAddrPort("198.51.100.9:5")
	require.True(t, b.tr.Owns(local))
	require.False(t, b.tr.Owns(netip.AddrPortFrom(local.Addr(), local.Port()+1)))
	require.False(t, b.tr.Inject([]byte("x"), relayed, local), "not attached yet")

	var out [][]byte
	require.NoError(t, b.tr.Attach(relayed, client, "tls", func(p []byte, from netip.AddrPort) {
		require.Equal(t, local, from)
		out = append(out, append([]byte(nil), p...))
	}))
	require.Error(t, b.tr.Attach(relayed, client, "udp", nil), "attached already")

	// One guest sends and receives through the relay, itself being its only
	// viewer.
	g := b.guest(7)
	door := &relayDoor{relay: b.tr.relays.get(relayed), local: local}
	w := &way{link: g.link, path: ice.Path{Local: local, Remote: relayed}, dest: door.to(relayed), door: door}
	b.tr.directory.bind(w)
	g.link.out.Store(w)
	g.link.last.Store(w)
	up := g.sends(7, g.slot(10))

	plain := keyFrame(t, 7)
	header, err := packet.HeaderSize(plain)
	require.NoError(t, err)
	sealed := append([]byte(nil), plain[:header]...)
	sealed = append(sealed, make([]byte, 1500)...)
	n := g.stream.Seal(sealed, header, plain[header:])
	sealed = sealed[:n]
	before := append([]byte(nil), sealed...)
	require.True(t, b.tr.Inject(sealed, relayed, local))
	require.Equal(t, before, sealed, "the packet is the relay's")
	require.Len(t, out, 1)
	_, err = g.opener.RTP(out[0], 20)
	require.NoError(t, err)
	require.EqualValues(t, 1, up.Stats().Reception.Packets)
	path, ok := g.link.Path()
	require.True(t, ok)
	require.Equal(t, Path{Relay: true, Protocol: "tls", Remote: client}, path)

	require.False(t, b.tr.Inject(make([]byte, packet.MaxSize+1), relayed, local), "too large")
	require.Nil(t, b.loop.way(relayed), "nobody on the network speaks for a relay")
	b.tr.Detach(relayed)
	require.False(t, b.tr.Inject([]byte("x"), relayed, local))
}
