//go:build linux

package main

import "encoding/binary"

// A payload begins like one of its codec, as far as the server looks (the
// beginning of a VP8 frame). Then comes the label.
const (
	labelAt   = 12
	labelSize = 16
	labelMark = 0xb5
)

// label is what a receiver needs to know of a packet, whatever a server has
// made of its header.
type label struct {
	source uint16
	number uint32 // counts the source's packets
	stamp  int64  // when it was sent, see ticks
}

func (l label) put(payload []byte) {
	b := payload[labelAt : labelAt+labelSize]
	b[0], b[1] = labelMark, ^byte(labelMark)
	binary.BigEndian.PutUint16(b[2:], l.source)
	binary.BigEndian.PutUint32(b[4:], l.number)
	binary.BigEndian.PutUint64(b[8:], uint64(l.stamp))
}

func readLabel(payload []byte) (label, bool) {
	if len(payload) < labelAt+labelSize {
		return label{}, false
	}
	b := payload[labelAt : labelAt+labelSize]
	if b[0] != labelMark || b[1] != ^byte(labelMark) {
		return label{}, false
	}
	return label{
		source: binary.BigEndian.Uint16(b[2:]), number: binary.BigEndian.Uint32(b[4:]),
		stamp: int64(binary.BigEndian.Uint64(b[8:])),
	}, true
}

// Beginnings of VP8 frames: payload descriptor (RFC 7741 section 4.2) and
// frame header (RFC 6386 section 9.1) of a key frame of 640×360, of another
// frame, and of a packet that goes on with a frame.
var (
	vp8Key   = []byte{0x10, 0x10, 0x00, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01}
	vp8Delta = []byte{0x10, 0x11}
	vp8Rest  = []byte{0x00, 0x00}
)
