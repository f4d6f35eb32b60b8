package media

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/client"
	"kinwire/signaling/proto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var then = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

func TestStamp(t *testing.T) {
	want := Stamp{Source: 7, Packet: 1 << 31, Frame: 9, Index: 2, Count: 3, Sent: then}
	b := make([]byte, 100+StampSize)
	want.put(b[100:])
	got, ok := ParseStamp(b)
	require.True(t, ok)
	require.Equal(t, want, got)
	for _, cut := range []int{1, 50, len(b)} {
		_, ok := ParseStamp(b[:len(b)-cut])
		require.False(t, ok)
	}
}

func FuzzParseStamp(f *testing.F) {
	b := make([]byte, StampSize)
	Stamp{Count: 1, Sent: then}.put(b)
	f.Add(b)
	f.Add([]byte{})
	f.Add(append([]byte("more"), b...))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, ok := ParseStamp(in)
		if !ok {
			return
		}
		again := make([]byte, StampSize)
		s.put(again)
		require.Equal(t, in[len(in)-StampSize:], again)
	})
}

// TestOpusPacketShape takes a packet apart by RFC 6716 section 3.2.5.
func TestOpusPacketShape(t *testing.T) {
	for _, c := range []struct {
		cfg   OpusConfig
		frame int
	}{{OpusConfig{}, 2}, {OpusConfig{Noise: true}, 80}, {OpusConfig{Noise: true, FrameBytes: 10_000}, 400}} {
		o := NewOpus(c.cfg)
		for n := range 3 {
			b := o.Payload(then)
			require.Equal(t, byte(0xfb), b[0], "CELT, full band, 20 ms, mono, code 3")
			require.Equal(t, byte(0x41), b[1], "padding, one frame")
			require.EqualValues(t, StampSize, b[2])
			require.Len(t, b, 3+c.frame+StampSize)
			s, ok := ParseStamp(b)
			require.True(t, ok)
			require.Equal(t, Stamp{Packet: uint32(n), Frame: uint32(n), Count: 1, Sent: then}, s)
		}
	}
	require.Equal(t, NewOpus(OpusConfig{Source: 3, Noise: true}).Payload(then), NewOpus(OpusConfig{Source: 3, Noise: true}).Payload(then))
	require.NotEqual(t, NewOpus(OpusConfig{Source: 3, Noise: true}).Payload(then)[:40], NewOpus(OpusConfig{Source: 4, Noise: true}).Payload(then)[:40])
}

// boolReader is the decoder of RFC 6386 section 7.3.
type boolReader struct {
	in         []byte
	value, rng uint32
	bits       int
}

func (r *boolReader) next() uint32 {
	if len(r.in) == 0 {
		return 0
	}
	b := r.in[0]
	r.in = r.in[1:]
	return uint32(b)
}

func (r *boolReader) bit(prob uint8) bool {
	split := 1 + ((r.rng-1)*uint32(prob))>>8
	big := split << 8
	v := r.value >= big
	if v {
		r.value -= big
		r.rng -= split
	} else {
		r.rng = split
	}
	for r.rng < 128 {
		r.value <<= 1
		r.rng <<= 1
		if r.bits++; r.bits == 8 {
			r.bits = 0
			r.value |= r.next()
		}
	}
	return v
}

func TestBoolCoderRoundTrip(t *testing.T) {
	for seed := range uint32(50) {
		c := newBoolCoder()
		x := seed*2654435761 + 1
		step := func() (bool, uint8) {
			x ^= x << 13
			x ^= x >> 17
			x ^= x << 5
			return x>>9&1 == 1 && seed%3 > 0 || seed%7 == 3, uint8(x>>20)%255 + 1
		}
		for range 2000 {
			c.bit(step())
		}
		b := c.finish()
		r := boolReader{rng: 255, in: b}
		r.value = r.next()<<8 | r.next()
		x = seed*2654435761 + 1
		for i := range 2000 {
			v, p := step()
			require.Equal(t, v, r.bit(p), "seed %d, bit %d", seed, i)
		}
	}
}

