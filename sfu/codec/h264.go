package codec

// The NAL unit types that matter here (ITU-T H.264, table 7-1; RFC 6184, 5.4).
const (
	nalSlice = 1
	nalIDR   = 5
	nalSPS   = 7
	nalSTAPA = 24
	nalFUA   = 28
)

// nalReaders tells what a NAL unit, from its own header byte on, says of its
// frame. Types without an entry say nothing: SEI, PPS, delimiters, and the
// types of the interleaved mode, which calls do not use.
var nalReaders = [32]func(nal []byte) Frame{
	nalSlice: readSlice,
	nalIDR:   readIDR,
	nalSPS:   readSPS,
}

// inspectH264 reads the three shapes of payload that packetization modes 0 and
// 1 have (RFC 6184, 5.4): a single NAL unit, several of them (STAP-A: each
// after 16 bits of length), and a fragment of one (FU-A: the NAL header is
// spread over two bytes, of which the second marks first and last fragment).
func inspectH264(payload []byte) Frame {
	kind := payload[0] & 0x1f
	if kind == nalSTAPA {
		return inspectSTAPA(payload)
	}
	if kind == nalFUA {
		return inspectFUA(payload)
	}
	return inspectNAL(kind, payload)
}

func inspectNAL(kind byte, nal []byte) Frame {
	if read := nalReaders[kind]; read != nil {
		return read(nal)
	}
	return Frame{}
}

func inspectSTAPA(payload []byte) Frame {
	var f Frame
	for rest := payload[1:]; len(rest) > 2; {
		size := int(rest[0])<<8 | int(rest[1])
		rest = rest[2:]
		nal := rest[:min(size, len(rest))]
		rest = rest[len(nal):]
		if len(nal) == 0 {
			continue
		}
		one := inspectNAL(nal[0]&0x1f, nal)
		f.Start = f.Start || one.Start
		f.Key = f.Key || one.Key
		if one.Width != 0 {
			f.Width, f.Height = one.Width, one.Height
		}
	}
	return f
}

func inspectFUA(payload []byte) Frame {
	const first = 0x80
	if len(payload) < 2 || payload[1]&first == 0 {
		return Frame{}
	}
	// The FU header stands where the NAL header would, with the same type
	// bits; none of the readers looks at the others.
	return inspectNAL(payload[1]&0x1f, payload[1:])
}

// readSlice: a slice opens a frame when its first macroblock is number 0, which
// as an Exp-Golomb code is the single bit 1.
func readSlice(nal []byte) Frame {
	return Frame{Start: len(nal) > 1 && nal[1]&0x80 != 0}
}

func readIDR(nal []byte) Frame {
	f := readSlice(nal)
	f.Key = f.Start
	return f
}

// highProfiles are the values of profile_idc whose parameter sets say more of
// the colours (ITU-T H.264, 7.3.2.1.1).
var highProfiles = [256]bool{
	100: true, 110: true, 122: true, 244: true, 44: true, 83: true, 86: true,
	118: true, 128: true, 138: true, 139: true, 134: true, 135: true,
}

// readSPS reads the size from a sequence parameter set (ITU-T H.264,
// 7.3.2.1.1), less what is cropped.
func readSPS(nal []byte) Frame {
	f := Frame{Start: true, Key: true}
	if len(nal) < 5 {
		return f
	}
	// The bytes before, profile, constraints and level, cannot end in the two
	// zeros of an escape: there is no level 0.
	b := bits{data: nal[4:], escaped: true}
	b.golomb() // seq_parameter_set_id
	chroma, planes := uint32(1), false
	if highProfiles[nal[1]] {
		chroma, planes = readChroma(&b)
	}
	b.golomb() // log2_max_frame_num_minus4
	skipOrderCount(&b)
	b.golomb() // max_num_ref_frames
	b.skip(1)  // gaps_in_frame_num_value_allowed_flag

	columns := uint64(b.golomb()) + 1
	rows := uint64(b.golomb()) + 1
	fields := uint64(1) // rows of field macroblocks in a row of frame macroblocks
	if !b.flag() {      // frame_mbs_only_flag
		fields = 2
		b.skip(1) // mb_adaptive_frame_field_flag
	}
	b.skip(1) // direct_8x8_inference_flag
	var left, right, top, bottom uint64
	if b.flag() { // frame_cropping_flag
		left, right = uint64(b.golomb()), uint64(b.golomb())
		top, bottom = uint64(b.golomb()), uint64(b.golomb())
	}
	if b.overrun {
		return f
	}
	// Cropping counts in chroma samples (7-19 to 7-22): two luma samples where
	// chroma is halved.
	unitX, unitY := uint64(1), fields
	if !planes && (chroma == 1 || chroma == 2) {
		unitX = 2
	}
	if !planes && chroma == 1 {
		unitY = 2 * fields
	}
	width, height := columns*16, rows*16*fields
	cropX, cropY := unitX*(left+right), unitY*(top+bottom)
	if cropX >= width || cropY >= height || width > 0x1ffff || height > 0x1ffff {
		return f
	}
	return f.dimensions(uint32(width-cropX), uint32(height-cropY))
}

// readChroma reads the fields that only high profiles have; it returns
// chroma_format_idc and separate_colour_plane_flag.
func readChroma(b *bits) (chroma uint32, planes bool) {
	chroma = b.golomb()
	lists := 8
	if chroma == 3 {
		planes = b.flag()
		lists = 12
	}
	b.golomb()     // bit_depth_luma_minus8
	b.golomb()     // bit_depth_chroma_minus8
	b.skip(1)      // qpprime_y_zero_transform_bypass_flag
	if !b.flag() { // seq_scaling_matrix_present_flag
		return chroma, planes
	}
	for i := 0; i < lists && !b.overrun; i++ {
		if !b.flag() { // seq_scaling_list_present_flag
			continue
		}
		entries := 16
		if i >= 6 {
			entries = 64
		}
		skipScalingList(b, entries)
	}
	return chroma, planes
}

// skipScalingList reads over scaling_list() (7.3.2.1.1.1): a list ends early
// once the next scale comes out as 0.
func skipScalingList(b *bits, entries int) {
	scale := int32(8)
	for range entries {
		scale = (scale + b.signedGolomb()) & 0xff
		if scale == 0 || b.overrun {
			return
		}
	}
}

// skipOrderCount reads over the fields of the picture order count.
func skipOrderCount(b *bits) {
	kind := b.golomb() // pic_order_cnt_type
	if kind == 0 {
		b.golomb() // log2_max_pic_order_cnt_lsb_minus4
	}
	if kind != 1 {
		return
	}
	b.skip(1)               // delta_pic_order_always_zero_flag
	b.golomb()              // offset_for_non_ref_pic
	b.golomb()              // offset_for_top_to_bottom_field
	cycle := b.golomb()     // num_ref_frames_in_pic_order_cnt_cycle, at most 255
	for range cycle & 255 { // offset_for_ref_frame
		b.golomb()
		if b.overrun {
			return
		}
	}
}
