package client

import (
	"encoding/binary"
	"errors"
)

// What RFC 9420, section 6, says of a PrivateMessage with application data.
const (
	mls10              = 1
	contentApplication = 1
	frameHead          = "\x00\x01\x00\x02" // version mls10, wire format 2
)

// Frame makes a message that is a PrivateMessage of MLS on the outside (RFC
// 9420, section 6.3) and holds payload where the ciphertext would be. A server
// reads no more than that outside. It is for programs that measure a server,
// load it or break it; those whose messages are for people use MLS itself.
func Frame(groupID string, epoch int64, payload []byte) []byte {
	w := []byte(frameHead)
	w = frameVector(w, []byte(groupID))
	w = binary.BigEndian.AppendUint64(w, uint64(epoch))
	w = append(w, contentApplication)
	w = frameVector(w, nil)              // authenticated_data
	w = frameVector(w, make([]byte, 32)) // encrypted_sender_data
	return frameVector(w, payload)       // ciphertext
}

// frameVector adds a vector with its length in as few bytes as it takes (RFC
// 9420, section 2.1.2).
func frameVector(w, text []byte) []byte {
	switch n := len(text); {
	case n < 1<<6:
		w = append(w, byte(n))
	case n < 1<<14:
		w = binary.BigEndian.AppendUint16(w, uint16(n)|1<<14)
	default:
		w = binary.BigEndian.AppendUint32(w, uint32(n)|1<<31)
	}
	return append(w, text...)
}

// errFrame refuses what Frame did not make.
var errFrame = errors.New("client: this is no frame of a message")

// Unframe gives the payload of what Frame made, with its group and epoch.
func Unframe(frame []byte) (groupID string, epoch int64, payload []byte, err error) {
	r := frameReader{rest: frame}
	if string(r.take(len(frameHead))) != frameHead {
		return "", 0, nil, errFrame
	}
	groupID = string(r.vector())
	if b := r.take(8); b != nil {
		epoch = int64(binary.BigEndian.Uint64(b))
	}
	r.take(1)  // content type
	r.vector() // authenticated_data
	r.vector() // encrypted_sender_data
	payload = r.vector()
	if r.short || len(r.rest) > 0 || epoch < 0 {
		return "", 0, nil, errFrame
	}
	return groupID, epoch, payload, nil
}

// frameReader reads from the beginning of rest. short: there was less than
// that, or a length in a form that is not allowed.
type frameReader struct {
	rest  []byte
	short bool
}

func (r *frameReader) take(n int) []byte {
	if r.short || len(r.rest) < n {
		r.short = true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *frameReader) vector() []byte {
	if r.short || len(r.rest) == 0 || r.rest[0]>>6 == 3 {
		r.short = true
		return nil
	}
	size := 1 << (r.rest[0] >> 6)
	n := 0
	for i, b := range r.take(size) {
		if i == 0 {
			b &= 1<<6 - 1
		}
		n = n<<8 | int(b)
	}
	if (size == 2 && n < 1<<6) || (size == 4 && n < 1<<14) {
		r.short = true
		return nil
	}
	return r.take(n)
}
