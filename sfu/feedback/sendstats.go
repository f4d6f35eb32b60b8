package feedback

import (
	"sync"
	"time"

	"github.com/pion/rtcp"
)

// rememberedReports is how many sender reports are kept to recognise the one a
// report block refers to. At one report a second they reach back further than
// a receiver's answer is useful.
const rememberedReports = 16

// SendTotals is what was sent on a downlink, and what its receiver said of it.
type SendTotals struct {
	// Packets and Bytes of payload sent, without headers and padding.
	Packets, Bytes uint64
	// Reports counts report blocks received; ReportedAt is when the last came.
	// What follows is zero before the first.
	Reports    uint64
	ReportedAt time.Time
	// RTT is the last round-trip time; 0 when none is known yet.
	RTT time.Duration
	// FractionLost is the part, 0 to 1, lost between the receiver's last two
	// reports.
	FractionLost float64
	// Lost is the number of packets lost since the beginning, as the receiver
	// counts it; below 0 when it counted duplicates as received.
	Lost int64
	// Judged is how many packets had been sent when the last report came: those
	// that Lost is about, and what was on its way.
	Judged uint64
	// Jitter is the interarrival jitter at the receiver.
	Jitter time.Duration
	// HighestSequence is the extended sequence number of the newest packet
	// that reached the receiver.
	HighestSequence uint32
}

// anchor ties an RTP timestamp to a moment here and on the wall clock.
type anchor struct {
	ntp uint64
	rtp uint32
	at  time.Time
}

// sentReport is a sender report as report blocks refer to it.
type sentReport struct {
	middle uint32
	at     time.Time
}

// SendStats is the sender's side of one downlink's SSRC.
type SendStats struct {
	rate uint32

	mu       sync.Mutex
	sent     bool
	anchored bool
	source   anchor // from Anchor
	last     anchor // from Sent
	reports  [rememberedReports]sentReport
	next     int // place of the next report
	totals   SendTotals
}

// NewSendStats gives a SendStats for a stream whose RTP timestamps grow by
// clockRate a second.
func NewSendStats(clockRate uint32) *SendStats { return &SendStats{rate: clockRate} }

// Sent takes note of a packet with RTP timestamp ts and payloadBytes of payload
// that went out at now.
func (s *SendStats) Sent(ts uint32, payloadBytes int, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.totals.Packets++
	s.totals.Bytes += uint64(payloadBytes)
	// The first packet of each new timestamp ties it to the time; the others
	// of a picture left later than the picture was taken, and one sent again is
	// older still.
	if !s.sent || int32(ts-s.last.rtp) > 0 {
		s.sent = true
		s.last.rtp, s.last.at = ts, now
	}
}

// Anchor says that the source's wall clock showed ntp when its RTP timestamp,
// moved to that of this downlink, was rtp, as it said in a sender report that
// came at at (Reception.Clock). From then on sender reports carry the source's
// clock, so that receivers keep its sound and picture together; without it they
// carry this machine's, and the two drift apart by what the network delays one
// more than the other. Every stream of a source is to be anchored, or none.
func (s *SendStats) Anchor(ntp uint64, rtp uint32, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.source = anchor{ntp: ntp, rtp: rtp, at: at}
	s.anchored = true
}

// Unanchor takes back what Anchor said: the downlink has another source now.
func (s *SendStats) Unanchor() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.anchored = false
}

// SenderReport gives the sender report of the downlink, whose SSRC is ssrc, for
// now, with the RTP timestamp extrapolated to now by the clock rate; nil as long
// as nothing was sent. It has no report blocks.
func (s *SendStats) SenderReport(ssrc uint32, now time.Time) *rtcp.SenderReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.sent {
		return nil
	}
	from := s.last
	if s.anchored {
		from = s.source
	}
	passed := now.Sub(from.at)
	ntp := NTP(now)
	if s.anchored {
		ntp = from.ntp + ntpSpan(passed)
	}
	s.reports[s.next] = sentReport{middle: middle(ntp), at: now}
	s.next = (s.next + 1) % rememberedReports
	return &rtcp.SenderReport{
		SSRC:        ssrc,
		NTPTime:     ntp,
		RTPTime:     from.rtp + uint32(ticks(passed, s.rate)),
		PacketCount: uint32(s.totals.Packets),
		OctetCount:  uint32(s.totals.Bytes),
	}
}

// Block takes note of a report block on this downlink that came at now. rtt is
// the round-trip time (RFC 3550, section 6.4.1): from when the sender report
// that the block refers to went out, less the time the receiver had it. ok is
// false when the block refers to none, or to one long past, or claims to have
// had it for longer than it existed.
func (s *SendStats) Block(b rtcp.ReceptionReport, now time.Time) (rtt time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &s.totals
	t.Reports++
	t.ReportedAt = now
	t.FractionLost = float64(b.FractionLost) / 256
	t.Lost = int64(int32(b.TotalLost<<8) >> 8) // 24 bits with sign
	t.Judged = t.Packets
	t.Jitter = fromTicks(b.Jitter, s.rate)
	t.HighestSequence = b.LastSequenceNumber
	rtt, ok = s.roundTrip(b, now)
	if ok {
		t.RTT = rtt
	}
	return rtt, ok
}

// roundTrip does not go by the time in LSR but looks up the report it names:
// the reports may carry the clock of another machine.
func (s *SendStats) roundTrip(b rtcp.ReceptionReport, now time.Time) (time.Duration, bool) {
	// Rounding to 1/65536 s on the way can make a short trip negative.
	const rounding = 2 * time.Second / 65536
	if b.LastSenderReport == 0 {
		return 0, false
	}
	for _, r := range s.reports {
		if r.middle != b.LastSenderReport || r.at.IsZero() {
			continue
		}
		rtt := now.Sub(r.at) - fromShortSpan(b.Delay)
		if rtt < -rounding {
			return 0, false
		}
		// 0 means unknown in Totals; the shortest trip is a nanosecond.
		return max(rtt, 1), true
	}
	return 0, false
}

// RTT is that of Totals, alone.
func (s *SendStats) RTT() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.totals.RTT
}

// Totals gives what was sent and reported so far.
func (s *SendStats) Totals() SendTotals {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.totals
}

// SplitNACK calls yield with each sequence number that p asks for, in the order
// of the packet (RFC 4585, section 6.2.1: each pair is one number and a mask of
// the 16 that follow it).
func SplitNACK(p *rtcp.TransportLayerNack, yield func(seq uint16)) {
	for _, pair := range p.Nacks {
		yield(pair.PacketID)
		for i := range uint16(16) {
			if pair.LostPackets>>i&1 != 0 {
				yield(pair.PacketID + i + 1)
			}
		}
	}
}
