package codec

// The bits of the AV1 aggregation header (RTP payload format for AV1, 4.4).
const (
	av1Continues   = 0x80 // Z: the first element continues one of the packet before
	av1NewSequence = 0x08 // N: first packet of a coded video sequence
)

// The OBU types that open a frame (AV1 bitstream specification, 6.2.2).
const (
	obuSequenceHeader = 1
	obuFrameHeader    = 3
	obuFrame          = 6
)

var obuOpensFrame = [16]bool{obuSequenceHeader: true, obuFrameHeader: true, obuFrame: true}

// inspectAV1 reads the aggregation header (RTP payload format for AV1, 4.4)
//
//	 0 1 2 3 4 5 6 7
//	+-+-+-+-+-+-+-+-+
//	|Z|Y| W |N|-|-|-|
//	+-+-+-+-+-+-+-+-+
//
// and the headers of the OBU elements behind it. Each element has its length
// in leb128 before it, but the last one when W counts the elements.
func inspectAV1(payload []byte) Frame {
	first := payload[0]
	count := int(first >> 4 & 3)
	continues := first&av1Continues != 0

	var f Frame
	f.Key = first&av1NewSequence != 0 && !continues
	f.Start = f.Key
	rest := payload[1:]
	for i := 0; len(rest) > 0; i++ {
		element := rest
		if count != 0 && i == count-1 {
			rest = nil
		} else {
			size, n := leb128(rest)
			if n == 0 {
				return f
			}
			element = rest[n:]
			element = element[:min(size, uint64(len(element)))]
			rest = rest[n+len(element):]
		}
		if len(element) == 0 || (i == 0 && continues) {
			continue
		}
		f = inspectOBU(f, element)
	}
	return f
}

// inspectOBU reads the header of an OBU (AV1 bitstream specification, 5.3.2)
//
//	|F|  type |X|S|-| X: extension follows; S: size follows
//	| TID | SID |RES| when X
//	|     size …    | when S: leb128
//
// and the sequence header when it is one.
func inspectOBU(f Frame, obu []byte) Frame {
	kind := obu[0] >> 3 & 0x0f
	n := 1
	spatial := byte(0)
	if obu[0]&0x04 != 0 {
		if len(obu) <= n {
			return f
		}
		spatial = obu[n] >> 3 & 3
		n++
	}
	if obuOpensFrame[kind] && spatial == 0 {
		f.Start = true
	}
	if kind != obuSequenceHeader {
		return f
	}
	if obu[0]&0x02 != 0 {
		_, size := leb128(obu[n:])
		if size == 0 {
			return f
		}
		n += size
	}
	return readSequenceHeader(f, obu[n:])
}

// leb128 reads a little-endian base 128 number of at most 8 bytes (AV1
// bitstream specification, 4.10.5). n is how many bytes it took; 0 when there
// is no whole number.
func leb128(data []byte) (v uint64, n int) {
	for i := range min(len(data), 8) {
		v |= uint64(data[i]&0x7f) << (7 * i)
		if data[i]&0x80 == 0 {
			return v, i + 1
		}
	}
	return 0, 0
}

// readSequenceHeader reads the largest frame size from a sequence header (AV1
// bitstream specification, 5.5.1).
func readSequenceHeader(f Frame, data []byte) Frame {
	b := bits{data: data}
	b.skip(4)     // seq_profile, still_picture
	if b.flag() { // reduced_still_picture_header
		b.skip(5) // seq_level_idx[0]
	} else {
		skipOperatingPoints(&b)
	}
	widthBits := int(b.read(4)) + 1
	heightBits := int(b.read(4)) + 1
	width, height := b.read(widthBits)+1, b.read(heightBits)+1
	if b.overrun {
		return f
	}
	return f.dimensions(width, height)
}

// skipOperatingPoints reads over the timing and the operating points of a
// sequence header (5.5.1 to 5.5.4).
func skipOperatingPoints(b *bits) {
	modelled := false
	delayBits := 0
	if b.flag() { // timing_info_present_flag
		b.skip(64)    // num_units_in_display_tick, time_scale
		if b.flag() { // equal_picture_interval
			b.golomb() // num_ticks_per_picture_minus_1
		}
		if modelled = b.flag(); modelled { // decoder_model_info_present_flag
			delayBits = int(b.read(5)) + 1 // buffer_delay_length_minus_1
			b.skip(32 + 5 + 5)
		}
	}
	delayed := b.flag()          // initial_display_delay_present_flag
	points := int(b.read(5)) + 1 // operating_points_cnt_minus_1
	for i := 0; i < points && !b.overrun; i++ {
		b.skip(12)         // operating_point_idc
		if b.read(5) > 7 { // seq_level_idx
			b.skip(1) // seq_tier
		}
		if modelled && b.flag() { // decoder_model_present_for_this_op
			b.skip(2*delayBits + 1)
		}
		if delayed && b.flag() { // initial_display_delay_present_for_this_op
			b.skip(4)
		}
	}
}