func TestVP8Frames(t *testing.T) {
	for _, c := range []VP8Config{
		{}, {Width: 16, Height: 16, KeyBytes: 1, InterBytes: 1}, {Width: 1024, Height: 576, KeyBytes: 50_000, InterBytes: 2319},
		{Width: 640, Height: 360, KeyBytes: 2312, MTU: 1160}, {Width: 33, Height: 17, MTU: 200},
	} {
		v, err := NewVP8(c)
		require.NoError(t, err)
		var packets uint32
		var last uint16
		for n := range 20 {
			if n == 10 {
				v.KeyFrame()
			}
			payloads := v.Frame(then)
			var frame []byte
			for i, b := range payloads {
				require.LessOrEqual(t, len(b), v.cfg.MTU)
				var d codecs.VP8Packet
				part, err := d.Unmarshal(b)
				require.NoError(t, err)
				require.Equal(t, i == 0, d.S == 1)
				require.Zero(t, d.PID)
				require.EqualValues(t, 1, d.I)
				if n > 0 && i == 0 {
					require.Equal(t, (last+1)&0x7fff, d.PictureID)
				}
				last = d.PictureID
				frame = append(frame, part...)
				s, ok := ParseStamp(b)
				require.True(t, ok)
				require.Equal(t, Stamp{Packet: packets, Frame: uint32(n), Index: uint16(i), Count: uint16(len(payloads)), Sent: then}, s)
				packets++
			}
			key := n == 0 || n == 10
			require.Equal(t, key, frame[0]&1 == 0)
			first := int(frame[0])>>5 | int(frame[1])<<3 | int(frame[2])<<11
			head := 3
			want := v.cfg.InterBytes
			if key {
				head, want = 10, v.cfg.KeyBytes
				require.Equal(t, []byte{0x9d, 0x01, 0x2a, byte(v.cfg.Width), byte(v.cfg.Width >> 8), byte(v.cfg.Height), byte(v.cfg.Height >> 8)}, frame[3:10])
			}
			require.LessOrEqual(t, head+first+StampSize, len(frame), "the stamps are beyond the first partition")
			require.InDelta(t, max(want, head+first+StampSize), len(frame), 100)
		}
		require.EqualValues(t, 2, v.Keys())
	}
	for _, c := range []VP8Config{{Width: 8, Height: 8}, {Width: 1920, Height: 1080}, {Width: 20000, Height: 16}} {
		_, err := NewVP8(c)
		var bad *client.BadOptionError
		require.ErrorAs(t, err, &bad)
	}
}

// sink keeps packets with the time they came.
type sink struct {
	got  []*rtp.Packet
	at   []time.Time
	fail error
}

func (s *sink) WriteRTP(p *rtp.Packet) error {
	s.got, s.at = append(s.got, p), append(s.at, time.Now())
	return s.fail
}

func TestRunKeepsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		var audio, video sink
		v, err := NewVP8(VP8Config{FPS: 25, InterBytes: 400, KeyBytes: 3000, Kind: proto.SourceScreen})
		require.NoError(t, err)
		done := make(chan error, 2)
		go func() { done <- NewOpus(OpusConfig{}).Run(ctx, &audio) }()
		go func() { done <- v.Run(ctx, &video) }()
		time.Sleep(4 * time.Second)
		v.KeyFrame()
		require.ErrorIs(t, <-done, context.DeadlineExceeded)
		require.ErrorIs(t, <-done, context.DeadlineExceeded)
		require.InDelta(t, 25*50, len(audio.got), 1)
		require.EqualValues(t, 960, audio.got[1].Timestamp-audio.got[0].Timestamp)
		require.Equal(t, 20*time.Millisecond, audio.at[1].Sub(audio.at[0]))
		frames := 0
		for _, p := range video.got {
			if p.Marker {
				frames++
			}
		}
		require.InDelta(t, 25*25, frames, 1)
		require.EqualValues(t, 4, v.Keys(), "at 0 s, when asked at 4 s, at 14 s and at 24 s")
		require.EqualValues(t, 3600, video.got[len(video.got)-1].Timestamp-video.got[len(video.got)-2].Timestamp)
		require.Equal(t, proto.SourceScreen, v.Kind())

		broken := errors.New("broken")
		require.ErrorIs(t, NewOpus(OpusConfig{}).Run(t.Context(), &sink{fail: broken}), broken)
	})
}
