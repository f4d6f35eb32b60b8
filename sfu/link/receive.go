package link

import (
	"errors"
	"slices"
	"time"

	"github.com/pion/rtcp"

	"kinwire/sfu/datagram"
	"kinwire/sfu/packet"
	"kinwire/sfu/srtp"
)

// Receiver takes the packets of one m-section, on the goroutine that opened
// them. It keeps nothing of p. What it sends on goes into out.
type Receiver interface {
	Receive(p *packet.View, out *datagram.Batch, now time.Time)
	ReceiveRepair(p *packet.View, out *datagram.Batch, now time.Time) // a retransmission, RFC 4588
}

// Feedback takes RTCP, on the goroutine that opened it. A packet that
// concerns several streams is given once for each, with that stream's SSRC.
type Feedback interface {
	Feedback(ssrc uint32, p rtcp.Packet, out *datagram.Batch, now time.Time)
}

// earlyPacket is media that came before the keys.
type earlyPacket struct {
	way    *way
	packet []byte
}

// incoming is one SSRC that the peer sends.
type incoming struct {
	target Receiver
	repair bool
	video  bool
	routes *routes // by which target was chosen
	turn   uint32  // the turn of the loop in which a picture of this stream is open
}

// media takes an SRTP or SRTCP packet. It is part of the hot path.
func (l *Link) media(w *way, p *pass, b []byte) {
	l.in.Lock()
	defer l.in.Unlock()
	if k := l.keys.Load(); k != nil {
		l.open(k, w, p, b)
		return
	}
	if len(l.early) >= maxEarly {
		l.t.count.early.Add(1)
		return
	}
	l.early = append(l.early, earlyPacket{w, slices.Clone(b)})
}

// open is called with in held.
func (l *Link) open(k *keys, w *way, p *pass, b []byte) {
	if isRTCP(b) {
		l.openRTCP(k, w, p, b)
		return
	}
	n, err := packet.HeaderSize(b)
	if err != nil {
		l.t.count.malformed.Add(1)
		return
	}
	plain, err := k.opener.RTP(b, n)
	if err != nil {
		l.t.count.refused(err)
		return
	}
	l.noteHeard(w, p.now)
	if packet.Parse(plain, &p.view) != nil {
		l.t.count.malformed.Add(1)
		return
	}
	if r := l.routes.Load(); r != nil {
		l.route(r, p)
	}
}

// refused counts a packet that did not open.
func (c *counters) refused(err error) {
	switch {
	case errors.Is(err, srtp.ErrReplayed):
		c.replayed.Add(1)
	case errors.Is(err, srtp.ErrAuth):
		c.forged.Add(1)
	case errors.Is(err, srtp.ErrStreams):
		c.streams.Add(1)
	default:
		c.malformed.Add(1)
	}
}

func (l *Link) route(r *routes, p *pass) {
	v := &p.view
	if id := r.twcc; id != 0 {
		if e := v.Extension(id); len(e) == 2 {
			l.arrivals.Record(uint16(e[0])<<8|uint16(e[1]), p.now)
		}
	}
	s := l.incoming[v.SSRC]
	if s == nil { // as many as the opener lets through
		s = &incoming{}
		l.incoming[v.SSRC] = s
	}
	if s.target == nil || s.routes != r {
		s.resolve(r, v)
	}
	switch {
	case s.target == nil:
		l.unrouted.Add(1)
	case s.repair:
		s.target.ReceiveRepair(v, p.out, p.now)
	default:
		p.note(s, v.Marker)
		s.target.Receive(v, p.out, p.now)
	}
}

// note keeps count of pictures that have begun and not ended: the marker is on
// a picture's last packet (RFC 3551 section 5.1).
func (p *pass) note(s *incoming, last bool) {
	switch {
	case !s.video:
	case last && s.turn == p.turn:
		s.turn = 0
		p.open--
	case !last && s.turn != p.turn:
		s.turn = p.turn
		p.open++
	}
}

// resolve finds the m-section that an SSRC belongs to: by the offer's a=ssrc
// lines, else by the MID that the packet carries (RFC 9143 section 9.2). A
// retransmission is known by its payload type.
func (s *incoming) resolve(r *routes, v *packet.View) {
	s.routes, s.target = r, nil
	mid, ok := r.ssrcs[v.SSRC]
	if !ok {
		e := v.Extension(r.mid)
		if e == nil {
			return
		}
		mid = string(e)
	}
	route, ok := r.mids[mid]
	if !ok {
		return
	}
	s.target, s.video = route.to, route.video
	s.repair = route.rtxPT != 0 && v.PT == route.rtxPT
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
	video bool
	rtxPT uint8
}
