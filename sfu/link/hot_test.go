package link

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/stretchr/testify/require"

	"kinwire/sfu/codec"
	"kinwire/sfu/feedback"
	"kinwire/sfu/forward"
	"kinwire/sfu/packet"
)

// abyss is a connection that swallows what is written and never has anything
// to read.
type abyss struct {
	net.Conn
	closed chan struct{}
	n      atomic.Int64
}

func (a *abyss) Read([]byte) (int, error)         { <-a.closed; return 0, net.ErrClosed }
func (a *abyss) Write(b []byte) (int, error)      { a.n.Add(1); return len(b), nil }
func (a *abyss) Close() error                     { close(a.closed); return nil }
func (a *abyss) SetReadDeadline(time.Time) error  { return nil }
func (a *abyss) SetWriteDeadline(time.Time) error { return nil }

// hotLink is a link with slots whose packets are sealed by a real SRTP session
// and thrown away.
func hotLink(t testing.TB, slots int) (*Link, []*Slot, *abyss) {
	hole := &abyss{closed: make(chan struct{})}
	keys := srtp.SessionKeys{LocalMasterKey: make([]byte, 16), LocalMasterSalt: make([]byte, 12), RemoteMasterKey: make([]byte, 16), RemoteMasterSalt: make([]byte, 12)}
	session, err := srtp.NewSessionSRTP(hole, &srtp.Config{Keys: keys, Profile: srtp.ProtectionProfileAeadAes128Gcm, LoggerFactory: pionLog{discard}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	stream, err := session.OpenWriteStream()
	require.NoError(t, err)
	var w interceptor.RTPWriter = interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, _ interceptor.Attributes) (int, error) {
		return stream.WriteRTP(h, payload)
	})
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	l := &Link{t: &Transport{now: time.Now, log: discard}, queue: newQueue(ctx, 16, new(atomic.Uint64))}
	l.ready.Store(true)
	var out []*Slot
	for range slots {
		s := &Slot{link: l, Video: true, twccID: 3}
		s.writer.Store(&w)
		out = append(out, s)
	}
	return l, out, hole
}

// hotUplink is an uplink with those slots attached, and the packets to feed
// it: what the SRTP session hands over after decryption.
func hotUplink(t testing.TB, slots []*Slot) (*rtpSink, func()) {
	var types forward.PayloadTypes
	types.Media[codec.VP8], types.RTX[codec.VP8] = 100, 101
	up := forward.NewUplink(forward.UplinkConfig{
		Codec: codec.VP8, PT: 96, RTXPT: 97, History: 256, Clock: &forward.Clock{}, KeyFrame: time.Second, RequestKeyFrame: func(uint32) {},
	})
	for i, s := range slots {
		up.Attach(forward.NewDownlink(forward.DownlinkConfig{Writer: s, SSRC: uint32(i + 10), RTXSSRC: uint32(i + 10000), Types: types, ClockRate: 90000}), time.Now())
	}
	l := slots[0].link
	l.routes.Store(&routes{ssrcs: map[uint32]string{7: "1"}, mids: map[string]route{"1": {to: up, rtxPT: 97}}})
	sink := &rtpSink{link: l, ssrc: 7}
	payload := make([]byte, 1100)
	copy(payload, []byte{0x10, 0x50, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01})
	b, err := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 96, SSRC: 7}, Payload: payload}).Marshal()
	require.NoError(t, err)
	var seq uint16
	return sink, func() {
		b[2], b[3] = byte(seq>>8), byte(seq)
		seq++
		_, _ = sink.Write(b)
	}
}

// TestFromDecryptToSealAllocatesNothing pins the whole of the hot path that is
// ours, with real encryption: from the buffer that SRTP decrypted into to the
// sealed packets for three receivers.
func TestFromDecryptToSealAllocatesNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes sync.Pool forget; scripts/test runs this without it")
	}
	_, slots, hole := hotLink(t, 3)
	_, feed := hotUplink(t, slots)
	for range 600 { // the history's slabs, SRTP's buffers
		feed()
	}
	before := hole.n.Load()
	const rounds = 500
	// The pool in pion/srtp may be emptied by a collection in between, hence
	// less than one in a hundred and not zero to the last.
	require.Less(t, testing.AllocsPerRun(rounds, feed), 0.01)
	require.EqualValues(t, 3*(rounds+1), hole.n.Load()-before)
}

