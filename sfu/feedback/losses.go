package feedback

import (
	"sort"
	"sync"
	"time"
)

// When to ask for a lost packet.
const (
	// reorderPackets and reorderTime are how long a missing packet may still
	// be on its way behind newer ones: until so many newer ones have come, or
	// so much time has passed, it is not asked for.
	reorderPackets = 2
	reorderTime    = 10 * time.Millisecond
	// retryFloor stands for the round-trip time where that is shorter or not
	// known yet.
	retryFloor = 20 * time.Millisecond
	// maxTries and maxMissing are when a packet is given up: what comes later
	// is of no use to a call.
	maxTries   = 10
	maxMissing = time.Second
)

// hole is one missing packet.
type hole struct {
	ext     uint64
	noticed time.Duration // since the epoch of the Losses
	next    time.Duration // when to ask again
	after   uint64        // count of newer packets when the hole was noticed
	tries   uint8
}

// Losses decides which packets of a stream to ask for again by generic NACK
// (RFC 4585, section 6.2.1). It counts with extended sequence numbers, as
// Reception gives them, and is not told of duplicates.
//
// A packet is missing from when one after it has come. It is asked for once two
// later packets have come or 10 ms have passed, for it may have been overtaken
// only; again after 1.5 round-trip times, and each time a fifth longer after
// that, so that a path in trouble is not filled with requests; and given up
// when the tenth is not answered, or after one second.
type Losses struct {
	most int

	mu      sync.Mutex
	started bool
	epoch   time.Time
	highest uint64
	newer   uint64 // packets that came in order or ahead
	holes   []hole // oldest first; never grows beyond its capacity

	asked, repaired, reordered, givenUp uint64
}

// NewLosses gives a Losses that keeps track of up to maxPending missing packets
// at a time, at least 16. When more are missing the oldest are given up; a gap
// longer than that is an interruption, and nothing before or in it is asked
// for.
func NewLosses(maxPending int) *Losses {
	maxPending = max(maxPending, 16)
	return &Losses{most: maxPending, holes: make([]hole, 0, maxPending)}
}

// Receive takes note of a packet that came at now. repaired is true when the
// packet was missing: it was sent again, or came late.
func (l *Losses) Receive(ext uint64, now time.Time) (repaired bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.started {
		l.started = true
		l.epoch = now
		l.highest = ext
		return false
	}
	if ext <= l.highest {
		return l.fill(ext)
	}
	if gap := ext - l.highest - 1; gap > 0 {
		l.open(gap, now.Sub(l.epoch))
	}
	l.highest = ext
	l.newer++
	return false
}

// open notes the gap packets after the highest as missing.
func (l *Losses) open(gap uint64, at time.Duration) {
	if gap > uint64(l.most) {
		l.drop(len(l.holes))
		return
	}
	if over := len(l.holes) + int(gap) - l.most; over > 0 {
		l.drop(over)
	}
	for ext := l.highest + 1; ext <= l.highest+gap; ext++ {
		l.holes = append(l.holes, hole{ext: ext, noticed: at, next: at, after: l.newer})
	}
}

// drop gives up the n oldest holes.
func (l *Losses) drop(n int) {
	l.givenUp += uint64(n)
	l.holes = l.holes[:copy(l.holes, l.holes[n:])]
}

// fill takes ext out of the holes, if it is one.
func (l *Losses) fill(ext uint64) bool {
	i := l.find(ext)
	if i == len(l.holes) || l.holes[i].ext != ext {
		return false
	}
	if l.holes[i].tries > 0 {
		l.repaired++
	} else {
		l.reordered++
	}
	l.holes = l.holes[:i+copy(l.holes[i:], l.holes[i+1:])]
	return true
}

// find gives the index of the first hole that is not before ext.
func (l *Losses) find(ext uint64) int {
	return sort.Search(len(l.holes), func(i int) bool { return l.holes[i].ext >= ext })
}

// Due appends to into the sequence numbers to ask for now, oldest first, and
// counts them as asked for. rtt is the round-trip time to the sender, 0 when
// not known. It allocates only when into has no room.
func (l *Losses) Due(now time.Time, rtt time.Duration, into []uint16) []uint16 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.holes) == 0 {
		return into
	}
	at := now.Sub(l.epoch)
	wait := min(max(rtt, retryFloor), maxMissing)
	kept := l.holes[:0]
	for _, h := range l.holes {
		if at-h.noticed >= maxMissing || (h.tries >= maxTries && at >= h.next) {
			l.givenUp++
			continue
		}
		if h.tries < maxTries && h.due(at, l.newer) {
			into = append(into, uint16(h.ext))
			l.asked++
			h.tries++
			h.next = at + grown(wait, h.tries)
		}
		kept = append(kept, h)
	}
	l.holes = kept
	return into
}

// due says whether to ask for h when newer packets have come in all.
func (h hole) due(at time.Duration, newer uint64) bool {
	if h.tries > 0 {
		return at >= h.next
	}
	return newer-h.after >= reorderPackets || at-h.noticed >= reorderTime
}

// grown is how long to wait for an answer to the given try, from 1 on.
func grown(wait time.Duration, try uint8) time.Duration {
	wait += wait / 2
	for range try - 1 {
		wait += wait / 5
	}
	return wait
}

// DropBefore gives up all that is missing before ext, for nothing needs it any
// more: a key frame starts at ext.
func (l *Losses) DropBefore(ext uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(l.find(ext))
}

// Counts gives how many requests were made (a packet counts each time it is
// asked for), how many packets came after they were asked for, and how many
// were given up.
func (l *Losses) Counts() (asked, repaired, givenUp uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked, l.repaired, l.givenUp
}

// Reordered gives how many packets were missing for a while and came before
// they were asked for.
func (l *Losses) Reordered() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reordered
}

// Pending gives how many packets are missing now.
func (l *Losses) Pending() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.holes)
}
