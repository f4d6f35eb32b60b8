package codec

// The bits of the first byte of the VP9 payload descriptor (RFC 9628, 4.2).
const (
	vp9PictureID  = 0x80 // I: a picture id follows
	vp9Predicted  = 0x40 // P: the frame depends on earlier pictures
	vp9Layers     = 0x20 // L: layer indices follow
	vp9Flexible   = 0x10 // F: flexible mode
	vp9Begin      = 0x08 // B: first packet of a (layer) frame
	vp9Structured = 0x02 // V: a scalability structure follows
)

// inspectVP9 reads the payload descriptor (RFC 9628, 4.2)
//
//	 0 1 2 3 4 5 6 7
//	+-+-+-+-+-+-+-+-+
//	|I|P|L|F|B|E|V|Z| always
//	|M| picture id  | when I; two bytes when M
//	| TID |U| SID |D| when L
//	|   TL0PICIDX   | when L and not F
//	|   P_DIFF    |N| when F and P; up to three, while N
//	|      …        | when V: scalability structure
//	+-+-+-+-+-+-+-+-+
//
// A key frame is one that does not depend on earlier pictures, in its lowest
// spatial layer. That comes from the descriptor, which stays readable when the
// frame itself is encrypted end to end.
func inspectVP9(payload []byte) Frame {
	first := payload[0]
	n := 1
	if first&vp9PictureID != 0 {
		if len(payload) <= n {
			return Frame{}
		}
		n += 1 + int(payload[n]>>7)
	}
	spatial := byte(0)
	if first&vp9Layers != 0 {
		if len(payload) <= n {
			return Frame{}
		}
		spatial = payload[n] >> 1 & 7
		n++
		if first&vp9Flexible == 0 {
			n++
		}
	}
	var f Frame
	f.Start = first&vp9Begin != 0 && spatial == 0
	f.Key = f.Start && first&vp9Predicted == 0

	if first&vp9Flexible != 0 && first&vp9Predicted != 0 {
		for more, i := true, 0; more && i < 3; i++ {
			if len(payload) <= n {
				return f
			}
			more = payload[n]&1 != 0
			n++
		}
	}
	if len(payload) <= n {
		return f
	}
	rest := payload[n:]
	if first&vp9Structured != 0 {
		sized, end := vp9Structure(f, rest)
		if sized.Width != 0 || end >= len(rest) {
			return sized
		}
		rest = rest[end:]
	}
	if !f.Key {
		return f
	}
	return vp9Header(f, rest)
}

// vp9Structure reads the scalability structure (RFC 9628, 4.2.1):
//
//	| N_S |Y|G| RSV |
//	| WIDTH, HEIGHT | when Y: 16 bits each, N_S+1 times
//	|      N_G      | when G
//	| TID |U| R |RSV| N_G times, each followed by R bytes of P_DIFF
//
// It returns the size of the largest layer and where the structure ends; the
// end is len(data) when the structure is cut short.
func vp9Structure(f Frame, data []byte) (Frame, int) {
	layers := int(data[0]>>5) + 1
	n := 1
	if data[0]&0x10 != 0 {
		if len(data) < n+4*layers {
			return f, len(data)
		}
		var width, height uint32
		for range layers {
			w := uint32(data[n])<<8 | uint32(data[n+1])
			h := uint32(data[n+2])<<8 | uint32(data[n+3])
			if w*h > width*height {
				width, height = w, h
			}
			n += 4
		}
		f = f.dimensions(width, height)
	}
	if data[0]&0x08 == 0 {
		return f, n
	}
	if len(data) <= n {
		return f, len(data)
	}
	pictures := int(data[n])
	n++
	for range pictures {
		if len(data) <= n {
			return f, len(data)
		}
		n += 1 + int(data[n]>>2&3)
	}
	return f, min(n, len(data))
}

// vp9Header reads the size from the uncompressed header of a key frame (VP9
// bitstream specification, 6.2 and 7.2). Anything else, an encrypted frame
// too, lacks the sync code and gives f as it is.
func vp9Header(f Frame, data []byte) Frame {
	const (
		syncCode = 0x498342
		rgb      = 7
	)
	b := bits{data: data}
	if b.read(2) != 2 { // frame_marker
		return f
	}
	profile := b.bit()
	profile |= b.bit() << 1
	if profile == 3 {
		b.skip(1) // reserved
	}
	if b.flag() { // show_existing_frame
		return f
	}
	if b.flag() { // frame_type: not a key frame
		return f
	}
	b.skip(2) // show_frame, error_resilient_mode
	if b.read(24) != syncCode {
		return f
	}
	if profile >= 2 {
		b.skip(1) // ten_or_twelve_bit
	}
	if b.read(3) != rgb { // color_space
		b.skip(1) // color_range
		if profile&1 == 1 {
			b.skip(3) // subsampling_x, subsampling_y, reserved
		}
	} else if profile&1 == 1 {
		b.skip(1) // reserved
	}
	width, height := b.read(16)+1, b.read(16)+1
	if b.overrun {
		return f
	}
	return f.dimensions(width, height)
}
