package forward_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/stretchr/testify/require"

	"kinwire/sfu/codec"
	"kinwire/sfu/datagram"
	"kinwire/sfu/forward"
	"kinwire/sfu/packet"
)

// sent is a packet as a writer saw it.
type sent struct {
	forward.Header
	payload string
}

type recorder struct {
	got []sent
	err error
}

func (r *recorder) WriteRTP(_ *datagram.Batch, h *forward.Header, payload []byte) error {
	if r.err != nil {
		return r.err
	}
	r.got = append(r.got, sent{*h, string(payload)})
	return nil
}

// VP8 payloads: a one-byte descriptor with S=1, then the frame header, whose
// lowest bit is 0 in a key frame (RFC 7741 section 4.2, RFC 6386 section 9.1).
var (
	keyPayload   = []byte{0x10, 0x50, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01, 0, 0, 0} // 640×360
	deltaPayload = []byte{0x10, 0x51, 0x01, 0x00, 0, 0, 0}
)

const ssrc, pt, rtxPT = 0x1111, 96, 97

type source struct {
	t    testing.TB
	up   *forward.Uplink
	now  time.Time
	seq  uint16
	ts   uint32
	ssrc uint32
	plis atomic.Int64
	kind codec.Kind
}

func newSource(t testing.TB, k codec.Kind) *source {
	s := &source{t: t, now: time.Unix(1000, 0), ssrc: ssrc, kind: k, seq: 65530, ts: 0xfffffff0}
	s.up = forward.NewUplink(forward.UplinkConfig{
		Codec: k, PT: pt, RTXPT: rtxPT, History: 64, Clock: &forward.Clock{}, KeyFrame: 500 * time.Millisecond,
		RequestKeyFrame: func(uint32) { s.plis.Add(1) },
	})
	return s
}

func (s *source) raw(seq uint16, payload []byte) []byte {
	b, err := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: pt, SSRC: s.ssrc, SequenceNumber: seq, Timestamp: s.ts}, Payload: payload}).Marshal()
	require.NoError(s.t, err)
	return b
}

func (s *source) receive(b []byte) {
	var v packet.View
	require.NoError(s.t, packet.Parse(b, &v))
	s.up.Receive(&v, nil, s.now)
}

// send sends the next packet, a frame of its own 40 ms later.
func (s *source) send(payload []byte) {
	s.receive(s.raw(s.seq, payload))
	s.seq++
	s.ts += s.kind.ClockRate() / 25
	s.now = s.now.Add(40 * time.Millisecond)
}

func (s *source) downlink(w forward.Writer, out uint32) *forward.Downlink {
	var types forward.PayloadTypes
	types.Media[codec.VP8], types.RTX[codec.VP8] = 100, 101
	types.Media[codec.Opus] = 111
	return forward.NewDownlink(forward.DownlinkConfig{Writer: w, SSRC: out, RTXSSRC: out + 1, Types: types, ClockRate: s.kind.ClockRate()})
}

func TestVideoBeginsWithAKeyFrame(t *testing.T) {
	s := newSource(t, codec.VP8)
	var w recorder
	d := s.downlink(&w, 7)
	s.send(deltaPayload)
	s.up.Attach(d, s.now)
	s.send(deltaPayload)
	require.Empty(t, w.got)
	require.EqualValues(t, 1, s.plis.Load(), "Attach asks for a key frame")
	s.send(keyPayload)
	s.send(deltaPayload)
	require.Len(t, w.got, 2)
	require.Equal(t, string(keyPayload), w.got[0].payload)
	require.EqualValues(t, 7, w.got[0].SSRC)
	require.EqualValues(t, 100, w.got[0].PT)
	require.Equal(t, w.got[0].Seq+1, w.got[1].Seq)
	require.Equal(t, w.got[0].Timestamp+3600, w.got[1].Timestamp)
	st := s.up.Stats()
	require.Equal(t, 640, st.Width)
	require.Equal(t, 360, st.Height)
	require.EqualValues(t, 1, st.KeyFrames)
	require.EqualValues(t, 4, st.Frames)
}

