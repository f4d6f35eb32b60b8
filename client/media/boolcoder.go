package media

// boolCoder is the boolean entropy encoder of RFC 6386 section 7.3: it codes
// one bit at a time, each with the probability, in 256ths, that it is 0.
type boolCoder struct {
	out    []byte
	low    uint64 // bottom of the interval; the top bits leave as bytes
	rng    uint32 // its width, 128 to 255 after each bit
	shifts int    // bits until the next byte leaves
}

func newBoolCoder() *boolCoder { return &boolCoder{rng: 255, shifts: 24} }

// bit codes one bit.
func (c *boolCoder) bit(v bool, prob uint8) {
	split := 1 + ((c.rng-1)*uint32(prob))>>8
	if v {
		c.low += uint64(split)
		c.rng -= split
	} else {
		c.rng = split
	}
	for c.rng < 128 {
		c.rng <<= 1
		c.shift()
	}
}

// shift moves the interval up by one bit. low is a number of 32 bits; bit 32
// is a carry into what has left already.
func (c *boolCoder) shift() {
	if c.low&(1<<31) != 0 {
		c.carry()
	}
	c.low = (c.low << 1) & 0xffffffff
	if c.shifts--; c.shifts == 0 {
		c.out = append(c.out, byte(c.low>>24))
		c.low &= 0xffffff
		c.shifts = 8
	}
}

// carry adds one to the bytes that have left.
func (c *boolCoder) carry() {
	for i := len(c.out) - 1; i >= 0; i-- {
		c.out[i]++
		if c.out[i] != 0 {
			return
		}
	}
}

// literal codes an unsigned number of n bits, the highest first.
func (c *boolCoder) literal(v uint32, n int) {
	for i := n - 1; i >= 0; i-- {
		c.bit(v>>i&1 == 1, 128)
	}
}

// flag codes one even bit.
func (c *boolCoder) flag(v bool) { c.bit(v, 128) }

// finish gives the coded bytes.
func (c *boolCoder) finish() []byte {
	for range 32 {
		c.shift()
	}
	return c.out
}
