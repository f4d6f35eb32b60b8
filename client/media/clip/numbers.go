package clip

import (
	"math"
	"time"

	"github.com/pion/rtp"
)

const (
	// lostAfter is how long a packet may be missing before it counts as lost: a
	// retransmission over a satellite takes well over a second with its retries.
	lostAfter = 2 * time.Second
	// lostAtEnd is the same at the end of a stream, where nothing comes any more.
	lostAtEnd = 500 * time.Millisecond
	// farAhead is a jump of the numbers that no loss explains.
	farAhead = 1 << 13
	// rememberLost is how long a lost packet that comes after all is known as
	// late, and not as one that came twice.
	rememberLost = 30 * time.Second
)

// numbers follows the sequence numbers of one stream (RFC 3550, appendix A).
type numbers struct {
	clock   uint32
	started bool
	base    int64
	highest int64
	missing map[int64]missing

	received   uint64 // each once
	lost       uint64
	outOfOrder uint64
	duplicates uint64
	last       time.Time // when the latest came

	jitter  float64 // in ticks of the clock
	transit float64
	timed   bool
}

type missing struct {
	since time.Time
	lost  bool
}

// verdict is what a packet is.
type verdict int

const (
	fresh verdict = iota
	twice
	late    // after it had been given up
	another // the stream begins anew with it
)

// take places a packet, and says at which number it stands in the endless row.
func (n *numbers) take(p *rtp.Packet, now time.Time) (int64, verdict) {
	if !n.started {
		n.begin(p, now)
		return n.highest, fresh
	}
	at := n.highest + int64(int16(p.SequenceNumber-uint16(n.highest)))
	switch {
	case at > n.highest+farAhead || at < n.highest-farAhead:
		n.begin(p, now)
		return n.highest, another
	case at > n.highest:
		for i := n.highest + 1; i < at; i++ {
			n.missing[i] = missing{since: now}
		}
		n.highest = at
		n.measure(p, now)
	case at < n.base:
		// From before the first that came: it was on its way longer.
		n.outOfOrder++
		for i := at + 1; i < n.base; i++ {
			n.missing[i] = missing{since: now}
		}
		n.base = at
	default:
		m, gone := n.missing[at]
		if !gone {
			n.duplicates++
			return at, twice
		}
		delete(n.missing, at)
		n.outOfOrder++
		if m.lost {
			return at, late
		}
	}
	n.received++
	n.last = now
	return at, fresh
}

func (n *numbers) begin(p *rtp.Packet, now time.Time) {
	n.giveUp()
	n.started, n.timed = true, false
	// Far from 0, for what came before the first.
	n.highest = int64(p.SequenceNumber) + 1<<20
	n.base = n.highest
	n.missing = map[int64]missing{}
	n.received++
	n.last = now
	n.measure(p, now)
}

// measure is RFC 3550 section 6.4.1, for packets in order.
func (n *numbers) measure(p *rtp.Packet, now time.Time) {
	arrival := float64(now.UnixMicro()) * float64(n.clock) / 1e6
	transit := math.Mod(arrival, 1<<32) - float64(p.Timestamp)
	if n.timed {
		d := math.Abs(transit - n.transit)
		d = min(d, math.Abs(d-1<<32)) // both wrap around
		if d < 10*float64(n.clock) {  // else the sender began anew
			n.jitter += (d - n.jitter) / 16
		}
	}
	n.transit, n.timed = transit, true
}

// jitterMS is the jitter in milliseconds.
func (n *numbers) jitterMS() float64 { return n.jitter / float64(n.clock) * 1000 }

// expire counts as lost what has been missing for longer than patience.
func (n *numbers) expire(now time.Time, patience time.Duration) {
	for i, m := range n.missing {
		age := now.Sub(m.since)
		if !m.lost && age >= patience {
			n.lost++
			m.lost = true
			n.missing[i] = m
		}
		if age > rememberLost {
			delete(n.missing, i)
		}
	}
}

// giveUp counts as lost whatever is missing, and forgets where the row was.
func (n *numbers) giveUp() {
	for _, m := range n.missing {
		if !m.lost {
			n.lost++
		}
	}
	n.started, n.missing = false, nil
}
