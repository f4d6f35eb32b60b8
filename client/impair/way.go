package impair

import (
	"math"
	"math/rand/v2"
	"time"
)

// correlation is how long the jitter of packets hangs together; see the package.
const correlation = 20 * time.Millisecond

// Way is one direction of a network at work.
type Way struct {
	d   Direction
	cut bool

	// A stream of random numbers for each kind of mishap, each asked once for
	// every packet, so that a change of one figure does not change the rest.
	loss, burst, wander, order, copies *rand.Rand

	bad   bool      // state of the Gilbert-Elliott model
	begun time.Time // first packet after Set: outages count from it
	last  time.Time // now of the packet before
	free  time.Time // when the rate has carried all that came before

	swing   float64   // jitter of the packet before, in standard deviations
	swung   time.Time // when it left the queue; zero: none yet
	arrived time.Time // latest arrival so far

	counts Counts
	out    [2]Delivery
}

func newWay(d Direction, seed, number uint64) *Way {
	stream := func(kind uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, number<<32|kind)) }
	w := &Way{loss: stream(1), burst: stream(2), wander: stream(3), order: stream(4), copies: stream(5)}
	w.Set(d)
	return w
}

// Set makes it another network from now on; see [Model.Set].
func (w *Way) Set(d Direction) {
	w.d = d
	w.begun, w.bad = time.Time{}, false
}

// Direction is what the way is at present.
func (w *Way) Direction() Direction { return w.d }

// Cut begins or ends an outage.
func (w *Way) Cut(on bool) { w.cut = on }

// Counts is what has become of the packets so far.
func (w *Way) Counts() Counts { return w.counts }

// Arrive says when a packet of size bytes, IP header included, that comes in now
// comes out: never (lost), once or twice. What it returns is good until the next
// call. A now that lies before the one of an earlier packet counts as that one.
func (w *Way) Arrive(now time.Time, size int) []Delivery {
	_, out := w.Judge(now, size)
	return out
}

// Judge is [Way.Arrive], and says what became of the packet.
func (w *Way) Judge(now time.Time, size int) (Fate, []Delivery) {
	if now.Before(w.last) {
		now = w.last
	}
	w.last = now
	if w.begun.IsZero() {
		w.begun = now
	}
	w.counts.Packets++
	w.counts.Bytes += uint64(size)
	lost, burst := w.drawLoss()
	overtakes, twice := w.order.Float64() < w.d.Reorder, w.copies.Float64() < w.d.Duplicate

	if w.cut {
		w.counts.Outage++
		return InOutage, nil
	}
	leaves, ok := w.queue(now, size)
	switch {
	case !ok:
		w.counts.Dropped++
		return Dropped, nil
	case w.outage(leaves):
		w.counts.Outage++
		return InOutage, nil
	case lost:
		w.counts.Lost++
		return Lost, nil
	case burst:
		w.counts.LostInBurst++
		return LostInBurst, nil
	}
	at := w.arrival(leaves, overtakes)
	w.counts.Delivered++
	w.counts.DeliveredBytes += uint64(size)
	w.counts.LongestTransit = max(w.counts.LongestTransit, at.Sub(now))
	w.out[0] = Delivery{at}
	if twice {
		w.counts.Duplicated++
		w.out[1] = Delivery{at}
		return Delivered, w.out[:2]
	}
	return Delivered, w.out[:1]
}

// drawLoss decides for one packet, whatever else becomes of it.
func (w *Way) drawLoss() (lost, burst bool) {
	lost = w.loss.Float64() < w.d.Loss
	change, hit := w.burst.Float64(), w.burst.Float64()
	b := w.d.Burst
	if b == nil {
		return lost, false
	}
	if w.bad {
		w.bad = change >= b.ToGood
	} else {
		w.bad = change < b.ToBad
	}
	if w.bad {
		return lost, hit < b.LossBad
	}
	return lost, hit < b.LossGood
}

// queue says when the last bit of a packet has left, or that there is no room.
func (w *Way) queue(now time.Time, size int) (time.Time, bool) {
	if w.d.RateBPS == 0 {
		return now, true
	}
	start := later(now, w.free)
	room := w.d.Queue
	if room == 0 {
		room = DefaultQueue
	}
	wait := start.Sub(now)
	if wait > room {
		return time.Time{}, false
	}
	w.counts.LongestWait = max(w.counts.LongestWait, wait)
	// Rounded up, so that the rate is not exceeded by a nanosecond each.
	bits := int64(size) * 8
	w.free = start.Add(time.Duration((bits*int64(time.Second) + w.d.RateBPS - 1) / w.d.RateBPS))
	return w.free, true
}

func (w *Way) outage(at time.Time) bool {
	for _, o := range w.d.Outages {
		if o.during(at.Sub(w.begun)) {
			return true
		}
	}
	return false
}

// arrival is when a packet that leaves the queue at leaves comes out.
func (w *Way) arrival(leaves time.Time, overtakes bool) time.Time {
	at := leaves.Add(max(0, w.d.Delay+w.jitter(leaves)))
	if at.Before(w.arrived) {
		at = w.arrived
	}
	if before := w.arrived.Add(-time.Microsecond); overtakes && before.After(leaves) {
		w.counts.Reordered++
		return before
	}
	w.arrived = at
	return at
}

// jitter is by how much the delay is longer at this moment than its mean.
func (w *Way) jitter(at time.Time) time.Duration {
	step := w.wander.NormFloat64()
	if w.d.Jitter == 0 {
		return 0
	}
	if w.swung.IsZero() {
		w.swing = step
	} else {
		// The exact step of an Ornstein-Uhlenbeck process over any time.
		keep := math.Exp(-float64(at.Sub(w.swung)) / float64(correlation))
		w.swing = keep*w.swing + math.Sqrt(1-keep*keep)*step
	}
	w.swung = at
	return time.Duration(w.swing * float64(w.d.Jitter))
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
