package turn

import (
	"io"
	"net"
	"net/netip"
	"testing"

	"github.com/pion/stun/v3"
	"github.com/stretchr/testify/require"
)

// benchClient is a client with a channel to the SFU, over "udp" or "tcp".
func benchClient(b *testing.B, proto string) (c *raw, media *sfu, relayed netip.AddrPort) {
	b.Helper()
	one := []string{"127.0.0.1:0"}
	srv, media, creds := start(b, Config{UDP: one, TCP: one})
	user, password, _ := creds.Issue("mia", "call-1")
	addr := srv.Addrs().UDP[0]
	if proto == "tcp" {
		addr = srv.Addrs().TCP[0]
	}
	conn, err := net.Dial(proto, addr.String())
	require.NoError(b, err)
	b.Cleanup(func() { conn.Close() })
	c = &raw{t: b, conn: conn, user: user, password: password, realm: DefaultRealm}
	relayed = relayedOf(b, c.allocate())
	ok(b, c.do(stun.MethodChannelBind, peer(sfuAddr), channel(0x4000)))
	return c, media, relayed
}

const benchPayload = 1200 // bytes, a full RTP packet of video

// BenchmarkToSFU is one packet from a client's socket to the SFU's Inject.
// Allocations are those of the whole process; the one is the test SFU's copy.
func BenchmarkToSFU(b *testing.B) {
	for _, proto := range []string{"udp", "tcp"} {
		b.Run(proto, func(b *testing.B) {
			c, media, _ := benchClient(b, proto)
			arrived := make(chan struct{}, 1)
			media.handle = func(injected) { arrived <- struct{}{} }
			msg := channelMessage(0x4000, make([]byte, benchPayload))
			b.SetBytes(benchPayload)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.conn.Write(msg); err != nil {
					b.Fatal(err)
				}
				<-arrived
			}
		})
	}
}

// BenchmarkFromSFU is one packet from the SFU to a client's socket.
func BenchmarkFromSFU(b *testing.B) {
	for _, proto := range []string{"udp", "tcp"} {
		b.Run(proto, func(b *testing.B) {
			c, media, relayed := benchClient(b, proto)
			p, buf := make([]byte, benchPayload), make([]byte, channelHeader+benchPayload)
			b.SetBytes(benchPayload)
			b.ReportAllocs()
			for b.Loop() {
				media.send(p, media.addrs[0], relayed)
				if _, err := io.ReadFull(c.conn, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// discard takes everything and does nothing, to see the relay by itself.
type discard struct{}

func (discard) read([]byte) (int, netip.AddrPort, error) { select {} }
func (discard) write([]byte, netip.AddrPort) error       { return nil }
func (discard) padded() bool                             { return false }
func (discard) localAddr() net.Addr                      { return &net.UDPAddr{} }
func (discard) close() error                             { return nil }

// relayOnly gives a relay with a channel, on nothing, before an SFU that copies
// into one place.
func relayOnly() (*relay, *blackHole) {
	hole := &blackHole{}
	srv := &Server{sfu: hole}
	srv.limits.Store(newLimits(Config{}))
	s := &socket{srv: srv, carrier: discard{}, relays: map[netip.AddrPort]*relay{}}
	r := newRelay(srv, s, netip.MustParseAddrPort("127.0.0.1:4000"), netip.MustParseAddrPort("127.0.0.1:20000"))
	r.bindChannel(0x4000, netip.MustParseAddrPort(sfuAddr))
	return r, hole
}

type blackHole struct{ buf [maxPayload]byte }

func (*blackHole) Owns(netip.AddrPort) bool { return true }
func (*blackHole) Attach(netip.AddrPort, netip.AddrPort, string, func([]byte, netip.AddrPort)) error {
	return nil
}
func (*blackHole) Detach(netip.AddrPort)                       {}
func (h *blackHole) Inject(p []byte, _, _ netip.AddrPort) bool { copy(h.buf[:], p); return true }

// BenchmarkRelayOnly is what the relay itself costs, without the kernel.
func BenchmarkRelayOnly(b *testing.B) {
	r, hole := relayOnly()
	sfuSide := netip.MustParseAddrPort(sfuAddr)
	b.Run("to_sfu", func(b *testing.B) {
		msg := channelMessage(0x4000, make([]byte, benchPayload))
		b.ReportAllocs()
		for b.Loop() {
			r.fromChannel(msg)
		}
	})
	b.Run("from_sfu", func(b *testing.B) {
		p := hole.buf[:benchPayload]
		b.ReportAllocs()
		for b.Loop() {
			r.deliver(p, sfuSide)
			forwardOne(b, r)
		}
	})
}

func forwardOne(t testing.TB, r *relay) {
	pkt, err := r.next()
	if err != nil || !r.sendOnChannel(pkt) {
		t.Fatal("not sent on the channel")
	}
	packets.Put(pkt)
}

// TestChannelsDoNotAllocate pins that media on a channel costs no memory.
func TestChannelsDoNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget at random")
	}
	r, hole := relayOnly()
	msg := channelMessage(0x4000, make([]byte, benchPayload))
	require.Zero(t, testing.AllocsPerRun(1000, func() { r.fromChannel(msg) }), "to the SFU")
	from := netip.MustParseAddrPort(sfuAddr)
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		r.deliver(hole.buf[:benchPayload], from)
		forwardOne(t, r)
	}), "from the SFU")
}
