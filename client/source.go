package client

import (
	"context"

	"github.com/pion/rtp"

	"kinwire/signaling/proto"
)

// PacketWriter takes the packets of one source. It sets SSRC, payload type and
// sequence number itself; the source sets payload, marker and timestamp.
// WriteRTP does not keep the packet. While the source is muted packets are
// dropped without an error.
type PacketWriter interface {
	WriteRTP(*rtp.Packet) error
}

// Source makes the RTP of one track of ours: a capture device, a file, or a
// generator such as those in client/media.
type Source interface {
	// Kind is what the track shows or plays.
	Kind() proto.SourceKind
	// Codec is the name of the codec as in SDP: "opus", "VP8", "H264", "VP9"
	// or "AV1". It must be among the codecs that the call offers.
	Codec() string
	// Run writes packets until ctx ends or a write fails. It is called when
	// media can flow, once for each Join.
	Run(ctx context.Context, w PacketWriter) error
	// KeyFrame asks for a key frame soon, for somebody cannot decode without
	// one (PLI or FIR). Sources of audio ignore it. It must not block.
	KeyFrame()
}

// Packet is one received RTP packet of somebody else's source.
type Packet struct {
	// ParticipantID and Kind say whose source it is by the latest mapping of
	// slots; ParticipantID is "" when media came before its mapping.
	ParticipantID string
	Kind          proto.SourceKind
	MID           string // the slot's m-section
	Codec         string // "opus", "VP8", …
	RTP           *rtp.Packet
}

// writer is the PacketWriter of one sending track.
type writer struct {
	call *Call
	out  *outgoing
}

func (w writer) WriteRTP(p *rtp.Packet) error {
	o := w.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.muted {
		return nil
	}
	q := *p
	q.Version = 2
	q.SequenceNumber = o.seq
	o.seq++
	o.frames.packet(o.codec, &q, w.call.s.opt.Now())
	return o.track.WriteRTP(&q)
}