func TestSourceChangeGoesOnWithoutAGap(t *testing.T) {
	a, b := newSource(t, codec.VP8), newSource(t, codec.VP8)
	b.seq, b.ts, b.ssrc = 12345, 999, 0x2222
	var w recorder
	d := a.downlink(&w, 7)
	a.up.Attach(d, a.now)
	a.send(keyPayload)
	a.send(deltaPayload)
	b.now = a.now.Add(time.Second)
	b.up.Attach(d, b.now)
	a.send(deltaPayload) // no longer shown
	b.send(deltaPayload) // not yet
	b.send(keyPayload)
	require.Len(t, w.got, 3)
	last, first := w.got[1], w.got[2]
	require.Equal(t, last.Seq+1, first.Seq, "no gap in sequence numbers")
	// 40 ms to the end of a's second frame, a second, and b's first frame.
	require.InDelta(t, 90*1080, float64(first.Timestamp-last.Timestamp), 1)
	require.Same(t, b.up, d.Source())
}

func TestMuteStopsAndUnmuteBeginsWithAKeyFrame(t *testing.T) {
	s := newSource(t, codec.VP8)
	var w recorder
	s.up.Attach(s.downlink(&w, 7), s.now)
	s.send(keyPayload)
	s.up.SetMuted(true, s.now)
	for range 20 {
		s.send(deltaPayload)
	}
	require.Len(t, w.got, 1)
	before := s.plis.Load()
	s.up.SetMuted(false, s.now)
	require.Greater(t, s.plis.Load(), before)
	s.send(deltaPayload)
	require.Len(t, w.got, 1)
	s.send(keyPayload)
	require.Len(t, w.got, 2)
	require.Equal(t, w.got[0].Seq+1, w.got[1].Seq, "what was muted leaves no gap to NACK")
}

func TestSoundNeedsNoKeyFrame(t *testing.T) {
	s := newSource(t, codec.Opus)
	var w recorder
	s.up.Attach(s.downlink(&w, 7), s.now)
	s.send([]byte{1, 2, 3})
	require.Len(t, w.got, 1)
	require.EqualValues(t, 111, w.got[0].PT)
	require.Zero(t, s.plis.Load())
}

// TestJoinersDoNotWaitLongForAKeyFrame lets people join one shortly after the
// other, each after the key frame for the one before.
func TestJoinersDoNotWaitLongForAKeyFrame(t *testing.T) {
	s := newSource(t, codec.VP8) // 500 ms between requests
	s.send(keyPayload)
	join := func(ssrc uint32) { var w recorder; s.up.Attach(s.downlink(&w, ssrc), s.now) }
	join(7)
	require.EqualValues(t, 1, s.plis.Load())
	s.send(keyPayload) // 40 ms go by
	join(8)
	require.EqualValues(t, 1, s.plis.Load(), "too soon")
	s.now = s.now.Add(80 * time.Millisecond)
	s.up.Tick(s.now, 0, nil)
	require.EqualValues(t, 1, s.plis.Load())
	s.now = s.now.Add(5 * time.Millisecond)
	s.up.Tick(s.now, 0, nil)
	require.EqualValues(t, 2, s.plis.Load(), "125 ms after the first")
	s.send(keyPayload)
	s.now = s.now.Add(200 * time.Millisecond)
	s.up.KeyFrame(s.now)
	require.EqualValues(t, 2, s.plis.Load(), "who loses packets waits as before")
	join(9)
	require.EqualValues(t, 3, s.plis.Load(), "who joins does not")
}

