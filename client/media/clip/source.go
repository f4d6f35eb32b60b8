package clip

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"

	"kinwire/client"
	"kinwire/signaling/proto"
)

// maxLate is how far a source may fall behind before it leaves frames out.
const maxLate = time.Second

// Source plays a clip in a loop.
type Source struct {
	kind proto.SourceKind
	clip *Clip
	beat *Beat // nil: a goroutine of its own

	wantKey atomic.Bool
	keys    atomic.Uint64
	packets atomic.Uint64
	bytes   atomic.Uint64
}

var _ client.Source = (*Source)(nil)

// NewSource plays c as a source of that kind.
func NewSource(c *Clip, kind proto.SourceKind) *Source { return &Source{clip: c, kind: kind} }

// Kind is what the source was made for.
func (s *Source) Kind() proto.SourceKind { return s.kind }

// Codec is the clip's.
func (s *Source) Codec() string { return s.clip.Codec }

// KeyFrame makes the source jump to the clip's next key frame.
func (s *Source) KeyFrame() { s.wantKey.Store(true) }

// Sent is how many packets and bytes of payload have been written, those too
// that went nowhere because the source was muted.
func (s *Source) Sent() (packets, bytes uint64) { return s.packets.Load(), s.bytes.Load() }

// Keys is how many key frames have been written.
func (s *Source) Keys() uint64 { return s.keys.Load() }

// Run writes the clip, again and again, until ctx ends or a write fails.
func (s *Source) Run(ctx context.Context, w client.PacketWriter) error {
	if s.beat != nil {
		return s.beat.play(ctx, s, w)
	}
	p := newPlayback(s, w, time.Now())
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
		if err := p.until(time.Now()); err != nil {
			return err
		}
		t.Reset(time.Until(p.next))
	}
}

// playback is one run of a source.
type playback struct {
	s       *Source
	w       client.PacketWriter
	next    time.Time // when the next frame is due
	at      int       // in the clip
	ts      uint32
	picture uint16
	buf     []byte
	packet  rtp.Packet

	writing sync.Mutex // on a beat, where somebody else writes
	over    bool
}

// turn is until, unless the playback has ended.
func (p *playback) turn(now time.Time) error {
	p.writing.Lock()
	defer p.writing.Unlock()
	if p.over {
		return nil
	}
	return p.until(now)
}

// end waits for what is being written, and is the end of it.
func (p *playback) end() {
	p.writing.Lock()
	defer p.writing.Unlock()
	p.over = true
}

func newPlayback(s *Source, w client.PacketWriter, now time.Time) *playback {
	s.wantKey.Store(false) // it begins with one
	return &playback{s: s, w: w, next: now, ts: rand.Uint32(), picture: uint16(rand.Uint32()) & 0x7fff, buf: make([]byte, 0, maxPayload)}
}

// until writes all frames that are due. A late machine writes them in a row,
// but no more than a second's worth.
func (p *playback) until(now time.Time) error {
	every := p.s.clip.Interval()
	if late := now.Sub(p.next); late > maxLate {
		skip := late / every
		p.next = p.next.Add(skip * every)
		p.ts += uint32(skip) * p.s.clip.Step
		// What was not sent cannot be built upon.
		p.s.wantKey.Store(true)
	}
	for !p.next.After(now) {
		if err := p.frame(); err != nil {
			return err
		}
		p.next = p.next.Add(every)
	}
	return nil
}

// frame writes the next one.
func (p *playback) frame() error {
	c := p.s.clip
	if p.s.wantKey.Swap(false) {
		for n := 0; n < len(c.Frames) && !c.Frames[p.at].Key; n++ {
			p.at = (p.at + 1) % len(c.Frames)
		}
	}
	f := &c.Frames[p.at]
	if f.Key {
		p.s.keys.Add(1)
	}
	for i, payload := range f.payloads {
		p.packet.Header = rtp.Header{Timestamp: p.ts, Marker: i == len(f.payloads)-1 && c.Codec != "opus"}
		p.packet.Payload = p.numbered(payload)
		p.s.packets.Add(1)
		p.s.bytes.Add(uint64(len(p.packet.Payload)))
		if err := p.w.WriteRTP(&p.packet); err != nil {
			return err
		}
	}
	p.at = (p.at + 1) % len(c.Frames)
	p.ts += c.Step
	p.picture = (p.picture + 1) & 0x7fff
	return nil
}

// numbered puts the picture's number of 15 bits into VP8's descriptor (RFC 7741
// section 4.2), as browsers do: the payloads of a clip are shared and have none.
func (p *playback) numbered(payload []byte) []byte {
	if p.s.clip.Codec != "VP8" {
		return payload
	}
	const extended, hasNumber, long = 0x80, 0x80, 0x80
	p.buf = append(p.buf[:0], payload[0]|extended, hasNumber, long|byte(p.picture>>8), byte(p.picture))
	p.buf = append(p.buf, payload[1:]...)
	return p.buf
}
