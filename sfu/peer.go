package sfu

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"kinwire/sfu/codec"
	"kinwire/sfu/datagram"
	"kinwire/sfu/feedback"
	"kinwire/sfu/forward"
	"kinwire/sfu/link"
	"kinwire/sfu/sdp"
)

// Peer is one participant's media in a room.
type Peer struct {
	room  *Room
	name  string
	link  *link.Link
	clock forward.Clock

	// streams is what the way of packets needs to find by SSRC: a snapshot, so
	// that no packet waits for a negotiation.
	streams atomic.Pointer[streams]

	// Guarded by Room.mu.
	uplinks []*uplink // in the order of the offer
	slots   []*slot
	told    SlotMap // as the peer last heard of it; Rev 0: never
	up      bool    // connected at some time: packets can be sent

	telling sync.Mutex // held while the observer hears of the link
	gone    bool

	finishedMu sync.Mutex
	finished   []DownStats // last figures of what left a slot since the last look
}

type uplink struct {
	*forward.Uplink
	peer  *Peer
	kind  Kind
	mid   string
	muted bool
}

type slot struct {
	*forward.Downlink
	mid   string
	video bool
	index int
	from  *uplink // what stands in it, nil: nothing
}

// streams are a peer's uplinks, and its slots by their SSRC.
type streams struct {
	uplinks []*uplink
	slots   map[uint32]*slot
}

// publish makes a new snapshot. Called with Room.mu held.
func (p *Peer) publish() {
	st := &streams{uplinks: slices.Clone(p.uplinks), slots: make(map[uint32]*slot, len(p.slots))}
	for _, s := range p.slots {
		st.slots[s.SSRC()] = s
	}
	p.streams.Store(st)
}

func (p *Peer) slotOf(ssrc uint32) *slot {
	if st := p.streams.Load(); st != nil {
		return st.slots[ssrc]
	}
	return nil
}

// LinkState is link.Owner's.
func (p *Peer) LinkState(s link.State) {
	if s == link.Connected {
		p.room.connected(p)
	}
	p.telling.Lock()
	defer p.telling.Unlock()
	if !p.gone {
		p.room.server.observer.LinkChanged(p.room.name, p.name, s)
	}
}

// silence ends what the observer hears of this peer's link; when it returns,
// nothing more is being told.
func (p *Peer) silence() {
	p.telling.Lock()
	defer p.telling.Unlock()
	p.gone = true
}

// Feedback is link.Owner's: RTCP about, or of, the stream ssrc.
func (p *Peer) Feedback(ssrc uint32, packet rtcp.Packet, out *datagram.Batch, now time.Time) {
	if h, ok := feedbackFor(packet); ok {
		h(p, ssrc, packet, out, now)
	}
}

// feedbackFor is the table from RTCP packet type to what is done with it.
func feedbackFor(packet rtcp.Packet) (func(*Peer, uint32, rtcp.Packet, *datagram.Batch, time.Time), bool) {
	switch packet.(type) {
	case *rtcp.SenderReport:
		return (*Peer).senderReport, true
	case *rtcp.ReceiverReport:
		return (*Peer).receiverReport, true
	case *rtcp.TransportLayerNack:
		return (*Peer).nack, true
	case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
		return (*Peer).keyFrame, true
	}
	return nil, false
}

func (p *Peer) senderReport(ssrc uint32, packet rtcp.Packet, _ *datagram.Batch, now time.Time) {
	sr := packet.(*rtcp.SenderReport)
	if sr.SSRC == ssrc {
		if st := p.streams.Load(); st != nil {
			for _, u := range st.uplinks {
				u.SenderReport(sr, now)
			}
		}
	}
	p.blocks(ssrc, sr.Reports, now)
}

func (p *Peer) receiverReport(ssrc uint32, packet rtcp.Packet, _ *datagram.Batch, now time.Time) {
	p.blocks(ssrc, packet.(*rtcp.ReceiverReport).Reports, now)
}

func (p *Peer) blocks(ssrc uint32, reports []rtcp.ReceptionReport, now time.Time) {
	for _, b := range reports {
		if b.SSRC != ssrc {
			continue // it is delivered once more, for its own stream
		}
		if s := p.slotOf(ssrc); s != nil {
			s.Report(b, now)
		}
	}
}

func (p *Peer) nack(ssrc uint32, packet rtcp.Packet, out *datagram.Batch, now time.Time) {
	n := packet.(*rtcp.TransportLayerNack)
	s := p.slotOf(ssrc)
	if s == nil || n.MediaSSRC != ssrc {
		return
	}
	feedback.SplitNACK(n, func(seq uint16) { s.Retransmit(seq, out, now) })
}

func (p *Peer) keyFrame(ssrc uint32, _ rtcp.Packet, _ *datagram.Batch, now time.Time) {
	if s := p.slotOf(ssrc); s != nil {
		s.PLI(now)
	}
}

