// Package history keeps the last packets of an uplink, so that a receiver who
// reports one of them missing (a NACK, RFC 4585, section 6.2.1) gets it from
// the server and the sender is not asked.
//
// # How it is kept
//
// A Ring has a fixed number of places; a packet goes to the place of its
// sequence number modulo that count, over whatever was there. A place
// remembers the whole sequence number, so a number that was never stored, or
// was overwritten since, is told apart from one that is there; and it remembers
// when it was stored, so a place that a gap of lost packets left alone for a
// turn of the sequence numbers is not taken for its namesake.
//
// # Memory
//
// Bytes are held in buffers of a few sizes (see sizes): a packet takes the
// smallest that fits. A place gives its buffer back when it is overwritten and
// takes one for the new packet. New buffers are made a slab at a time, and only
// when none of that size is free; none is ever given back to the runtime while
// the Ring lives. So a ring of audio holds a fraction of what a ring of video
// holds, an idle one holds next to nothing, and once each size has been in use
// as often as it ever will be, Store no longer allocates.
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
	// to the newest packet. No receiver waits longer for a repair, and the
	// sequence numbers of even 10,000 packets a second do not come round
	// within it.
	MaxAge = 5 * time.Second
)

// sizes are the buffer sizes in bytes, from which the smallest that fits is
// taken. Audio at common bit rates falls in the first two; a full video packet
// of a browser (about 1,200 bytes with its header) in the fifth.
var sizes = [...]int{128, 256, 512, 1024, 1280, MaxPacket}

// slabBuffers is how many buffers are made at once.
const slabBuffers = 16

// sizeFor maps a packet's length in units of 4 bytes, rounded up, to the index
// of its buffer size.
var sizeFor = func() (table [MaxPacket/4 + 1]uint8) {
	class := 0
	for i := range table {
		for i*4 > sizes[class] {
			class++
		}
		table[i] = uint8(class)
	}
	return table
}()

// place holds one packet. A place without a buffer is empty.
type place struct {
	buffer []byte // of one of the sizes, from the free list
	at     int64  // when it was stored, nanoseconds since the ring's first packet
	length uint16
	seq    uint16
	class  uint8
}

// Stats is what a Ring has done so far and what it holds.
type Stats struct {
	// Stored counts packets taken in, Oversize those that were larger than
	// MaxPacket and were not.
	Stored, Oversize uint64
	// Found and Missed count what was asked for by Load.
	Found, Missed uint64
	// Bytes is the memory held in buffers and places.
	Bytes int
}

// Ring is the history of one stream. Store is for one goroutine; the other
// methods are for any.
type Ring struct {
	mask uint16

	mu     sync.Mutex // held for one copy of at most MaxPacket bytes
	places []place
	free   [len(sizes)][][]byte
	made   [len(sizes)]int // buffers in existence by size
	start  time.Time       // when the first packet was stored
	newest int64           // when the newest was, since start
	stats  Stats
}

// New gives an empty Ring that keeps the last packets packets. The number is a
// power of two from MinPackets to MaxPackets; any other is rounded up, or to
// the nearest bound.
func New(packets int) *Ring {
	packets = min(max(packets, MinPackets), MaxPackets)
	packets = 1 << bits.Len(uint(packets-1))
	r := &Ring{mask: uint16(packets - 1), places: make([]place, packets)}
	r.stats.Bytes = packets * placeBytes
	return r
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
		r.start = now
	}
	r.stats.Stored++
	p := &r.places[seq&r.mask]
	class := sizeFor[(len(packet)+3)/4]
	if p.buffer == nil || p.class != class {
		r.exchange(p, class)
	}
	p.seq, p.length = seq, uint16(copy(p.buffer, packet))
	p.at = int64(now.Sub(r.start))
	r.newest = max(r.newest, p.at)
}

// exchange gives p a buffer of another size.
func (r *Ring) exchange(p *place, class uint8) {
	if p.buffer != nil {
		r.free[p.class] = append(r.free[p.class], p.buffer)
	}
	if len(r.free[class]) == 0 {
		r.grow(class)
	}
	last := len(r.free[class]) - 1
	p.buffer, p.class = r.free[class][last], class
	r.free[class][last] = nil
	r.free[class] = r.free[class][:last]
}

// grow makes a slab of buffers. The free list gets room for every buffer of
// its size, so that giving one back never allocates.
func (r *Ring) grow(class uint8) {
	size := sizes[class]
	r.made[class] += slabBuffers
	list := r.free[class] // empty
	if was := cap(list); was < r.made[class] {
		list = make([][]byte, 0, max(r.made[class], 2*was))
		r.stats.Bytes += (cap(list) - was) * sliceBytes
	}
	slab := make([]byte, slabBuffers*size)
	r.stats.Bytes += len(slab)
	for i := range slabBuffers {
		list = append(list, slab[i*size:(i+1)*size:(i+1)*size])
	}
	r.free[class] = list
}

// Load copies the packet with sequence number seq into into, and returns its
// length. ok is false when it was never there, is overwritten or older than
// MaxAge, or does not fit; into of MaxPacket bytes fits any.
func (r *Ring) Load(seq uint16, into []byte) (n int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &r.places[seq&r.mask]
	if p.buffer == nil || p.seq != seq || r.newest-p.at > int64(MaxAge) || int(p.length) > len(into) {
		r.stats.Missed++
		return 0, false
	}
	r.stats.Found++
	return copy(into, p.buffer[:p.length]), true
}

// Reset forgets all packets and keeps the memory and the counts. It is for a
// source that starts its sequence numbers anew.
func (r *Ring) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.places {
		p := &r.places[i]
		if p.buffer != nil {
			r.free[p.class] = append(r.free[p.class], p.buffer)
			p.buffer = nil
		}
	}
}

// Stats reports what the Ring has done and what it holds.
func (r *Ring) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats
}
