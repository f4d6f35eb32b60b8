package link

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"kinwire/sfu/codec"
	"kinwire/sfu/forward"
)

// ErrNotReady says that a link has no keys yet, or none any more.
var ErrNotReady = errors.New("link: not connected")

// Slot is a virtual stream to the peer: a recvonly m-section of its offer. It
// satisfies forward.Writer, and webrtc.TrackLocal towards pion.
type Slot struct {
	MID   string
	Video bool

	link   *Link
	index  int // among the link's slots of this kind
	ssrc   uint32
	rtx    uint32
	types  forward.PayloadTypes
	given  bool // it has been part of an outcome
	writer atomic.Pointer[interceptor.RTPWriter]

	mu     sync.Mutex
	header rtp.Header // reused for every packet
	twcc   [2]byte    // the header's extension element points here
	twccID uint8
}

// SSRC of the stream and of its retransmissions (0: not agreed).
func (s *Slot) SSRC() (media, rtx uint32) { return s.ssrc, s.rtx }

// Types are the payload types under which the peer takes codecs here.
func (s *Slot) Types() forward.PayloadTypes { return s.types }

// configure reads what was agreed for this slot.
func (s *Slot) configure(sender *webrtc.RTPSender) {
	p := sender.GetParameters()
	if len(p.Encodings) == 0 {
		return
	}
	s.link.mu.Lock()
	defer s.link.mu.Unlock()
	s.ssrc, s.rtx = uint32(p.Encodings[0].SSRC), uint32(p.Encodings[0].RTX.SSRC)
	s.types = types(p.Codecs)
	for _, e := range p.HeaderExtensions {
		if e.URI == uriTWCC {
			s.mu.Lock()
			s.twccID = uint8(e.ID)
			s.mu.Unlock()
		}
	}
	if w, ok := s.link.writers[s.ssrc]; ok {
		s.writer.Store(&w)
	}
}

// WriteRTP sends a packet, or queues it when the peer is on TCP.
func (s *Slot) WriteRTP(h *forward.Header, payload []byte) error {
	if !s.link.ready.Load() {
		return ErrNotReady
	}
	if s.link.queue.active() {
		s.link.queue.pushRTP(s, h, payload)
		return nil
	}
	return s.send(h, payload)
}

func (s *Slot) send(h *forward.Header, payload []byte) error {
	w := s.writer.Load()
	if w == nil {
		return ErrNotReady
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.header
	r.Version, r.Marker, r.PayloadType = 2, h.Marker, h.PT
	r.SequenceNumber, r.Timestamp, r.SSRC = h.Seq, h.Timestamp, h.SSRC
	if s.twccID != 0 {
		seq := s.link.twccSeq.Add(1)
		s.twcc[0], s.twcc[1] = byte(seq>>8), byte(seq)
		if len(r.Extensions) == 0 {
			if err := r.SetExtension(s.twccID, s.twcc[:]); err != nil {
				return fmt.Errorf("link: adding the transport-wide sequence number: %w", err)
			}
		}
	}
	_, err := (*w).Write(r, payload, nil)
	return err
}

// ID, RID, StreamID and Kind are webrtc.TrackLocal's. Sound and picture of
// one person go into slots with the same number where possible, and so into
// one media stream, which the browser then plays in step.
func (s *Slot) ID() string       { return fmt.Sprintf("%s%d", s.Kind(), s.index) }
func (s *Slot) RID() string      { return "" }
func (s *Slot) StreamID() string { return fmt.Sprintf("slot%d", s.index) }

// Kind is webrtc.TrackLocal's.
func (s *Slot) Kind() webrtc.RTPCodecType {
	if s.Video {
		return webrtc.RTPCodecTypeVideo
	}
	return webrtc.RTPCodecTypeAudio
}

// ClockRate of the slot's RTP timestamps in Hz.
func (s *Slot) ClockRate() uint32 {
	if s.Video {
		return codec.VP8.ClockRate()
	}
	return codec.Opus.ClockRate()
}

// Index is the slot's number among those of its kind on this link.
func (s *Slot) Index() int { return s.index }

// Bind is webrtc.TrackLocal's. The codec named here is of no consequence: the
// payload type is written packet by packet.
func (s *Slot) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	for _, p := range c.CodecParameters() {
		if p.MimeType != webrtc.MimeTypeRTX {
			return p, nil
		}
	}
	return webrtc.RTPCodecParameters{}, webrtc.ErrUnsupportedCodec
}

// Unbind is webrtc.TrackLocal's.
func (s *Slot) Unbind(webrtc.TrackLocalContext) error { return nil }
