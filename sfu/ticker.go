package sfu

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pion/rtcp"
)

// run sends what is due by time, until the room is stopped.
func (r *Room) run(ctx context.Context) {
	defer close(r.done)
	cfg := r.server.cfg
	t := time.NewTicker(cfg.NACKInterval)
	defer t.Stop()
	var lastCC, lastReport time.Time
	var nacks []uint16
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		now := r.server.now()
		cc, report := now.Sub(lastCC) >= cfg.TWCCInterval, now.Sub(lastReport) >= cfg.ReportInterval
		if cc {
			lastCC = now
		}
		if report {
			lastReport = now
		}
		r.mu.RLock()
		peers := slices.Clone(r.order)
		r.mu.RUnlock()
		for _, p := range peers {
			nacks = p.tick(now, cc, report, nacks)
		}
	}
}

// tick sends one peer's share. The slice is lent and given back.
func (p *Peer) tick(now time.Time, cc, report bool, scratch []uint16) []uint16 {
	p.room.mu.RLock()
	uplinks, slots, up := p.uplinks, p.slots, p.up
	p.room.mu.RUnlock()
	if !up {
		return scratch
	}
	var out []rtcp.Packet
	rtt := roundTrip(slots)
	for _, u := range uplinks {
		scratch = u.Tick(now, rtt, scratch[:0])
		if len(scratch) > 0 {
			out = append(out, &rtcp.TransportLayerNack{MediaSSRC: u.SSRC(), Nacks: rtcp.NackPairsFromSequenceNumbers(scratch)})
		}
	}
	if cc {
		if ssrc := firstSSRC(uplinks); ssrc != 0 {
			out = append(out, p.link.TransportFeedback(ssrc, now)...)
		}
	}
	if report {
		out = append(out, reports(uplinks, slots, now)...)
	}
	if len(out) > 0 {
		if err := p.link.WriteRTCP(out); err != nil {
			p.room.server.log.Debug("sending RTCP", "err", err)
		}
	}
	return scratch
}

// roundTrip is the latest known to the peer, 0 when none is: its receiver
// reports tell, for any of the slots.
func roundTrip(slots []*slot) time.Duration {
	for _, s := range slots {
		if rtt := s.Stats().Remote.RTT; rtt > 0 {
			return rtt
		}
	}
	return 0
}

func firstSSRC(uplinks []*uplink) uint32 {
	for _, u := range uplinks {
		if ssrc := u.SSRC(); ssrc != 0 {
			return ssrc
		}
	}
	return 0
}

// cname is the stream's canonical name (RFC 7022), the same as in the answer.
func (s *slot) cname() string { return fmt.Sprintf("slot%d", s.index) }

// maxBlocks is how many reception blocks a report has room for (RFC 3550
// section 6.4.1: five bits).
const maxBlocks = 31

// reports writes sender reports for the slots and one receiver report for all
// uplinks, with the CNAMEs.
func reports(uplinks []*uplink, slots []*slot, now time.Time) []rtcp.Packet {
	var out []rtcp.Packet
	sdes := &rtcp.SourceDescription{}
	for _, s := range slots {
		sr := s.SenderReport(now)
		if sr == nil {
			continue
		}
		out = append(out, sr)
		if len(sdes.Chunks) < maxBlocks {
			sdes.Chunks = append(sdes.Chunks, rtcp.SourceDescriptionChunk{
				Source: sr.SSRC, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: s.cname()}},
			})
		}
	}
	rr := &rtcp.ReceiverReport{}
	for _, u := range uplinks {
		if b, ok := u.Block(now); ok && len(rr.Reports) < maxBlocks {
			rr.Reports = append(rr.Reports, b)
		}
	}
	if len(rr.Reports) > 0 || len(out) == 0 {
		out = append(out, rr)
	}
	if len(sdes.Chunks) > 0 {
		out = append(out, sdes)
	}
	return out
}
