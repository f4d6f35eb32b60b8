package link

import (
	"io"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/transport/v4/packetio"

	"kinwire/sfu/packet"
)

// Receiver takes the packets of one m-section, on the goroutine that
// decrypted them. It keeps nothing of p.
type Receiver interface {
	Receive(p *packet.View, now time.Time)
	ReceiveRepair(p *packet.View, now time.Time) // a retransmission, RFC 4588
}

// Feedback takes RTCP, on the goroutine that decrypted it. A packet that
// concerns several streams is given once for each, with that stream's SSRC.
type Feedback interface {
	Feedback(ssrc uint32, p rtcp.Packet, now time.Time)
}

// buffer is pion's BufferFactory: it is called once for each SSRC, and what it
// returns is written to on the decrypting goroutine.
func (l *Link) buffer(kind packetio.BufferPacketType, ssrc uint32) io.ReadWriteCloser {
	if kind == packetio.RTCPBufferPacket {
		return &rtcpSink{link: l, ssrc: ssrc}
	}
	return &rtpSink{link: l, ssrc: ssrc}
}

// noReader stands where pion would read packets back out of the buffer. There
// is nothing to read: they have been forwarded. pion's attempts to find a
// track for an SSRC end here, and need not succeed.
type noReader struct{}

func (noReader) Read([]byte) (int, error) { return 0, io.EOF }
func (noReader) Close() error             { return nil }

// rtpSink is where one SSRC's decrypted packets go.
type rtpSink struct {
	noReader
	link   *Link
	ssrc   uint32
	view   packet.View
	target Receiver
	repair bool
	routes *routes // by which target was chosen
}

// Write takes one packet; b is the SRTP session's own read buffer.
func (s *rtpSink) Write(b []byte) (int, error) {
	now := s.link.t.now()
	if err := packet.Parse(b, &s.view); err != nil {
		s.link.t.malformed.Add(1)
		return len(b), nil
	}
	r := s.link.routes.Load()
	if r == nil {
		return len(b), nil
	}
	if id := r.twcc; id != 0 {
		if e := s.view.Extension(id); len(e) == 2 {
			s.link.arrivals.Record(uint16(e[0])<<8|uint16(e[1]), now)
		}
	}
	if s.target == nil || s.routes != r {
		s.resolve(r)
	}
	switch {
	case s.target == nil:
		s.link.unrouted.Add(1)
	case s.repair:
		s.target.ReceiveRepair(&s.view, now)
	default:
		s.target.Receive(&s.view, now)
	}
	return len(b), nil
}

// resolve finds the m-section that an SSRC belongs to: by the offer's a=ssrc
// lines, else by the MID that the packet carries (RFC 9143 section 9.2). A
// retransmission is known by its payload type.
func (s *rtpSink) resolve(r *routes) {
	s.routes, s.target = r, nil
	mid, ok := r.ssrcs[s.ssrc]
	if !ok {
		e := s.view.Extension(r.mid)
		if e == nil {
			return
		}
		mid = string(e)
	}
	route, ok := r.mids[mid]
	if !ok {
		return
	}
	s.target = route.to
	s.repair = route.rtxPT != 0 && s.view.PT == route.rtxPT
}

// routes says where received packets go; it is replaced as a whole with every
// negotiation.
type routes struct {
	mid   uint8 // ids of header extensions, 0 when not negotiated
	twcc  uint8
	ssrcs map[uint32]string // SSRC → mid, by the offer
	mids  map[string]route
}

type route struct {
	to    Receiver
	rtxPT uint8
}

// rtcpSink is where one SSRC's decrypted RTCP goes.
type rtcpSink struct {
	noReader
	link *Link
	ssrc uint32
}

func (s *rtcpSink) Write(b []byte) (int, error) {
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		s.link.t.malformed.Add(1)
		return len(b), nil
	}
	now := s.link.t.now()
	for _, p := range packets {
		if cc, ok := p.(*rtcp.TransportLayerCC); ok {
			s.link.delivery.feedback(cc)
			continue
		}
		s.link.owner.Feedback(s.ssrc, p, now)
	}
	return len(b), nil
}

// delivery counts what the peer's transport-wide feedback says of the packets
// that went to it.
type delivery struct {
	received, lost atomic.Uint64
}

func (d *delivery) feedback(cc *rtcp.TransportLayerCC) {
	got := uint64(len(cc.RecvDeltas))
	d.received.Add(got)
	if n := uint64(cc.PacketStatusCount); n > got {
		d.lost.Add(n - got)
	}
}
