package sfu

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pion/rtcp"

	"kinwire/sfu/datagram"
)

// tickBatch is how many packets a tick gathers before it must send.
const tickBatch = 64

// transportTick is how often the transport takes in what can wait. NACKs, which
// cannot, do not come this way.
const transportTick = 20 * time.Millisecond

// ticker is what one look at all rooms goes through.
type ticker struct {
	out        *datagram.Batch
	now        time.Time
	cc, report bool     // transport feedback, reports are due
	nacks      []uint16 // scratch

	last, lastCC, lastReport time.Time
}

// run sends what is due by time, until the context ends. While there is no
// room it sleeps: an idle server does not wake.
func (s *Server) run(ctx context.Context) {
	defer close(s.stopped)
	every := s.cfg.Load().tick()
	clock := time.NewTicker(every)
	defer clock.Stop()
	t := &ticker{out: datagram.NewBatch(tickBatch)}
	for {
		rooms := s.liveRooms()
		if len(rooms) == 0 {
			clock.Stop()
			select {
			case <-ctx.Done():
				return
			case <-s.awake:
			}
			clock.Reset(every)
		}
		select {
		case <-ctx.Done():
			return
		case <-clock.C:
		}
		cfg := s.cfg.Load()
		if next := cfg.tick(); next != every {
			every = next
			clock.Reset(every)
		}
		t.now = s.now()
		s.transport.Tick(t.now)
		if t.due(cfg) {
			for _, r := range rooms {
				r.tick(t)
			}
			t.out.Flush()
		}
	}
}

// due says whether it is time to look at the rooms, and notes what is due then.
func (t *ticker) due(cfg *Config) bool {
	if t.now.Sub(t.last) < cfg.NACKInterval-transportTick/2 {
		return false // half a tick early is nearer than half a tick late
	}
	t.last = t.now
	if t.cc = t.now.Sub(t.lastCC) >= cfg.TWCCInterval; t.cc {
		t.lastCC = t.now
	}
	if t.report = t.now.Sub(t.lastReport) >= cfg.ReportInterval; t.report {
		t.lastReport = t.now
	}
	return true
}

func (r *Room) tick(t *ticker) {
	r.mu.RLock()
	peers := slices.Clone(r.order)
	r.mu.RUnlock()
	for _, p := range peers {
		p.tick(t)
	}
}

// tick sends one peer's share.
func (p *Peer) tick(t *ticker) {
	p.room.mu.RLock()
	uplinks, slots, up := p.uplinks, p.slots, p.up
	p.room.mu.RUnlock()
	if !up {
		return
	}
	var due []rtcp.Packet
	rtt := roundTrip(slots)
	for _, u := range uplinks {
		t.nacks = u.Tick(t.now, rtt, t.nacks[:0])
		if len(t.nacks) > 0 {
			due = append(due, &rtcp.TransportLayerNack{MediaSSRC: u.SSRC(), Nacks: rtcp.NackPairsFromSequenceNumbers(t.nacks)})
		}
	}
	if t.cc {
		if ssrc := firstSSRC(uplinks); ssrc != 0 {
			due = append(due, p.link.TransportFeedback(ssrc, t.now)...)
		}
	}
	if t.report {
		due = append(due, reports(uplinks, slots, t.now)...)
	}
	if err := p.link.WriteRTCP(t.out, due); err != nil {
		p.room.server.log.Debug("sending RTCP", "err", err)
	}
}

// roundTrip is the latest known to the peer, 0 when none is: its receiver
// reports tell, for any of the slots.
func roundTrip(slots []*slot) time.Duration {
	for _, s := range slots {
		if rtt := s.RTT(); rtt > 0 {
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
