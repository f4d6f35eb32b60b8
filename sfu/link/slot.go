package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"kinwire/sfu/codec"
	"kinwire/sfu/datagram"
	"kinwire/sfu/forward"
	"kinwire/sfu/srtp"
)

// ErrNotReady says that a link has no keys yet, or none any more.
var ErrNotReady = errors.New("link: not connected")

// errUnsealed says that a packet cannot be sealed: it is too large, or so far
// out of order that its number may have been used.
var errUnsealed = errors.New("link: the packet cannot be sealed")

// Slot is a virtual stream to the peer: a recvonly m-section of its offer. It
// satisfies forward.Writer. One goroutine writes at a time, which the downlink
// in front of it sees to.
type Slot struct {
	MID   string
	Video bool

	link    *Link
	index   int // among the link's slots of this kind
	ssrc    uint32
	rtx     uint32
	types   forward.PayloadTypes
	twccID  uint8
	streams atomic.Pointer[slotStreams] // once there are keys
}

type slotStreams struct{ media, rtx *srtp.Stream }

var _ forward.Writer = (*Slot)(nil)

// SSRC of the stream and of its retransmissions (0: not agreed).
func (s *Slot) SSRC() (media, rtx uint32) { return s.ssrc, s.rtx }

// Types are the payload types under which the peer takes codecs here.
func (s *Slot) Types() forward.PayloadTypes { return s.types }

// Index is the slot's number among those of its kind on this link.
func (s *Slot) Index() int { return s.index }

// CNAME is the stream's canonical name (RFC 7022). Sound and picture of one
// person go into slots with the same number where possible, and so into one
// media stream, which the browser then plays in step.
func (s *Slot) CNAME() string { return fmt.Sprintf("slot%d", s.index) }

// ClockRate of the slot's RTP timestamps in Hz.
func (s *Slot) ClockRate() uint32 {
	if s.Video {
		return codec.VP8.ClockRate()
	}
	return codec.Opus.ClockRate()
}

func (s *Slot) unlock(k *keys) {
	st := &slotStreams{media: k.sealer.Stream(s.ssrc)}
	if s.rtx != 0 {
		st.rtx = k.sealer.Stream(s.rtx)
	}
	s.streams.Store(st)
}

const fixedHeader = 12 // bytes, RFC 3550 section 5.1

// WriteRTP seals a packet straight into the batch.
func (s *Slot) WriteRTP(out *datagram.Batch, h *forward.Header, payload []byte) error {
	streams, dest := s.streams.Load(), s.link.dest()
	if streams == nil || dest == nil || s.link.keys.Load() == nil {
		return ErrNotReady
	}
	stream := streams.media
	if h.SSRC == s.rtx && s.rtx != 0 {
		stream = streams.rtx
	}
	b := out.Buffer()
	n := stream.Seal(b, s.header(b, h), payload)
	if n == 0 {
		return errUnsealed
	}
	out.Add(dest, n)
	return nil
}

// header writes the RTP header, with the transport-wide sequence number in a
// one-byte extension (RFC 8285 section 4.2), and returns its size.
func (s *Slot) header(b []byte, h *forward.Header) int {
	_ = b[fixedHeader+8]
	b[0], b[1] = 2<<6, h.PT&0x7f
	if h.Marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], h.Seq)
	binary.BigEndian.PutUint32(b[4:], h.Timestamp)
	binary.BigEndian.PutUint32(b[8:], h.SSRC)
	if s.twccID == 0 {
		return fixedHeader
	}
	b[0] |= 0x10
	seq := s.link.twccSeq.Add(1)
	binary.BigEndian.PutUint32(b[12:], 0xBEDE0001)
	b[16], b[17], b[18], b[19] = s.twccID<<4|1, byte(seq>>8), byte(seq), 0
	return fixedHeader + 8
}
