package media

// The frames here are the plainest that VP8 knows (RFC 6386): a key frame
// predicts every macroblock from its edge by the DC mode, an inter frame copies
// the last frame, and neither has a coefficient. So the second partition, which
// would hold coefficients, is never read, and may hold anything.

// macroblocks is how many macroblocks of 16 pixels cover n pixels.
func macroblocks(n int) int { return (n + 15) / 16 }

// vp8Header codes everything of a frame up to and including its first
// partition: frame tag, for key frames start code and size (RFC 6386 section
// 9.1), and the header fields and macroblock modes (section 19).
func vp8Header(key bool, width, height int) []byte {
	c := newBoolCoder()
	if key {
		c.literal(0, 2) // colour space, clamping
	}
	c.flag(false)    // no segments
	c.literal(0, 10) // loop filter off: type, level 0, sharpness
	c.flag(false)    // no filter deltas
	c.literal(0, 2)  // one partition of coefficients
	c.literal(0, 12) // quantizer index 0 and no deltas
	if key {
		c.flag(false) // probabilities are for this frame alone
	} else {
		c.literal(0, 2) // golden and altref stay
		c.literal(0, 4) // and are not copied
		c.literal(0, 2) // no sign bias
		c.flag(false)   // probabilities are for this frame alone
		c.flag(true)    // the frame becomes the last frame
	}
	c.noTokenUpdates()
	c.flag(true)    // macroblocks say whether they have coefficients …
	c.literal(1, 8) // … and nearly all have none
	if !key {
		c.literal(1, 8)   // nearly all are inter-coded
		c.literal(255, 8) // nearly all refer to the last frame
		c.literal(128, 8)
		c.literal(0, 2) // intra modes' probabilities stay
		for _, p := range mvUpdateProbs {
			c.bit(false, p)
		}
	}
	mode := keyMacroblock
	if !key {
		mode = interMacroblock
	}
	for y := range macroblocks(height) {
		for x := range macroblocks(width) {
			c.bit(true, 1) // no coefficients
			mode(c, x, y)
		}
	}
	return append(vp8Tag(key, len(c.finish()), width, height), c.out...)
}

// vp8Tag is the uncompressed head of a frame.
func vp8Tag(key bool, firstPartition, width, height int) []byte {
	const show = 1 << 4
	tag := uint32(firstPartition)<<5 | show
	if !key {
		tag |= 1
	}
	b := []byte{byte(tag), byte(tag >> 8), byte(tag >> 16)}
	if key {
		b = append(b, 0x9d, 0x01, 0x2a, byte(width), byte(width>>8), byte(height), byte(height>>8))
	}
	return b
}

// noTokenUpdates codes the 1056 flags of section 13.4 as "no update". Each has
// a probability of its own, but zeros never move the bottom of the interval:
// all that they do together is to narrow it. From a width of 128, which a
// flag of even odds always leaves here, it comes to 193 after 14 shifts.
func (c *boolCoder) noTokenUpdates() {
	if c.rng != 128 {
		panic("media: the interval before the token updates is not 128 wide")
	}
	for range 14 {
		c.shift()
	}
	c.rng = 193
}

// keyMacroblock codes DC prediction for luma and chroma, by the fixed
// probabilities of section 11.2.
func keyMacroblock(c *boolCoder, _, _ int) {
	c.bit(true, 145) // not by subblocks
	c.bit(false, 156)
	c.bit(false, 163)
	c.bit(false, 142)
}

// interMacroblock codes a copy from the last frame without motion. How likely
// that is depends on how many neighbours did the same (section 18.3): above and
// left count two each, above left one.
func interMacroblock(c *boolCoder, x, y int) {
	c.bit(true, 1)    // inter
	c.bit(false, 255) // the last frame
	n := 0
	if y > 0 {
		n += 2
	}
	if x > 0 {
		n += 2
	}
	if x > 0 && y > 0 {
		n++
	}
	c.bit(false, [...]uint8{0: 7, 1: 14, 2: 135, 3: 60, 4: 159, 5: 234}[n])
}

// mvUpdateProbs are the odds of the flags that say which probabilities of
// motion vectors change (section 17.2), rows first, then columns.
var mvUpdateProbs = [2 * 19]uint8{
	237, 246, 253, 253, 254, 254, 254, 254, 254, 254, 254, 254, 254, 254, 250, 250, 252, 254, 254,
	231, 243, 245, 253, 254, 254, 254, 254, 254, 254, 254, 254, 254, 254, 251, 251, 254, 254, 254,
}
