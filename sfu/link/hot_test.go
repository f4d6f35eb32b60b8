package link

import (
	"encoding/binary"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/stretchr/testify/require"

	"kinwire/sfu/codec"
	"kinwire/sfu/datagram"
	"kinwire/sfu/forward"
	"kinwire/sfu/ice"
	"kinwire/sfu/packet"
	"kinwire/sfu/srtp"
)

var discard = slog.New(slog.DiscardHandler)

// quiet is an owner whom nothing interests.
type quiet struct{}

func (quiet) Data(string, bool, []byte)                                {}
func (quiet) LinkState(State)                                          {}
func (quiet) Feedback(uint32, rtcp.Packet, *datagram.Batch, time.Time) {}

// bench is a transport whose loop is turned by hand, and real sockets for
// everybody: so a test sees each step, and no other goroutine's allocations.
type bench struct {
	t    testing.TB
	tr   *Transport
	loop *loop
}

func newBench(t testing.TB) *bench {
	tr := &Transport{cfg: Config{TCPQueue: 64, Failed: time.Minute, Disconnected: time.Minute}, log: discard, now: time.Now}
	require.NoError(t, tr.Tune(tr.cfg))
	tr.passes.New = func() any { return newPass(pooledBatch) }
	b := &bench{t: t, tr: tr}
	d := &socketDoor{socket: b.socket()}
	d.address = d.socket.Addr()
	tr.doors = []*socketDoor{d}
	b.loop = newLoop(tr, d, d.socket)
	return b
}

func (b *bench) socket() *datagram.Socket {
	s, err := datagram.Listen(netip.MustParseAddrPort("127.0.0.1:0"), datagram.Config{ReadBuffer: 1 << 20, WriteBuffer: 1 << 20})
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = s.Close() })
	return s
}

// guest is a peer that has joined without the ceremony: its keys are given.
type guest struct {
	b      *bench
	link   *Link
	socket *datagram.Socket
	reader *datagram.Reader
	sealer *srtp.Sealer
	opener *srtp.Opener
	stream *srtp.Stream
	dest   *datagram.Dest
	buf    [1600]byte
	seq    uint16
}

func (b *bench) guest(ssrc uint32) *guest {
	l, err := b.tr.NewLink(quiet{})
	require.NoError(b.t, err)
	const profile = srtp.AEADAES128GCM
	material := make([]byte, profile.MaterialSize())
	binary.BigEndian.PutUint32(material, ssrc)
	client, server, err := srtp.Split(profile, material)
	require.NoError(b.t, err)
	g := &guest{b: b, link: l, socket: b.socket()}
	g.reader = g.socket.NewReader(64)
	k := &keys{profile: profile}
	k.opener, err = srtp.NewOpener(profile, client, replayWindow, maxStreams)
	require.NoError(b.t, err)
	k.sealer, err = srtp.NewSealer(profile, server)
	require.NoError(b.t, err)
	g.sealer, err = srtp.NewSealer(profile, client)
	require.NoError(b.t, err)
	g.opener, err = srtp.NewOpener(profile, server, replayWindow, maxStreams)
	require.NoError(b.t, err)
	g.stream = g.sealer.Stream(ssrc)
	g.dest = g.socket.To(b.loop.door.address)
	path := ice.Path{Local: b.loop.door.address, Remote: g.socket.Addr()}
	w := &way{link: l, path: path, dest: b.loop.door.to(path.Remote), door: b.loop.door}
	b.tr.directory.bind(w)
	l.keys.Store(k)
	l.out.Store(w)
	l.last.Store(w)
	return g
}

// slot gives the guest a stream to receive, with keys.
func (g *guest) slot(ssrc uint32) *Slot {
	s := &Slot{link: g.link, Video: true, ssrc: ssrc, rtx: ssrc + 10000, twccID: 3}
	s.unlock(g.link.keys.Load())
	return s
}

// sends makes an uplink of what the guest sends, with those slots attached.
func (g *guest) sends(ssrc uint32, slots ...*Slot) *forward.Uplink {
	var types forward.PayloadTypes
	types.Media[codec.VP8], types.RTX[codec.VP8] = 100, 101
	up := forward.NewUplink(forward.UplinkConfig{
		Codec: codec.VP8, PT: 96, RTXPT: 97, History: 256, Clock: &forward.Clock{}, KeyFrame: time.Second, RequestKeyFrame: func(uint32) {},
	})
	for _, s := range slots {
		up.Attach(forward.NewDownlink(forward.DownlinkConfig{Writer: s, SSRC: s.ssrc, RTXSSRC: s.rtx, Types: types, ClockRate: 90000}), time.Now())
	}
	g.link.routes.Store(&routes{mid: 1, twcc: 3, ssrcs: map[uint32]string{ssrc: "1"}, mids: map[string]route{"1": {to: up, rtxPT: 97, video: true}}})
	return up
}

// keyFrame is a packet that begins, and is, a whole VP8 key frame.
func keyFrame(t testing.TB, ssrc uint32) []byte {
	payload := make([]byte, 1100)
	copy(payload, []byte{0x10, 0x50, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01})
	h := rtp.Header{Version: 2, PayloadType: 96, SSRC: ssrc, Marker: true}
	require.NoError(t, h.SetExtension(3, []byte{0, 0}))
	b, err := (&rtp.Packet{Header: h, Payload: payload}).Marshal()
	require.NoError(t, err)
	return b
}

// send seals a packet under the next number and sends it.
func (g *guest) send(plain []byte) {
	binary.BigEndian.PutUint16(plain[2:], g.seq)
	g.seq++
	header, _ := packet.HeaderSize(plain)
	copy(g.buf[:header], plain[:header])
	n := g.stream.Seal(g.buf[:], header, plain[header:])
	g.dest.Send(g.buf[:n])
}

