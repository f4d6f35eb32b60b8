// Package history keeps the last packets of an uplink, so that a receiver who
// reports one of them missing (a NACK, RFC 4585, section 6.2.1) gets it from
// the server and the sender is not asked.
//
// # How it is kept
//
// The bytes of the packets lie one after the other in a log, in the order in
// which they were stored. The log is made of chunks; a packet lies in one chunk
// whole. A table says where in the log a packet lies: the one with sequence
// number seq has the place seq modulo the table's length, over whatever was
// there.
//
//	table   | 7@… | 8@… | 9@… |     | 3@… | …      seq and where
//	log     | 3 4 5 6 … | … | … 7 8 9 .. |         chunks, the oldest first
//
// A place remembers the whole sequence number, so a number that was never
// stored, or was overwritten since, is told apart from one that is there; and
// it remembers when it was stored, so a place that a gap of lost packets left
// alone for a turn of the sequence numbers is not taken for its namesake.
//
// # Memory
//
// Memory follows what is worth keeping, not what could be kept: a Ring holds
// the packets of the last MaxAge, and no more than the number it was made for.
// When the newest packet of the oldest chunk is beyond either, the chunk is
// free for new packets, which is little work, as packets grow old in the order
// in which they lie. The table starts small and doubles when a packet would go
// over one that is still worth keeping.
//
// So there are as many chunks as the stream fills in MaxAge, and one or two.
// A burst makes more; those that a whole trimPeriod did not need are given back
// to the runtime at its end. A steady stream never allocates: it goes round in
// the chunks that it has. The table keeps its size, as it is small.
//
// All this happens when packets are stored. For a stream that pauses, Expire
// does it.
package history

import (
	"math/bits"
	"sync"
	"time"
)

// Limits of a Ring.
const (
	// MaxPacket is the largest packet in bytes that is kept. Larger ones do
	// not come over a path with the usual 1,500 byte MTU.
	MaxPacket = 1500
	// MinPackets and MaxPackets bound the places of a Ring. The upper bound
	// leaves half of the 65,536 sequence numbers free, so that old and new can
	// be told apart.
	MinPackets, MaxPackets = 16, 32768
	// MaxAge is how long a packet is handed out after it was stored, counted
	// to the newest packet. A receiver's jitter buffer waits about a second for
	// a repair, or three round trips; what comes later is of no use to it.
	MaxAge = 1500 * time.Millisecond
)

const (
	// firstPlaces is where the table starts: enough for MaxAge of 85 packets
	// a second.
	firstPlaces = 128
	// trimPeriod is how long a burst's memory is kept at least, so that
	// bursts that come one after the other (key frames) do not make it anew
	// each time. It is given back at the end of the period after.
	trimPeriod = 10 * time.Second
	// spareChunks stay free beyond what a period needed, as a stream is never
	// quite steady.
	spareChunks = 1
)

// place says where a packet is. The zero place is empty: the clock starts so
// late that it is older than MaxAge.
type place struct {
	at     int64  // when it was stored, by the ring's clock
	chunk  uint16 // the chunk's serial number, modulo 65,536
	offset uint16 // in the chunk
	length uint16
	seq    uint16
}

// Stats is what a Ring has done so far and what it holds.
type Stats struct {
	// Stored counts packets taken in, Oversize those that were larger than
	// MaxPacket and were not.
	Stored, Oversize uint64
	// Found and Missed count what was asked for by Load.
	Found, Missed uint64
	// Bytes is the memory held in chunks and places.
	Bytes int
}

// Ring is the history of one stream. Store is for one goroutine; the other
// methods are for any.
type Ring struct {
	packets int // to keep at most

	mu     sync.Mutex // held for one copy of at most MaxPacket bytes
	places []place    // a power of two, up to packets
	log    log
	start  time.Time // when the first packet was stored
	newest int64     // when the newest was, by the clock of now
	trim   int64     // when free chunks are given back next
	stats  Stats
}

// New gives an empty Ring that keeps the last packets packets, if they are not
// older than MaxAge. The number is a power of two from MinPackets to
// MaxPackets; any other is rounded up, or to the nearest bound.
func New(packets int) *Ring {
	packets = min(max(packets, MinPackets), MaxPackets)
	packets = 1 << bits.Len(uint(packets-1))
	return &Ring{packets: packets, places: make([]place, min(packets, firstPlaces))}
}

// Store keeps a copy of packet, a whole RTP packet with sequence number seq
// that came at now. A packet larger than MaxPacket is counted and not kept.
func (r *Ring) Store(seq uint16, packet []byte, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(packet) > MaxPacket {
		r.stats.Oversize++
		return
	}
	if r.stats.Stored == 0 {
		r.start, r.trim = now, int64(MaxAge+trimPeriod)
	}
	r.stats.Stored++
	r.advance(now)
	p := r.placeFor(seq)
	p.at, p.seq, p.length = r.newest, seq, uint16(len(packet))
	p.chunk, p.offset = r.log.append(packet, r.newest, r.stats.Stored)
}

// advance moves the clock to now and gives chunks back that it leaves behind.
func (r *Ring) advance(now time.Time) {
	// The clock starts beyond MaxAge, for the zero place to be old. It never
	// goes back.
	r.newest = max(r.newest, int64(now.Sub(r.start)+MaxAge+1))
	stored, keep := r.stats.Stored, uint64(r.packets)
	r.log.expire(r.newest-int64(MaxAge), max(stored, keep)-keep)
	if r.newest >= r.trim {
		r.trim = r.newest + int64(trimPeriod)
		r.log.trim(spareChunks)
	}
}

// placeFor gives the place of a sequence number, in a table that is large
// enough not to lose another packet by it, as far as that is allowed.
func (r *Ring) placeFor(seq uint16) *place {
	for {
		p := &r.places[int(seq)&(len(r.places)-1)]
		if p.seq == seq || len(r.places) == r.packets || !r.holds(p) {
			return p
		}
		r.grow()
	}
}

// holds says whether p's packet is in the log and not too old.
func (r *Ring) holds(p *place) bool {
	return r.newest-p.at <= int64(MaxAge) && r.log.find(p.chunk) != nil
}

// grow doubles the table. Two packets that have places of their own also do
// in the larger table.
func (r *Ring) grow() {
	old := r.places
	r.places = make([]place, 2*len(old))
	for _, p := range old {
		if r.holds(&p) {
			r.places[int(p.seq)&(len(r.places)-1)] = p
		}
	}
}

// Load copies the packet with sequence number seq into into, and returns its
// length. ok is false when it was never there, is overwritten or older than
// MaxAge, or does not fit; into of MaxPacket bytes fits any.
func (r *Ring) Load(seq uint16, into []byte) (n int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &r.places[int(seq)&(len(r.places)-1)]
	if p.seq != seq || !r.holds(p) || int(p.length) > len(into) {
		r.stats.Missed++
		return 0, false
	}
	r.stats.Found++
	return copy(into, r.log.find(p.chunk).bytes[p.offset:p.offset+p.length]), true
}

// Expire gives back the memory of packets that are older than MaxAge at now.
// Store does the same; Expire is for a stream that may have paused, whose
// history would otherwise stay. Once in a second is enough.
func (r *Ring) Expire(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stats.Stored > 0 {
		r.advance(now)
	}
}

// Reset forgets all packets and keeps the memory and the counts. It is for a
// source that starts its sequence numbers anew.
func (r *Ring) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log.clear() // the places point to chunks that are gone
}

// Stats reports what the Ring has done and what it holds.
func (r *Ring) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stats
	s.Bytes = cap(r.places)*placeBytes + r.log.size()
	return s
}
