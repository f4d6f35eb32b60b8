package lab

import (
	"math"
	"time"

	"kinwire/client/impair"
)

// Stats is what the hub has done.
type Stats struct {
	Delivered uint64        // packets written to devices, copies included
	Nobody    uint64        // to addresses that nobody has, or has any more
	Waiting   int           // on their way
	LateMean  time.Duration // by how much later than due packets were written
	LateP99   time.Duration // an upper bound, to a fifth
	LateMax   time.Duration
}

// HostStats is what has become of a host's packets.
type HostStats struct {
	Up, Down impair.Counts
	Foreign  uint64 // sent from an address that the host does not have; dropped
	// Overrun are packets that no model has lost but the machine, because a program
	// was too slow: they found the device's queue full, or the receive buffer of a
	// UDP socket of the host. Of the server's side: the queue alone.
	Overrun uint64
}

// lateness counts by how much packets were late, in steps of a quarter of a
// doubling, from 1 µs on.
type lateness struct {
	n, nobody uint64
	sum, max  time.Duration
	steps     [128]uint64
}

func (l *lateness) add(d time.Duration) {
	d = max(0, d)
	l.n++
	l.sum += d
	l.max = max(l.max, d)
	step := 0
	if us := float64(d) / float64(time.Microsecond); us > 1 {
		step = int(math.Ceil(4 * math.Log2(us)))
	}
	l.steps[min(step, len(l.steps)-1)]++
}

func (l *lateness) quantile(q float64) time.Duration {
	left := uint64(math.Ceil(q * float64(l.n)))
	for i, n := range l.steps {
		if n >= left {
			bound := time.Duration(math.Exp2(float64(i)/4) * float64(time.Microsecond))
			return min(bound, l.max)
		}
		left -= n
	}
	return l.max
}

func (l *lateness) stats() Stats {
	s := Stats{Delivered: l.n, Nobody: l.nobody, LateMax: l.max}
	if l.n > 0 {
		s.LateMean, s.LateP99 = l.sum/time.Duration(l.n), l.quantile(0.99)
	}
	return s
}
