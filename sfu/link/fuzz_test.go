package link

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/sfu/packet"
	"kinwire/sfu/sdp"
)

// FuzzDatagram gives a loop whatever may come from the network, from a peer's
// address and from a stranger's.
func FuzzDatagram(f *testing.F) {
	b := newBench(f)
	sender, receiver := b.guest(7), b.guest(8)
	sender.link.mu.Lock()
	sender.link.expected = []sdp.Fingerprint{} // so that a handshake may begin
	sender.link.mu.Unlock()
	f.Cleanup(func() { _ = sender.link.Close() })
	up := sender.sends(7, receiver.slot(10))
	for _, x := range [][]byte{keyFrame(f, 7), {}, {0}, {22, 254, 253}, {0x80, 200, 0, 1}, {0xff}} {
		f.Add(x)
	}
	from, stranger := sender.socket.Addr(), b.socket().Addr()
	f.Fuzz(func(t *testing.T, x []byte) {
		b.loop.pass.now = time.Now()
		b.loop.take(append([]byte(nil), x...), from)
		b.loop.take(append([]byte(nil), x...), stranger)
		b.loop.pass.flush()
		require.Zero(t, up.Stats().Reception.Packets, "nothing that was not sealed gets through")
	})
}

// FuzzOpened gives the hot path whatever a peer may have sealed.
func FuzzOpened(f *testing.F) {
	media := []byte{0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0x10, 0x50, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01}
	rtx := append([]byte{0x80, 97, 0, 9, 0, 0, 0, 0, 0, 0, 0, 8, 0, 1}, media[12:]...)
	withMID := append([]byte{0x90, 96, 0, 2, 0, 0, 0, 0, 0, 0, 0, 9, 0xbe, 0xde, 0, 1, 0x10, '1', 0, 0}, media[12:]...)
	nack := []byte{0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 10, 0, 1, 0xff, 0xff}
	feedback := []byte{0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 2, 0, 0, 1, 0, 0x20, 2, 1, 1}
	for _, x := range [][]byte{media, rtx, withMID, nack, feedback, {}, {0x80}} {
		f.Add(x)
	}
	b := newBench(f)
	sender, receiver := b.guest(7), b.guest(8)
	sender.sends(7, receiver.slot(10))
	way := sender.link.out.Load()
	seq := uint16(0)
	f.Fuzz(func(t *testing.T, x []byte) {
		if len(x) > packet.MaxSize {
			return
		}
		p := b.loop.pass
		p.now = time.Now()
		sender.link.in.Lock()
		defer sender.link.in.Unlock()
		if isRTCP(x) {
			for rest := x; rtcpLength(rest) > 0; rest = rest[rtcpLength(rest):] {
				sender.link.control(p, rest[:rtcpLength(rest)])
			}
		} else if plain := append([]byte(nil), x...); packet.Parse(plain, &p.view) == nil {
			p.view.Seq = seq
			seq++
			sender.link.noteHeard(way, p.now)
			sender.link.route(sender.link.routes.Load(), p)
			clear(sender.link.incoming) // the opener bounds them, which is left out here
		}
		p.flush()
		_ = sender.link.TransportFeedback(7, time.Now())
	})
}
