package srtp

// half is half of the sequence numbers.
const half = 1 << 15

// estimate says which index (ROC and sequence number) a packet has, given the
// highest so far of its stream (RFC 3711 section 3.3.1): the nearest one with
// that sequence number. While the highest is in the first half of ROC 0 there
// is nothing before it, so ROC 0 is all that it can be; all implementations
// begin like that.
func estimate(highest uint64, seq uint16) uint64 {
	roc, last, now := highest>>16, highest&0xffff, uint64(seq)
	switch {
	case highest <= half:
	case last < half && now > last+half:
		roc--
	case last >= half && now < last-half:
		roc++
	}
	return roc<<16 | now
}

// window remembers which of the last indices of a stream came (RFC 3711
// section 3.3.2): bit i%64 of word i/64 stands for index i. The words are
// used in turns; one more than the window fills is there, as the window seldom
// begins where a word does.
type window struct {
	highest uint64
	words   []uint64
}

// newWindow begins with the first index, for size packets, a multiple of 64.
func newWindow(size int, first uint64) window {
	w := window{highest: first, words: make([]uint64, size/64+1)}
	*w.word(first) = 1 << (first % 64)
	return w
}

func (w *window) word(index uint64) *uint64 { return &w.words[index/64%uint64(len(w.words))] }

// fresh says whether index did not come before and is not too old to tell.
func (w *window) fresh(index uint64) bool {
	if index > w.highest {
		return true
	}
	size := uint64(len(w.words)-1) * 64
	return w.highest-index < size && *w.word(index)>>(index%64)&1 == 0
}

// note remembers a fresh index.
func (w *window) note(index uint64) {
	if index > w.highest {
		blocks := min(index/64-w.highest/64, uint64(len(w.words)))
		for i := range blocks {
			*w.word(index - i*64) = 0
		}
		w.highest = index
	}
	*w.word(index) |= 1 << (index % 64)
}