// turn lets the loop read and send once.
func (b *bench) turn() {
	in, err := b.loop.reader.Read(-1)
	if err != nil {
		b.t.Fatal(err)
	}
	b.loop.pass.now = time.Now()
	for i := range in {
		b.loop.take(in[i].Data, in[i].From)
	}
	b.loop.pass.flush()
}

// receive waits for what has been sent to the guest.
func (g *guest) receive() []datagram.Datagram {
	in, err := g.reader.Read(-1)
	if err != nil {
		g.b.t.Fatal(err)
	}
	return in
}

// TestFromSocketToSocketAllocatesNothing pins the whole way of a packet, with
// real sockets and real encryption: received, opened, counted, kept for
// retransmission, sealed for three receivers, sent.
func TestFromSocketToSocketAllocatesNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates by itself; scripts/test runs this without it")
	}
	b := newBench(t)
	sender := b.guest(7)
	var receivers []*guest
	var slots []*Slot
	for i := range uint32(3) {
		g := b.guest(100 + i)
		receivers, slots = append(receivers, g), append(slots, g.slot(10+i))
	}
	sender.sends(7, slots...)
	plain := keyFrame(t, 7)
	got := 0
	feed := func() {
		sender.send(plain)
		b.turn()
		for _, g := range receivers {
			got += len(g.receive())
		}
	}
	for range 600 { // the history's slabs
		feed()
	}
	got = 0
	const rounds = 500
	require.Zero(t, testing.AllocsPerRun(rounds, feed))
	require.Equal(t, 3*(rounds+1), got)
}

// TestWhatComesOutIsWhatWentIn opens what the receivers get.
func TestWhatComesOutIsWhatWentIn(t *testing.T) {
	b := newBench(t)
	sender, receiver := b.guest(7), b.guest(8)
	sender.sends(7, receiver.slot(10))
	plain := keyFrame(t, 7)
	for i := range 5 {
		sender.send(plain)
		b.turn()
		for _, d := range receiver.receive() {
			header, err := packet.HeaderSize(d.Data)
			require.NoError(t, err)
			open, err := receiver.opener.RTP(d.Data, header)
			require.NoError(t, err)
			var v packet.View
			require.NoError(t, packet.Parse(open, &v))
			require.EqualValues(t, 10, v.SSRC)
			require.EqualValues(t, 100, v.PT)
			require.EqualValues(t, i, v.Seq)
			require.EqualValues(t, i+1, binary.BigEndian.Uint16(v.Extension(3)))
			require.Equal(t, plain[len(plain)-1100:], v.Payload())
		}
	}
}

// TestStrangersForgersAndRepeatersAreCounted sends what must go no further.
func TestStrangersForgersAndRepeatersAreCounted(t *testing.T) {
	b := newBench(t)
	sender, receiver := b.guest(7), b.guest(8)
	up := sender.sends(7, receiver.slot(10))
	plain := keyFrame(t, 7)
	stranger := b.socket().To(b.loop.door.address)
	stranger.Send(plain)
	b.turn()
	require.EqualValues(t, 1, b.tr.Stats().Stranger)
	sender.dest.Send(plain) // not sealed
	b.turn()
	require.EqualValues(t, 1, b.tr.Stats().Forged)
	sender.send(plain)
	b.turn()
	sender.seq--
	sender.send(plain)
	b.turn()
	require.EqualValues(t, 1, b.tr.Stats().Replayed)
	sender.dest.Send([]byte{0x70, 1, 2, 3}) // nothing that RFC 7983 knows
	b.turn()
	require.EqualValues(t, 1, b.tr.Stats().Malformed)
	require.EqualValues(t, 1, up.Stats().Reception.Packets)
}

func BenchmarkSocketToSocket(b *testing.B) {
	for _, n := range []int{1, 3, 15} {
		b.Run(map[int]string{1: "downlinks=1", 3: "downlinks=3", 15: "downlinks=15"}[n], func(b *testing.B) {
			w := newBench(b)
			sender := w.guest(7)
			var slots []*Slot
			var receivers []*guest
			for i := range uint32(n) {
				g := w.guest(100 + i)
				receivers, slots = append(receivers, g), append(slots, g.slot(10+i))
			}
			sender.sends(7, slots...)
			plain := keyFrame(b, 7)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				sender.send(plain)
				w.turn()
				if i%64 == 63 {
					for _, g := range receivers {
						for got := 0; got < 64; {
							got += len(g.receive())
						}
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/downlink")
		})
	}
}

// BenchmarkOpenedToSealed leaves the sockets out: a sealed packet in memory to
// sealed packets in the batch.
func BenchmarkOpenedToSealed(b *testing.B) {
	for _, n := range []int{1, 3, 15} {
		b.Run(map[int]string{1: "downlinks=1", 3: "downlinks=3", 15: "downlinks=15"}[n], func(b *testing.B) {
			w := newBench(b)
			sender := w.guest(7)
			var slots []*Slot
			for i := range uint32(n) {
				g := w.guest(100 + i)
				way := *g.link.out.Load()
				way.dest = datagram.Direct(func([]byte) {})
				g.link.out.Store(&way)
				slots = append(slots, g.slot(10+i))
			}
			sender.sends(7, slots...)
			plain := keyFrame(b, 7)
			from := sender.link.out.Load()
			out := datagram.Direct(func(p []byte) { from.take(w.loop.pass, p) })
			sender.dest = out
			w.loop.pass.now = time.Now()
			b.ReportAllocs()
			for b.Loop() {
				sender.send(plain)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/downlink")
		})
	}
}
