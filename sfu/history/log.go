package history

// chunkBytes holds ten full video packets of a browser (about 1,200 bytes with
// their headers), and is a size that Go's allocator has without rounding up.
const chunkBytes = 12 << 10

// chunk is a piece of the log.
type chunk struct {
	bytes *[chunkBytes]byte
	at    int64  // when its newest packet was stored
	count uint64 // how many packets had been stored then, that one included
}

// log holds the bytes of packets, the oldest first. All but its last chunk
// are full.
type log struct {
	chunks []chunk // of which those before front are gone
	front  int
	serial uint16 // of the chunk at front, modulo 65,536
	used   int    // bytes of the last chunk

	free []*[chunkBytes]byte
	peak int // the most chunks in use since the last trim
}

// append copies packet behind the newest one, and says where it lies.
func (l *log) append(packet []byte, at int64, count uint64) (serial, offset uint16) {
	if l.inUse() == 0 || l.used+len(packet) > chunkBytes {
		l.extend()
	}
	last := &l.chunks[len(l.chunks)-1]
	last.at, last.count = at, count
	offset = uint16(l.used)
	l.used += copy(last.bytes[l.used:], packet)
	return l.serial + uint16(l.inUse()-1), offset
}

func (l *log) inUse() int { return len(l.chunks) - l.front }

// extend begins a chunk.
func (l *log) extend() {
	var bytes *[chunkBytes]byte
	if n := len(l.free); n > 0 {
		bytes, l.free[n-1] = l.free[n-1], nil
		l.free = l.free[:n-1]
	} else {
		bytes = new([chunkBytes]byte)
	}
	l.chunks = append(l.chunks, chunk{bytes: bytes})
	l.used = 0
	l.peak = max(l.peak, l.inUse())
}

// find gives the chunk with that serial number, or nil when it is gone. A
// number that came round is told apart by the age of the packet.
func (l *log) find(serial uint16) *chunk {
	i := int(serial - l.serial)
	if i >= l.inUse() {
		return nil
	}
	return &l.chunks[l.front+i]
}

// expire frees the chunks whose newest packet was stored before oldest, or is
// one of the first forgotten that were stored.
func (l *log) expire(oldest int64, forgotten uint64) {
	for l.front < len(l.chunks) {
		c := &l.chunks[l.front]
		if c.at >= oldest && c.count > forgotten {
			break
		}
		l.drop()
	}
}

// drop frees the chunk at the front. What is left moves to the beginning when
// as much is gone before it, so that the slice need not grow.
func (l *log) drop() {
	l.free = append(l.free, l.chunks[l.front].bytes)
	l.chunks[l.front].bytes = nil
	l.front++
	l.serial++
	if 2*l.front >= len(l.chunks) {
		n := copy(l.chunks, l.chunks[l.front:])
		clear(l.chunks[n:])
		l.chunks, l.front = l.chunks[:n], 0
	}
}

// clear frees all chunks.
func (l *log) clear() {
	for l.inUse() > 0 {
		l.drop()
	}
}

// trim gives free chunks back to the runtime that were not needed since the
// last trim, but for a few.
func (l *log) trim(spare int) {
	keep := min(max(l.peak+spare-l.inUse(), 0), len(l.free))
	if keep < len(l.free) {
		clear(l.free[keep:])
		l.free = l.free[:keep]
	}
	l.peak = l.inUse()
}

// size is the memory held.
func (l *log) size() int {
	return (l.inUse()+len(l.free))*chunkBytes + cap(l.chunks)*entryBytes + cap(l.free)*pointerBytes
}
