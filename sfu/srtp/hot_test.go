package srtp

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/pion/rtp"
	"github.com/stretchr/testify/require"
)

// loop seals and opens one packet after the other in the same buffers.
type loop struct {
	sealer  *Sealer
	stream  *Stream
	opener  *Opener
	payload []byte
	dst     []byte
	control []byte
	seq     uint16
}

func newLoop(t testing.TB, p Profile, size int) *loop {
	l := &loop{payload: make([]byte, size), dst: make([]byte, 1500), control: make([]byte, 200)}
	l.sealer, l.opener = pair(t, p, 1024, 8)
	l.stream = l.sealer.Stream(0x01020304)
	l.dst[0] = 0x80
	binary.BigEndian.PutUint32(l.dst[8:], l.stream.ssrc)
	return l
}

func (l *loop) seal() []byte {
	l.seq++
	binary.BigEndian.PutUint16(l.dst[2:], l.seq)
	return l.dst[:l.stream.Seal(l.dst, rtpHeader, l.payload)]
}

func TestNoAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	for _, p := range profiles {
		t.Run(p.String(), func(t *testing.T) {
			l := newLoop(t, p, 1042)
			plain := make([]byte, 100)
			round := func() {
				if _, err := l.opener.RTP(l.seal(), rtpHeader); err != nil {
					t.Fatal(err)
				}
				if _, err := l.opener.RTP(l.dst, rtpHeader); err == nil {
					t.Fatal("accepted twice")
				}
				out, err := l.sealer.RTCP(l.control, plain)
				if err != nil {
					t.Fatal(err)
				}
				if _, err = l.opener.RTCP(out); err != nil {
					t.Fatal(err)
				}
			}
			round()
			require.Zero(t, testing.AllocsPerRun(1000, round))

			broken := l.seal()
			broken[len(broken)-1] ^= 1
			require.Zero(t, testing.AllocsPerRun(100, func() {
				if _, err := l.opener.RTP(broken, rtpHeader); err == nil {
					t.Fatal("accepted a forged packet")
				}
			}))
		})
	}
}

func each(b *testing.B, run func(b *testing.B, p Profile, size int)) {
	for _, p := range profiles {
		for _, size := range []int{100, 1042} {
			b.Run(fmt.Sprintf("%v/%d", p, size), func(b *testing.B) {
				b.SetBytes(int64(size))
				b.ReportAllocs()
				run(b, p, size)
			})
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	each(b, func(b *testing.B, p Profile, size int) {
		l := newLoop(b, p, size)
		for b.Loop() {
			l.seal()
		}
	})
}

func BenchmarkSealPion(b *testing.B) {
	each(b, func(b *testing.B, p Profile, size int) {
		c := pionContext(b, p, keysFor(p, 1))
		l := newLoop(b, p, size)
		h := rtp.Header{Version: 2, SSRC: l.stream.ssrc}
		plain := make([]byte, rtpHeader+size)
		for b.Loop() {
			h.SequenceNumber++
			if _, err := h.MarshalTo(plain); err != nil {
				b.Fatal(err)
			}
			if _, err := c.EncryptRTP(l.dst, plain, &h); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// turn is how many packets are sealed for a benchmark to open. Openers refuse
// them when they come round, so each turn has an opener that knows nothing.
const turn = 8192

func sealedAhead(b *testing.B, p Profile, size int) [][]byte {
	l := newLoop(b, p, size)
	out := make([][]byte, turn)
	for i := range out {
		out[i] = append([]byte(nil), l.seal()...)
	}
	return out
}

func BenchmarkOpen(b *testing.B) {
	each(b, func(b *testing.B, p Profile, size int) {
		packets := sealedAhead(b, p, size)
		_, o := pair(b, p, 1024, 1)
		buffer := make([]byte, 1500)
		for i := 0; b.Loop(); i++ {
			if i%turn == 0 {
				clear(o.media.streams)
				o.media.last = nil
			}
			if _, err := o.RTP(buffer[:copy(buffer, packets[i%turn])], rtpHeader); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkOpenPion(b *testing.B) {
	each(b, func(b *testing.B, p Profile, size int) {
		packets := sealedAhead(b, p, size)
		c := pionContext(b, p, keysFor(p, 1))
		buffer := make([]byte, 1500)
		var h rtp.Header
		for i := 0; b.Loop(); i++ {
			if i%turn == 0 {
				c = pionContext(b, p, keysFor(p, 1))
			}
			if _, err := c.DecryptRTP(buffer, packets[i%turn], &h); err != nil {
				b.Fatal(err)
			}
		}
	})
}
