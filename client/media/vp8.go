package media

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"

	"kinwire/client"
	"kinwire/signaling/proto"
)

// VP8Config describes a source of video.
type VP8Config struct {
	Source uint32           // for the stamps
	Kind   proto.SourceKind // SourceVideo or SourceScreen. "": video
	// Width and Height in pixels, at least 16 each. The macroblock modes of a
	// key frame must fit into its first packet, which allows about 1024×576.
	// 0: 320×180.
	Width, Height int
	FPS           float64 // 0: 30
	// KeyBytes and InterBytes are about how much a frame weighs, before RTP.
	// Too small a number is raised to what the frame needs. 0: 6000 and 1500.
	KeyBytes, InterBytes int
	// KeyEvery is the longest time without a key frame; negative: only when
	// asked. 0: 10 s.
	KeyEvery time.Duration
	// MTU bounds an RTP payload. 0: 1160.
	MTU int
	Now func() time.Time // nil: time.Now
}

// VP8 is a source of video.
type VP8 struct {
	cfg        VP8Config
	key, inter []byte // head and first partition
	wantKey    atomic.Bool
	keys       atomic.Uint64
	packet     uint32
	frame      uint32
	picture    uint16
}

var _ client.Source = (*VP8)(nil)

// The payload descriptor (RFC 7741 section 4.2) is 4 bytes: X, then I, then a
// picture id of 15 bits. Every packet carries the picture id.
const vp8Descriptor = 4

// NewVP8 makes a source of video. A size that cannot be made is a
// [*client.BadOptionError].
func NewVP8(cfg VP8Config) (*VP8, error) {
	setDefaults(&cfg)
	v := &VP8{cfg: cfg, picture: uint16(rand.Uint32()) & 0x7fff}
	if cfg.Width < 16 || cfg.Height < 16 || cfg.Width > 0x3fff || cfg.Height > 0x3fff {
		return nil, &client.BadOptionError{Option: "VP8 size", Given: fmt.Sprintf("%d×%d", cfg.Width, cfg.Height), Allowed: "16×16 to about 1024×576"}
	}
	v.key, v.inter = vp8Header(true, cfg.Width, cfg.Height), vp8Header(false, cfg.Width, cfg.Height)
	room := cfg.MTU - vp8Descriptor - StampSize
	if need := max(len(v.key), len(v.inter)); need > room {
		return nil, &client.BadOptionError{
			Option: "VP8 size", Given: fmt.Sprintf("%d×%d, whose modes take %d bytes", cfg.Width, cfg.Height, need),
			Allowed: fmt.Sprintf("what fits into %d bytes of the first packet, about 1024×576", room),
		}
	}
	v.wantKey.Store(true)
	return v, nil
}

func setDefaults(cfg *VP8Config) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Kind == "" {
		cfg.Kind = proto.SourceVideo
	}
	if cfg.Width == 0 && cfg.Height == 0 {
		cfg.Width, cfg.Height = 320, 180
	}
	if cfg.FPS <= 0 {
		cfg.FPS = 30
	}
	for _, d := range []struct {
		v  *int
		to int
	}{{&cfg.KeyBytes, 6000}, {&cfg.InterBytes, 1500}, {&cfg.MTU, 1160}} {
		if *d.v == 0 {
			*d.v = d.to
		}
	}
	if cfg.KeyEvery == 0 {
		cfg.KeyEvery = 10 * time.Second
	}
}

// Kind is as configured.
func (v *VP8) Kind() proto.SourceKind { return v.cfg.Kind }

// Codec is "VP8".
func (v *VP8) Codec() string { return "VP8" }

// KeyFrame makes the next frame a key frame.
func (v *VP8) KeyFrame() { v.wantKey.Store(true) }

// Keys is how many key frames have been made.
func (v *VP8) Keys() uint64 { return v.keys.Load() }

// Frame makes the RTP payloads of the next frame. It is a key frame if one was
// asked for, and the first always is.
func (v *VP8) Frame(now time.Time) [][]byte {
	key := v.wantKey.Swap(false)
	head, weight := v.inter, v.cfg.InterBytes
	if key {
		head, weight = v.key, v.cfg.KeyBytes
		v.keys.Add(1)
	}
	// Each packet has descriptor, a part of the frame, and a stamp, which is
	// part of the frame too: of its second partition.
	room := v.cfg.MTU - vp8Descriptor
	weight = max(weight, len(head)+StampSize)
	count := (weight + room - 1) / room
	weight = max(weight, len(head)+count*StampSize)
	out := make([][]byte, 0, count)
	for i := range count {
		n := weight / count
		if i == 0 {
			n = min(max(n+weight%count, len(head)+StampSize), room)
		}
		n = max(n, StampSize)
		b := make([]byte, vp8Descriptor+n)
		b[0] = 0x80 // X
		if i == 0 {
			b[0] |= 0x10 // S: the partition, and the frame, begins
			copy(b[vp8Descriptor:], head)
		}
		b[1] = 0x80 // I
		b[2], b[3] = 0x80|byte(v.picture>>8), byte(v.picture)
		Stamp{Source: v.cfg.Source, Packet: v.packet, Frame: v.frame, Index: uint16(i), Count: uint16(count), Sent: now}.put(b[len(b)-StampSize:])
		v.packet++
		out = append(out, b)
	}
	v.frame++
	v.picture = (v.picture + 1) & 0x7fff
	return out
}

// Run writes frames at the configured rate, beginning with a key frame.
func (v *VP8) Run(ctx context.Context, w client.PacketWriter) error {
	v.KeyFrame()
	interval := time.Duration(float64(time.Second) / v.cfg.FPS)
	start := rand.Uint32()
	var n, sinceKey int64
	return pace(ctx, interval, func() error {
		if v.cfg.KeyEvery > 0 && time.Duration(sinceKey)*interval >= v.cfg.KeyEvery {
			v.KeyFrame()
		}
		sinceKey++
		if v.wantKey.Load() {
			sinceKey = 0
		}
		ts := start + uint32(float64(n)*90000/v.cfg.FPS)
		n++
		payloads := v.Frame(v.cfg.Now())
		for i, b := range payloads {
			p := &rtp.Packet{Header: rtp.Header{Timestamp: ts, Marker: i == len(payloads)-1}, Payload: b}
			if err := w.WriteRTP(p); err != nil {
				return err
			}
		}
		return nil
	})
}
