package codec

// inspectVP8 reads the payload descriptor (RFC 7741, 4.2)
//
//	 0 1 2 3 4 5 6 7
//	+-+-+-+-+-+-+-+-+
//	|X|R|N|S|R| PID | always
//	|I|L|T|K| RSV   | when X
//	|M| PictureID   | when I; two bytes when M
//	|   TL0PICIDX   | when L
//	|TID|Y| KEYIDX  | when T or K
//	+-+-+-+-+-+-+-+-+
//
// and, in the first packet of a frame, the frame header behind it (RFC 6386,
// 9.1): three bytes of which the lowest bit is 0 in key frames; there follow
// the start code 9d 01 2a and twice 14 bits of size with 2 bits of scale,
// little-endian.
func inspectVP8(payload []byte) Frame {
	if payload[0]&0x10 == 0 || payload[0]&0x07 != 0 {
		return Frame{} // not the start of the first partition
	}
	f := Frame{Start: true}
	n := 1
	if payload[0]&0x80 != 0 {
		if len(payload) < 2 {
			return f
		}
		extra := payload[1]
		n = 2
		if extra&0x80 != 0 {
			if len(payload) <= n {
				return f
			}
			n += 1 + int(payload[n]>>7)
		}
		if extra&0x40 != 0 {
			n++
		}
		if extra&0x30 != 0 {
			n++
		}
	}
	if len(payload) <= n {
		return f
	}
	header := payload[n:]
	f.Key = header[0]&1 == 0
	if !f.Key || len(header) < 10 || header[3] != 0x9d || header[4] != 0x01 || header[5] != 0x2a {
		return f
	}
	return f.dimensions(
		(uint32(header[7])<<8|uint32(header[6]))&0x3fff,
		(uint32(header[9])<<8|uint32(header[8]))&0x3fff,
	)
}
