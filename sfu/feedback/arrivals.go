package feedback

import (
	"sync"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
)

const (
	// arrivalsKept is how many packets may come between two calls of Feedback;
	// beyond that the oldest go untold. At 50 ms a call that is 40,000 packets a
	// second.
	arrivalsKept = 2048
	// arrivalsFirst is how many there is room for to begin with.
	arrivalsFirst = 64
	// arrivalsAtOnce is how many arrivals go into one feedback packet at most,
	// which keeps it within an MTU for any usual pattern of losses.
	arrivalsAtOnce = 256
	// arrivalsBack is how far behind the newest a transport-wide sequence number
	// may be. What is older was reported as lost long ago.
	arrivalsBack = 4096
	// arrivalsLead is where the clock of the feedback starts: above zero, so
	// that a packet stamped a little before the first one has its place.
	arrivalsLead = time.Second
)

// arrival is one packet.
type arrival struct {
	at  int64 // microseconds on the clock of the feedback
	seq uint16
}

// ArrivalCounts is what an Arrivals has done so far.
type ArrivalCounts struct {
	// Recorded packets; Overrun of them went untold because Feedback was not
	// called in time, Stale because they were far older than the newest.
	Recorded, Overrun, Stale uint64
}

// Arrivals notes when the packets of one connection came, by the sequence
// number that they have over all streams (transport-wide congestion control),
// and writes the feedback from which the sender estimates the bandwidth.
// Record only puts a number and a time into a ring; all the rest is done in
// Feedback, apart from the path of the packets.
type Arrivals struct {
	mu      sync.Mutex
	started bool
	epoch   time.Time
	ring    []arrival // grows to arrivalsKept; most connections need a part
	head    int       // place of the oldest
	count   int
	newest  uint16
	counts  ArrivalCounts

	writing  sync.Mutex // one Feedback at a time; taken before mu
	drained  []arrival
	recorder *twcc.Recorder
	sender   uint32 // SSRC that the recorder was made for
}

// NewArrivals gives an Arrivals that has seen nothing.
func NewArrivals() *Arrivals { return &Arrivals{} }

// Record takes note of a packet with transport-wide sequence number seq that
// came at now. Any goroutine may call it.
func (a *Arrivals) Record(seq uint16, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.started {
		a.started = true
		a.epoch = now.Add(-arrivalsLead)
		a.newest = seq
	}
	a.counts.Recorded++
	ahead := seq - a.newest
	if ahead < 1<<15 {
		a.newest = seq
	} else if -ahead > arrivalsBack {
		a.counts.Stale++
		return
	}
	if a.count == len(a.ring) {
		a.makeRoom()
	}
	at := max(now.Sub(a.epoch).Microseconds(), 0)
	a.ring[(a.head+a.count)%len(a.ring)] = arrival{at: at, seq: seq}
	a.count++
}

// makeRoom is called with the ring full: it grows it, or lets the oldest go.
func (a *Arrivals) makeRoom() {
	if len(a.ring) == arrivalsKept {
		a.head = (a.head + 1) % arrivalsKept
		a.count--
		a.counts.Overrun++
		return
	}
	grown := make([]arrival, min(max(2*len(a.ring), arrivalsFirst), arrivalsKept))
	n := copy(grown, a.ring[a.head:])
	copy(grown[n:], a.ring[:a.head])
	a.ring, a.head = grown, 0
}

// Feedback gives the feedback on the packets recorded since it was last called,
// in packets of at most 256 new arrivals each; nil when there were none.
// senderSSRC is the one that RTCP is sent with, mediaSSRC that of any stream of
// the connection. Times in it are exact to 250 µs; a number that came twice has
// its first time. When a packet came late, those after it can be told again,
// with the same time. It goes by the times of Record alone; the time of the
// call does not enter.
func (a *Arrivals) Feedback(senderSSRC, mediaSSRC uint32, _ time.Time) []rtcp.Packet {
	a.writing.Lock()
	defer a.writing.Unlock()
	a.drain()
	if len(a.drained) == 0 {
		return nil
	}
	if a.recorder == nil || a.sender != senderSSRC {
		a.recorder, a.sender = twcc.NewRecorder(senderSSRC), senderSSRC
	}
	var out []rtcp.Packet
	for rest := a.drained; len(rest) > 0; {
		n := min(len(rest), arrivalsAtOnce)
		for _, one := range rest[:n] {
			a.recorder.Record(mediaSSRC, one.seq, one.at)
		}
		rest = rest[n:]
		out = append(out, a.recorder.BuildFeedbackPacket()...)
	}
	for _, p := range out {
		if cc, ok := p.(*rtcp.TransportLayerCC); ok {
			cc.ReferenceTime &= 0xffffff // 24 bits; 64 ms each, it wraps after 12 days
		}
	}
	return out
}

// drain moves what was recorded to a.drained.
func (a *Arrivals) drain() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.drained = a.drained[:0]
	for ; a.count > 0; a.count-- {
		a.drained = append(a.drained, a.ring[a.head])
		a.head = (a.head + 1) % len(a.ring)
	}
}

// Counts gives what was recorded so far.
func (a *Arrivals) Counts() ArrivalCounts {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.counts
}
