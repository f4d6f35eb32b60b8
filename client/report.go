package client

import (
	"time"

	"github.com/pion/interceptor/pkg/stats"
	"github.com/pion/webrtc/v4"

	"kinwire/signaling/proto"
)

// reportLoop tells the server how the media does, and fills its view of the
// call that way.
func (c *Call) reportLoop() {
	t := time.NewTicker(c.opt.StatsEvery)
	defer t.Stop()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-t.C:
			if c.pc.ConnectionState() != webrtc.PeerConnectionStateConnected || !c.s.Connected() {
				continue
			}
			if err := c.s.Tell(proto.TypeStatsReport, c.Report()); err != nil {
				c.s.opt.Log.Warn("stats report", "call", c.id, "err", err)
			}
		}
	}
}

// Report is the present state of the call's streams and path, as it is sent to
// the server. What pion does not decode it cannot measure: freezes, dropped
// frames, jitter buffer, concealment and audio level stay 0, and frames are
// counted by their packets.
func (c *Call) Report() proto.StatsReport {
	now := c.s.opt.Now()
	c.mu.Lock()
	out := c.out
	in := make([]*incoming, 0, len(c.in))
	for _, i := range c.in {
		in = append(in, i)
	}
	you := c.view.You
	c.mu.Unlock()
	r := proto.StatsReport{CallID: c.id, Path: c.path(), Streams: []proto.StatsStream{}}
	for _, o := range out {
		r.Streams = append(r.Streams, c.sendStream(o, you, now))
	}
	for _, i := range in {
		if s, ok := c.receiveStream(i, now); ok {
			r.Streams = append(r.Streams, s)
		}
	}
	return r
}

// counters are pion's of one SSRC; nil before its first packet.
func (c *Call) counters(ssrc webrtc.SSRC) stats.Stats {
	if c.get != nil {
		if s := c.get.Get(uint32(ssrc)); s != nil {
			return *s
		}
	}
	return stats.Stats{}
}

func (c *Call) sendStream(o *outgoing, you string, now time.Time) proto.StatsStream {
	var ssrc webrtc.SSRC
	if enc := o.tr.Sender().GetParameters().Encodings; len(enc) > 0 {
		ssrc = enc[0].SSRC
	}
	st := c.counters(ssrc)
	s := proto.StatsStream{
		MID: o.tr.Mid(), Direction: "send", ParticipantID: you, Kind: o.src.Kind(), Codec: o.codec,
		Packets:     st.OutboundRTPStreamStats.PacketsSent,
		Bytes:       st.OutboundRTPStreamStats.BytesSent,
		NACKs:       uint64(st.OutboundRTPStreamStats.NACKCount),
		PLIs:        uint64(st.OutboundRTPStreamStats.PLICount),
		PacketsLost: st.RemoteInboundRTPStreamStats.PacketsLost,
		// pion gives the jitter of receiver reports in seconds.
		JitterMS: bounded(st.RemoteInboundRTPStreamStats.Jitter * 1000),
		RTTMS:    bounded(float64(st.RemoteInboundRTPStreamStats.RoundTripTime) / float64(time.Millisecond)),
	}
	o.mu.Lock()
	o.frames.fill(&s, now)
	o.mu.Unlock()
	return s
}

// receiveStream reports a slot's stream; false while the slot stands for
// nobody.
func (c *Call) receiveStream(in *incoming, now time.Time) (proto.StatsStream, bool) {
	slot, ok := c.slot(in.mid)
	if !ok {
		return proto.StatsStream{}, false
	}
	st := c.counters(in.track.SSRC()).InboundRTPStreamStats
	s := proto.StatsStream{
		MID: in.mid, Direction: "recv", ParticipantID: slot.ParticipantID, Kind: slot.Kind,
		Codec:   codecName(in.track.Codec().MimeType),
		Packets: st.PacketsReceived, Bytes: st.BytesReceived, PacketsLost: st.PacketsLost,
		NACKs: uint64(st.NACKCount), PLIs: uint64(st.PLICount),
		JitterMS: bounded(st.Jitter * 1000),
	}
	in.mu.Lock()
	in.frames.fill(&s, now)
	in.mu.Unlock()
	return s, true
}

// fill sets what the packets of a video stream show.
func (f *frameCount) fill(s *proto.StatsStream, now time.Time) {
	if s.Kind == proto.SourceAudio {
		return
	}
	s.Frames, s.KeyFrames, s.Width, s.Height, s.FPS = f.frames, f.keys, f.width, f.height, f.rate(now)
}

// bounded keeps a time in milliseconds within what the protocol allows.
func bounded(ms float64) float64 {
	if !(ms > 0) {
		return 0
	}
	return min(ms, 60000)
}

// roundTrip is the path's round-trip time by the latest connectivity check; 0
// before there is one.
func (c *Call) roundTrip() time.Duration {
	st, ok := c.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePairStats()
	if !ok {
		return 0
	}
	return time.Duration(bounded(st.CurrentRoundTripTime*1000) * float64(time.Millisecond))
}

// path describes the selected candidate pair; empty before there is one.
func (c *Call) path() proto.StatsPath {
	ice := c.pc.SCTP().Transport().ICETransport()
	pair, err := ice.GetSelectedCandidatePair()
	if err != nil || pair == nil || pair.Local == nil {
		return proto.StatsPath{}
	}
	p := proto.StatsPath{LocalType: pair.Local.Typ.String(), Protocol: pair.Local.Protocol.String()}
	st, ok := ice.GetSelectedCandidatePairStats()
	if !ok {
		return p
	}
	p.RTTMS = bounded(st.CurrentRoundTripTime * 1000)
	p.AvailableKbps = max(0, min(st.AvailableOutgoingBitrate/1000, 1e7))
	if local, ok := c.pc.GetStats()[st.LocalCandidateID].(webrtc.ICECandidateStats); ok {
		switch local.RelayProtocol {
		case "udp", "tcp", "tls":
			p.RelayProtocol = local.RelayProtocol
		case "dtls":
			p.RelayProtocol = "udp"
		}
	}
	return p
}