func TestNACKIsAnsweredFromHistory(t *testing.T) {
	s := newSource(t, codec.VP8)
	var w recorder
	d := s.downlink(&w, 7)
	s.up.Attach(d, s.now)
	s.send(keyPayload)
	for i := range 30 {
		s.send(append([]byte{0x10, 0x51, 1, 0}, byte(i)))
	}
	lost := w.got[10]
	n := len(w.got)
	require.True(t, d.Retransmit(lost.Seq, nil, s.now))
	require.Len(t, w.got, n+1)
	rtx := w.got[n]
	require.EqualValues(t, 8, rtx.SSRC)
	require.EqualValues(t, 101, rtx.PT)
	require.Equal(t, lost.Timestamp, rtx.Timestamp)
	require.Equal(t, string([]byte{byte(lost.Seq >> 8), byte(lost.Seq)})+lost.payload, rtx.payload)

	require.False(t, d.Retransmit(lost.Seq, nil, s.now), "asked again before the answer can have come")
	require.True(t, d.Retransmit(lost.Seq, nil, s.now.Add(50*time.Millisecond)))
	require.False(t, d.Retransmit(w.got[0].Seq-1, nil, s.now), "from before this source")
	require.False(t, d.Retransmit(s.seq+100, nil, s.now), "not sent yet")
}

// TestWithoutRTXNothingIsSentAgain: a sequence number is sealed once, ever.
func TestWithoutRTXNothingIsSentAgain(t *testing.T) {
	s := newSource(t, codec.VP8)
	var w recorder
	var types forward.PayloadTypes
	types.Media[codec.VP8] = 100
	d := forward.NewDownlink(forward.DownlinkConfig{Writer: &w, SSRC: 7, Types: types, ClockRate: 90000})
	s.up.Attach(d, s.now)
	s.send(keyPayload)
	s.send(keyPayload)
	require.Len(t, w.got, 2)
	require.False(t, d.Retransmit(w.got[0].Seq, nil, s.now))
	require.Len(t, w.got, 2)
}

func TestRetransmissionFromTheClientIsForwardedInItsPlace(t *testing.T) {
	s := newSource(t, codec.VP8)
	var w recorder
	s.up.Attach(s.downlink(&w, 7), s.now)
	s.send(keyPayload)
	missing := s.raw(s.seq, deltaPayload)
	lostSeq := s.seq
	s.seq++
	for range 3 {
		s.send(deltaPayload)
	}
	require.Equal(t, []uint16{lostSeq}, s.up.Tick(s.now, 0, nil))

	rtx := append([]byte{}, missing[:12]...)
	rtx[1], rtx[11] = rtxPT, 0xff
	rtx = append(rtx, byte(lostSeq>>8), byte(lostSeq))
	rtx = append(rtx, missing[12:]...)
	var v packet.View
	require.NoError(t, packet.Parse(rtx, &v))
	s.up.ReceiveRepair(&v, nil, s.now)

	require.Len(t, w.got, 5)
	require.Equal(t, w.got[0].Seq+1, w.got[4].Seq)
	st := s.up.Stats()
	require.EqualValues(t, 1, st.Repaired)
	require.Empty(t, s.up.Tick(s.now.Add(time.Second/2), 0, nil))
}

func TestDropsAreCounted(t *testing.T) {
	s := newSource(t, codec.VP8)
	var w recorder
	d := s.downlink(&w, 7)
	none := forward.NewDownlink(forward.DownlinkConfig{Writer: &w, SSRC: 9, ClockRate: 90000})
	s.up.Attach(d, s.now)
	s.up.Attach(none, s.now)
	s.send(deltaPayload)
	s.send(keyPayload)
	again := s.raw(s.seq-1, keyPayload)
	s.receive(again)
	other := s.raw(s.seq, keyPayload)
	other[1] = 55
	s.receive(other)
	w.err = errors.New("gone")
	s.send(deltaPayload)
	count := func(drops *forward.Drops) map[string]uint64 {
		m := map[string]uint64{}
		drops.Each(func(r string, n uint64) {
			if n > 0 {
				m[r] = n
			}
		})
		return m
	}
	require.Equal(t, map[string]uint64{"duplicate": 1, "payload_type": 1}, count(&s.up.Drops))
	require.Equal(t, map[string]uint64{"wait_key_frame": 1, "write": 1}, count(&d.Drops))
	require.Equal(t, map[string]uint64{"no_codec": 3}, count(&none.Drops))
}

