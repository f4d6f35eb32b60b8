package codec_test

import "math/bits"

// writer builds bit fields the other way round from what the package reads, so
// that tests do not share its reader.
type writer struct {
	data []byte
	used int
}

func (w *writer) put(n int, v uint64) *writer {
	for i := n - 1; i >= 0; i-- {
		if w.used%8 == 0 {
			w.data = append(w.data, 0)
		}
		w.data[w.used/8] |= byte(v>>i&1) << (7 - w.used%8)
		w.used++
	}
	return w
}

func (w *writer) flag(v bool) *writer {
	if v {
		return w.put(1, 1)
	}
	return w.put(1, 0)
}

// ue writes an unsigned Exp-Golomb code.
func (w *writer) ue(v uint64) *writer {
	n := bits.Len64(v + 1)
	return w.put(n-1, 0).put(n, v+1)
}

// se writes a signed Exp-Golomb code.
func (w *writer) se(v int64) *writer {
	if v > 0 {
		return w.ue(uint64(2*v - 1))
	}
	return w.ue(uint64(-2 * v))
}

// escape puts the emulation prevention bytes of H.264 into a NAL unit.
func escape(nal []byte) []byte {
	var out []byte
	zeros := 0
	for _, b := range nal {
		if zeros >= 2 && b <= 3 {
			out = append(out, 3)
			zeros = 0
		}
		if b == 0 {
			zeros++
		} else {
			zeros = 0
		}
		out = append(out, b)
	}
	return out
}

// sps is what a sequence parameter set is built from.
type sps struct {
	profile                  byte
	id                       uint64
	chroma                   uint64
	planes                   bool
	scaling                  bool
	order                    uint64 // pic_order_cnt_type
	fields                   bool
	columns, rows            uint64 // in macroblocks, or pairs of them
	left, right, top, bottom uint64
}

func (s sps) nal() []byte {
	w := &writer{data: []byte{0x67, s.profile, 0xc0, 0x1f}, used: 32}
	w.ue(s.id)
	if s.profile == 100 || s.profile == 244 {
		w.ue(s.chroma)
		if s.chroma == 3 {
			w.flag(s.planes)
		}
		w.ue(0).ue(0).put(1, 0).flag(s.scaling)
		if s.scaling {
			s.putScaling(w)
		}
	}
	w.ue(4).ue(s.order)
	if s.order == 0 {
		w.ue(2)
	}
	if s.order == 1 {
		w.put(1, 0).se(-70000).se(5).ue(3).se(0).se(-1).se(100)
	}
	w.ue(1).put(1, 0).ue(s.columns - 1).ue(s.rows - 1).flag(!s.fields)
	if s.fields {
		w.put(1, 1)
	}
	w.put(1, 1)
	cropped := s.left+s.right+s.top+s.bottom > 0
	w.flag(cropped)
	if cropped {
		w.ue(s.left).ue(s.right).ue(s.top).ue(s.bottom)
	}
	w.put(1, 0).put(1, 1) // no VUI, stop bit
	return escape(w.data)
}

func (s sps) putScaling(w *writer) {
	lists := 8
	if s.chroma == 3 {
		lists = 12
	}
	for i := range lists {
		w.flag(i%2 == 0)
		if i%2 != 0 {
			continue
		}
		entries := 16
		if i >= 6 {
			entries = 64
		}
		if i == 2 { // a list that ends early
			w.se(-8)
			continue
		}
		for j := range entries {
			w.se(int64(j%3) - 1)
		}
	}
}

// sequence is what an AV1 sequence header OBU is built from.
type sequence struct {
	reduced, timing, model, delayed bool
	points                          int
	width, height                   uint64
}

func (s sequence) payload() []byte {
	w := &writer{}
	w.put(3, 0).put(1, 0).flag(s.reduced)
	if s.reduced {
		w.put(5, 8)
	} else {
		s.putPoints(w)
	}
	n, m := bits.Len64(s.width-1), bits.Len64(s.height-1)
	n, m = max(n, 1), max(m, 1)
	w.put(4, uint64(n-1)).put(4, uint64(m-1)).put(n, s.width-1).put(m, s.height-1)
	w.put(8, 0xff)
	return w.data
}

func (s sequence) putPoints(w *writer) {
	w.flag(s.timing)
	if s.timing {
		w.put(32, 1).put(32, 90000).flag(true).ue(2).flag(s.model)
		if s.model {
			w.put(5, 9).put(32, 7).put(5, 3).put(5, 4)
		}
	}
	w.flag(s.delayed).put(5, uint64(s.points-1))
	for i := range s.points {
		level := uint64(5 + 4*(i%2))
		w.put(12, 0x101).put(5, level)
		if level > 7 {
			w.put(1, 1)
		}
		if s.timing && s.model {
			w.flag(i%2 == 0)
			if i%2 == 0 {
				w.put(10, 1000).put(10, 999).put(1, 1)
			}
		}
		if s.delayed {
			w.flag(true).put(4, 9)
		}
	}
}

// join is its parts as one payload.
func join(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// sized is an H.264 NAL unit as a STAP-A holds it; short lengths only.
func sized(nal []byte) []byte {
	return append([]byte{byte(len(nal) >> 8), byte(len(nal))}, nal...)
}

// element is an AV1 OBU element with its length before it.
func element(obu []byte) []byte {
	if len(obu) > 127 {
		return append([]byte{byte(len(obu)) | 0x80, byte(len(obu) >> 7)}, obu...)
	}
	return append([]byte{byte(len(obu))}, obu...)
}
