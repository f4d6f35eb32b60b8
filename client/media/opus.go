package media

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/pion/rtp"

	"kinwire/client"
	"kinwire/signaling/proto"
)

// OpusConfig describes a source of audio.
type OpusConfig struct {
	Source uint32 // for the stamps
	// Noise makes a sound: the frames are then pseudo-random bytes, which any
	// decoder turns into noise, for CELT's range coder has no invalid input.
	// Without it the frames are silence.
	Noise bool
	// FrameBytes is the weight of a noisy frame, 3 to 400. 0: 80 (32 kbit/s).
	FrameBytes int
	Now        func() time.Time // nil: time.Now
}

// opusFrame is the duration of one packet, and opusTicks the same in units of
// the RTP clock, which is 48 kHz (RFC 7587 section 4.1).
const (
	opusFrame = 20 * time.Millisecond
	opusTicks = 960
)

// Opus is a source of audio.
type Opus struct {
	cfg    OpusConfig
	rng    *rand.Rand
	packet uint32
}

var _ client.Source = (*Opus)(nil)

// NewOpus makes a source of audio. The same Source number gives the same
// sound.
func NewOpus(cfg OpusConfig) *Opus {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.FrameBytes == 0 {
		cfg.FrameBytes = 80
	}
	cfg.FrameBytes = min(max(cfg.FrameBytes, 3), 400)
	return &Opus{cfg: cfg, rng: rand.New(rand.NewPCG(uint64(cfg.Source), 0x0905))}
}

// Kind is audio.
func (o *Opus) Kind() proto.SourceKind { return proto.SourceAudio }

// Codec is "opus".
func (o *Opus) Codec() string { return "opus" }

// KeyFrame does nothing: every Opus packet can be decoded by itself.
func (o *Opus) KeyFrame() {}

// Payload makes the next Opus packet (RFC 6716 section 3.2.5): its TOC says
// CELT, full band, 20 ms, mono, code 3; one frame follows, and padding, which
// decoders must skip. The stamp is the padding.
func (o *Opus) Payload(now time.Time) []byte {
	const (
		toc        = 31<<3 | 0<<2 | 3
		padOneByte = 1<<6 | 1 // padding, constant rate, one frame
	)
	frame := []byte{0xff, 0xfe} // silence
	if o.cfg.Noise {
		frame = make([]byte, o.cfg.FrameBytes)
		for i := range frame {
			frame[i] = byte(o.rng.Uint32())
		}
		frame[0] &= 0x7f // the first bit of a CELT frame set would mean silence
	}
	b := make([]byte, 0, 3+len(frame)+StampSize)
	b = append(b, toc, padOneByte, StampSize)
	b = append(b, frame...)
	b = b[:len(b)+StampSize]
	Stamp{Source: o.cfg.Source, Packet: o.packet, Frame: o.packet, Count: 1, Sent: now}.put(b[len(b)-StampSize:])
	o.packet++
	return b
}

// Run writes a packet every 20 ms; it catches up when the machine was late.
func (o *Opus) Run(ctx context.Context, w client.PacketWriter) error {
	ts := rand.Uint32()
	first := true
	return pace(ctx, opusFrame, func() error {
		p := &rtp.Packet{Header: rtp.Header{Marker: first, Timestamp: ts}, Payload: o.Payload(o.cfg.Now())}
		first = false
		ts += opusTicks
		return w.WriteRTP(p)
	})
}
