package codec

// bits reads big-endian bit fields from data. Reading past the end gives zeros
// and is remembered in overrun, so a parser reads all it wants and asks once.
type bits struct {
	data []byte
	pos  int // in bits
	// zeros counts the zero bytes that directly precede the current one; only
	// kept when escaped.
	zeros int
	// escaped data is that of an H.264 NAL unit: a byte 3 after two zero bytes
	// is not part of the content (ITU-T H.264, 7.4.1.1).
	escaped bool
	overrun bool
}

// bit reads one bit.
func (b *bits) bit() uint32 {
	at := b.pos >> 3
	if b.escaped && b.pos&7 == 0 && at < len(b.data) {
		if b.zeros >= 2 && b.data[at] == 3 {
			b.zeros = 0
			b.pos += 8
			at++
		}
		if at < len(b.data) && b.data[at] == 0 {
			b.zeros++
		} else {
			b.zeros = 0
		}
	}
	if at >= len(b.data) {
		b.overrun = true
		return 0
	}
	v := uint32(b.data[at]>>(7-b.pos&7)) & 1
	b.pos++
	return v
}

// flag reads one bit as a truth value.
func (b *bits) flag() bool { return b.bit() == 1 }

// read reads n bits, n ≤ 32.
func (b *bits) read(n int) uint32 {
	var v uint32
	for range n {
		v = v<<1 | b.bit()
	}
	return v
}

// skip reads n bits and forgets them.
func (b *bits) skip(n int) {
	for range n {
		b.bit()
		if b.overrun {
			return
		}
	}
}

// golomb reads an unsigned Exp-Golomb code, ue(v) of H.264 (9.1); the same
// code is uvlc() of AV1 (4.10.3). A code of more than 32 bits is an overrun.
func (b *bits) golomb() uint32 {
	zeros := 0
	for !b.flag() {
		zeros++
		if zeros > 31 || b.overrun {
			b.overrun = true
			return 0
		}
	}
	return 1<<zeros - 1 + b.read(zeros)
}

// signedGolomb reads se(v) of H.264 (9.1.1).
func (b *bits) signedGolomb() int32 {
	v := b.golomb()
	if v&1 == 1 {
		return int32(v/2) + 1
	}
	return -int32(v / 2)
}