// plan checks an offer against the sources that the peer names, and chooses a
// codec for each section on which it sends. Called with Room.mu held.
func (p *Peer) plan(o *sdp.Offer, sources []Source) (map[string]codec.Kind, error) {
	bySource := map[string]Source{}
	kinds := map[Kind]bool{}
	for _, s := range sources {
		if kinds[s.Kind] {
			return nil, fmt.Errorf("%w: two sources of kind %q, one is allowed", ErrOffer, s.Kind)
		}
		kinds[s.Kind], bySource[s.MID] = true, s
	}
	out := map[string]codec.Kind{}
	for i := range o.Sections {
		sec := &o.Sections[i]
		src, named := bySource[sec.MID]
		delete(bySource, sec.MID)
		switch {
		case sec.Sends && sec.Takes && !named:
			return nil, fmt.Errorf("%w: the m-section %q is sendrecv and no source names it; a receive slot must be recvonly", ErrOffer, sec.MID)
		case sec.Sends && !named:
			return nil, fmt.Errorf("%w: the m-section %q is sendonly and no source names it", ErrOffer, sec.MID)
		case named && !sec.Sends:
			return nil, fmt.Errorf("%w: the source %q names the m-section %q, which does not send", ErrOffer, src.Kind, sec.MID)
		case named && sec.Video == (src.Kind == Audio):
			return nil, fmt.Errorf("%w: the source %q names the m-section %q, which is of the other kind", ErrOffer, src.Kind, sec.MID)
		case !sec.Sends:
			continue
		}
		k, err := p.codecFor(sec, p.room.terms)
		if err != nil {
			return nil, err
		}
		out[sec.MID] = k
	}
	for mid, s := range bySource {
		return nil, fmt.Errorf("%w: the source %q names the m-section %q, which the offer does not have", ErrOffer, s.Kind, mid)
	}
	return out, p.decodes(o)
}

func (p *Peer) codecFor(sec *sdp.Section, terms *link.Terms) (codec.Kind, error) {
	if u := p.uplink(sec.MID); u != nil {
		return u.Codec(), nil // what was agreed stays
	}
	prefer := terms.Audio
	if sec.Video {
		prefer = terms.Video
	}
	return chooseCodec(sec, prefer, func(k codec.Kind) bool { return p.room.decodable(p, k) })
}

// decodes refuses an offer whose receive slots cannot take a codec that is in
// use in the room: a picture that stays black is worse than a clear word.
func (p *Peer) decodes(o *sdp.Offer) error {
	for _, other := range p.room.peers {
		if other.name == p.name {
			continue
		}
		for _, u := range other.uplinks {
			for i := range o.Sections {
				sec := &o.Sections[i]
				if sec.Takes && !sec.Sends && !sec.Data && sec.Video == u.Codec().Video() && !sec.Has(u.Codec()) {
					return fmt.Errorf("%w: %s is in use in the call, and the receive slot %q offers %v", ErrCodec, u.Codec(), sec.MID, sec.Kinds())
				}
			}
		}
	}
	return nil
}

// adopt takes the outcome of a negotiation. Called with Room.mu held.
func (p *Peer) adopt(o *sdp.Offer, n *link.Negotiated, sources []Source, now time.Time) {
	to := map[string]link.Receiver{}
	for _, nu := range n.Uplinks {
		for _, s := range sources {
			if s.MID != nu.MID {
				continue
			}
			if old := p.uplink(nu.MID); old != nil {
				old.muted = s.Muted
				old.SetMuted(s.Muted, now)
				continue
			}
			u := &uplink{peer: p, kind: s.Kind, mid: s.MID, muted: s.Muted, Uplink: forward.NewUplink(forward.UplinkConfig{
				Codec: nu.Codec, PT: nu.PT, RTXPT: nu.RTXPT, History: p.room.history,
				Clock: &p.clock, KeyFrame: p.room.server.cfg.Load().PLIMinInterval, RequestKeyFrame: p.link.RequestKeyFrame,
			})}
			u.SetMuted(s.Muted, now)
			p.uplinks = append(p.uplinks, u)
			to[s.MID] = u
		}
	}
	for _, s := range n.Slots {
		ssrc, rtx := s.SSRC()
		p.slots = append(p.slots, &slot{mid: s.MID, video: s.Video, index: s.Index(), Downlink: forward.NewDownlink(forward.DownlinkConfig{
			Writer: s, SSRC: ssrc, RTXSSRC: rtx, Types: s.Types(),
			ClockRate: s.ClockRate(),
		})})
	}
	p.publish()
	p.link.Route(o, n.Uplinks, to)
}

func (p *Peer) uplink(mid string) *uplink {
	for _, u := range p.uplinks {
		if u.mid == mid {
			return u
		}
	}
	return nil
}
