package datagram

import "math/bits"

// Batch gathers packets for many destinations and sends them together. One
// goroutine uses it.
type Batch struct {
	arena   []byte // the packets, one after the other
	used    int    // bytes of arena
	packets []packet
	groups  []group // one for each destination of packets
	sockets []*Socket
	table   table
	out     outbox
}

// packet is a packet in the arena; the packets of a group are a chain.
type packet struct {
	at, size int32
	next     int32 // the next of the group, or none
}

// group is what goes to one destination.
type group struct {
	to          *Dest
	first, last int32
	socket      int32 // its place in sockets
}

const none = -1

// arenaAlign keeps packets from sharing a word with their neighbours.
const arenaAlign = 16

// NewBatch makes a Batch for so many packets; adding more flushes it.
func NewBatch(packets int) *Batch {
	packets = max(packets, 1)
	return &Batch{
		arena:   make([]byte, packets*(BufferSize+arenaAlign)),
		packets: make([]packet, 0, packets),
		groups:  make([]group, 0, packets),
		table:   newTable(packets),
		out:     newOutbox(packets),
	}
}

// Buffer is room for the next packet, always BufferSize bytes, with whatever
// was there before. It sends what was gathered when the batch is full.
func (b *Batch) Buffer() []byte {
	if len(b.packets) == cap(b.packets) || b.used+BufferSize > len(b.arena) {
		b.Flush()
	}
	return b.arena[b.used : b.used+BufferSize : b.used+BufferSize]
}

// Add makes the first n bytes of what Buffer gave last a packet for to; n of 0
// is no packet. A Dest in memory gets it at once.
func (b *Batch) Add(to *Dest, n int) {
	if n <= 0 {
		return
	}
	if to.direct != nil {
		to.direct(b.arena[b.used : b.used+n : b.used+n])
		return
	}
	i := int32(len(b.packets))
	b.packets = append(b.packets, packet{at: int32(b.used), size: int32(n), next: none})
	b.used += (n + arenaAlign - 1) &^ (arenaAlign - 1)
	g, known := b.table.place(to, b.groups)
	if known {
		at := &b.groups[g]
		b.packets[at.last].next = i
		at.last = i
		return
	}
	b.groups = append(b.groups, group{to: to, first: i, last: i, socket: b.socketOf(to)})
}

// socketOf is the place of to's socket; a batch has few.
func (b *Batch) socketOf(to *Dest) int32 {
	for i, s := range b.sockets {
		if s == to.socket {
			return int32(i)
		}
	}
	b.sockets = append(b.sockets, to.socket)
	return int32(len(b.sockets) - 1)
}

// Len is how many packets are gathered.
func (b *Batch) Len() int { return len(b.packets) }

// Flush sends all packets. What the kernel does not take is counted in the
// Stats of its socket.
func (b *Batch) Flush() {
	if len(b.packets) == 0 {
		return
	}
	for i, s := range b.sockets {
		for k := range b.groups {
			if g := &b.groups[k]; g.socket == int32(i) {
				b.out.add(s, g, b)
			}
		}
		b.out.flush(s)
	}
	clear(b.groups) // a Batch at rest keeps no Dest and no Socket
	clear(b.sockets)
	b.groups, b.sockets, b.packets, b.used = b.groups[:0], b.sockets[:0], b.packets[:0], 0
	b.table.forget()
}

// bytes is packet p itself.
func (b *Batch) bytes(p *packet) []byte { return b.arena[p.at : p.at+p.size] }

// table finds the group of a destination: an open-addressed hash table with
// linear probing. A slot counts only if it carries the present generation, so
// that forgetting all is one addition.
type table struct {
	slots      []slot
	shift      uint8
	generation uint32
}

type slot struct {
	generation uint32
	group      int32
}

// newTable makes a table for so many destinations, at most half full.
func newTable(dests int) table {
	size := bits.Len(uint(2*dests - 1))
	return table{slots: make([]slot, 1<<size), shift: uint8(32 - size), generation: 1}
}

// place is the group of to. A destination that is not known yet gets the place
// after the last of groups, where the caller is to put it.
func (t *table) place(to *Dest, groups []group) (group int, known bool) {
	mask := uint32(len(t.slots) - 1)
	for i := to.hash >> t.shift; ; i = (i + 1) & mask {
		s := &t.slots[i&mask]
		if s.generation != t.generation {
			*s = slot{generation: t.generation, group: int32(len(groups))}
			return len(groups), false
		}
		if groups[s.group].to == to {
			return int(s.group), true
		}
	}
}

func (t *table) forget() {
	t.generation++
	if t.generation == 0 { // after 2³² flushes the stamps come round
		clear(t.slots)
		t.generation = 1
	}
}