func BenchmarkDecryptedToSealed(b *testing.B) {
	for _, n := range []int{1, 3, 15} {
		b.Run(map[int]string{1: "downlinks=1", 3: "downlinks=3", 15: "downlinks=15"}[n], func(b *testing.B) {
			_, slots, _ := hotLink(b, n)
			_, feed := hotUplink(b, slots)
			b.ReportAllocs()
			for b.Loop() {
				feed()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/downlink")
		})
	}
}

func TestQueueDropsTheOldest(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var drops atomic.Uint64
	q := newQueue(ctx, 16, &drops)
	// Its writer has nothing to do with this: entries are taken out by hand.
	q.entries, q.running = make([]queueEntry, 16), true
	close(q.done)
	q.on.Store(true)
	for i := range 20 {
		q.pushRTP(&Slot{}, &forward.Header{Seq: uint16(i)}, []byte{byte(i)})
	}
	require.EqualValues(t, 4, drops.Load())
	var e queueEntry
	for want := 4; want < 20; want++ {
		require.True(t, q.pop(&e))
		require.EqualValues(t, want, e.header.Seq)
		require.Equal(t, []byte{byte(want)}, e.b[:e.n])
	}
	require.False(t, q.pop(&e))
	cancel()
	q.wait()
}

func TestRelayedPacketsComeAndGoWithoutTheKernel(t *testing.T) {
	tr := &Transport{log: discard, now: time.Now}
	s, err := listen(netip.MustParseAddrPort("127.0.0.1:0"), &tr.relays)
	require.NoError(t, err)
	defer func() { _ = s.Close() }()
	tr.sockets = []*socket{s}
	relayed, client := netip.MustParseAddrPort("192.0.2.1:4000"), netip.MustParseAddrPort("198.51.100.9:5")

	require.True(t, tr.Owns(s.local))
	require.False(t, tr.Owns(netip.AddrPortFrom(s.local.Addr(), s.local.Port()+1)))
	require.False(t, tr.Inject([]byte("x"), relayed, s.local), "not attached yet")

	type got struct {
		p    string
		from netip.AddrPort
	}
	out := make(chan got, 1)
	require.NoError(t, tr.Attach(relayed, client, "tls", func(p []byte, from netip.AddrPort) { out <- got{string(p), from} }))
	require.Error(t, tr.Attach(relayed, client, "udp", nil))

	// A reader that sleeps in the kernel is woken, again and again, and packets
	// from the network come in between.
	in := make(chan got)
	go func() {
		defer close(in)
		b := make([]byte, 1500)
		for {
			n, from, err := s.ReadFromAddrPort(b)
			if err != nil {
				return
			}
			in <- got{string(b[:n]), from}
		}
	}()
	c, err := net.Dial("udp4", s.local.String())
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	for range 200 {
		require.True(t, tr.Inject([]byte("relayed"), relayed, s.local))
		require.Equal(t, got{"relayed", relayed}, <-in)
		_, err := c.Write([]byte("direct"))
		require.NoError(t, err)
		require.Equal(t, "direct", (<-in).p)
	}
	n, err := s.WriteToAddrPort([]byte("back"), relayed)
	require.NoError(t, err)
	require.Equal(t, 4, n)
	require.Equal(t, got{"back", s.local}, <-out)
	require.False(t, tr.Inject(make([]byte, packet.MaxSize+1), relayed, s.local), "too large")
	tr.Detach(relayed)
	require.False(t, tr.Inject([]byte("x"), relayed, s.local))
	require.NoError(t, s.SetReadDeadline(past))
	_ = s.UDPConn.Close()
	for range in { // until the reader has ended
	}
}

var discard = slog.New(slog.DiscardHandler)

// FuzzDecrypted gives the hot path whatever a peer may have encrypted.
func FuzzDecrypted(f *testing.F) {
	media := []byte{0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0x10, 0x50, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01}
	rtx := append([]byte{0x80, 97, 0, 9, 0, 0, 0, 0, 0, 0, 0, 8, 0, 1}, media[12:]...)
	withMID := append([]byte{0x90, 96, 0, 2, 0, 0, 0, 0, 0, 0, 0, 9, 0xbe, 0xde, 0, 1, 0x10, '1', 0, 0}, media[12:]...)
	for _, b := range [][]byte{media, rtx, withMID, {}, {0x80}} {
		f.Add(b, uint32(7))
		f.Add(b, uint32(8))
		f.Add(b, uint32(9))
	}
	_, slots, _ := hotLink(f, 2)
	first, feed := hotUplink(f, slots)
	feed()
	l := first.link
	r := *l.routes.Load()
	r.mid, r.twcc = 1, 3
	l.arrivals = feedback.NewArrivals()
	l.routes.Store(&r)
	f.Fuzz(func(t *testing.T, b []byte, ssrc uint32) {
		n, err := (&rtpSink{link: l, ssrc: ssrc}).Write(b)
		require.NoError(t, err)
		require.Equal(t, len(b), n)
		_ = l.TransportFeedback(ssrc, time.Now())
	})
}