func TestKeyFrameRequestsAreThrottledAndNotForgotten(t *testing.T) {
	s := newSource(t, codec.VP8)
	s.send(keyPayload)
	start := s.now
	for i := range 100 {
		s.up.KeyFrame(start.Add(time.Duration(i) * time.Millisecond))
	}
	require.EqualValues(t, 1, s.plis.Load())
	s.up.Tick(start.Add(600*time.Millisecond), 0, nil)
	require.EqualValues(t, 2, s.plis.Load())
	s.up.Tick(start.Add(2*time.Second), 0, nil)
	require.EqualValues(t, 2, s.plis.Load())
}

func TestANewSSRCBeginsAnew(t *testing.T) {
	s := newSource(t, codec.VP8)
	var w recorder
	s.up.Attach(s.downlink(&w, 7), s.now)
	s.send(keyPayload)
	s.ssrc, s.seq, s.ts = 0x3333, 5, 77
	s.send(deltaPayload)
	s.send(keyPayload)
	require.Len(t, w.got, 2)
	require.Equal(t, w.got[0].Seq+1, w.got[1].Seq)
	require.EqualValues(t, 0x3333, s.up.SSRC())
}

// nowhere takes packets and does nothing.
type nowhere struct{}

func (nowhere) WriteRTP(*datagram.Batch, *forward.Header, []byte) error { return nil }

func fanOut(tb testing.TB, downlinks int) (*source, []byte, *packet.View) {
	s := newSource(tb, codec.VP8)
	for i := range downlinks {
		s.up.Attach(s.downlink(nowhere{}, uint32(2*i+10)), s.now)
	}
	s.send(append(append([]byte{}, keyPayload...), make([]byte, 1000)...))
	for range 200 { // warm up: the history's slabs
		s.send(append(append([]byte{}, deltaPayload...), make([]byte, 1000)...))
	}
	b := s.raw(s.seq, append(append([]byte{}, deltaPayload...), make([]byte, 1000)...))
	return s, b, &packet.View{}
}

func next(s *source, b []byte, v *packet.View) {
	b[2], b[3] = byte(s.seq>>8), byte(s.seq)
	s.seq++
	s.now = s.now.Add(time.Millisecond)
	if packet.Parse(b, v) == nil {
		s.up.Receive(v, nil, s.now)
	}
}

func TestForwardingAllocatesNothing(t *testing.T) {
	s, b, v := fanOut(t, 15)
	require.Zero(t, testing.AllocsPerRun(1000, func() { next(s, b, v) }))
	require.NotZero(t, s.up.Stats().Forwarded)
}

// BenchmarkForward is the cost of one packet to many, without encryption and
// without the kernel. "ns/downlink" is what to watch.
func BenchmarkForward(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("downlinks=%d", n), func(b *testing.B) {
			s, raw, v := fanOut(b, n)
			b.ReportAllocs()
			for b.Loop() {
				next(s, raw, v)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/downlink")
		})
	}
}

func TestTheTimeBetweenKeyFrameRequestsCanChange(t *testing.T) {
	s := newSource(t, codec.VP8)
	s.send(keyPayload)
	start := s.now
	s.up.KeyFrame(start)
	s.up.SetKeyFrame(100 * time.Millisecond)
	s.up.KeyFrame(start.Add(150 * time.Millisecond))
	require.EqualValues(t, 2, s.plis.Load(), "sooner than at first")
	s.up.SetKeyFrame(10 * time.Second)
	s.up.KeyFrame(start.Add(2 * time.Second))
	require.EqualValues(t, 2, s.plis.Load(), "later than at first")
}
