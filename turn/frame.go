package turn

import (
	"encoding/binary"
	"errors"
	"io"
)

const (
	stunHeader = 20
	stunCookie = 0x2112A442
	// inboundMTU is the size of pion's read buffer; it throws away what fills it.
	inboundMTU = 2048
	// maxFrame is the longest message taken from a client, in bytes. WebRTC sends
	// none above 1500; a longer one ends a stream, which cannot be trusted any more.
	maxFrame = inboundMTU - 4
)

// Errors of a stream that carries something else than TURN.
var (
	errNotTURN   = errors.New("turn: the stream carries neither STUN nor ChannelData")
	errLongFrame = errors.New("turn: message longer than 2044 bytes")
)

// frameSize gives the length of the message that b begins with, padding
// included, as it stands in a stream (RFC 8656 sections 3.1 and 12.5). It is 0
// while b is too short to tell.
func frameSize(b []byte) (int, error) {
	if len(b) < 4 {
		return 0, nil
	}
	length := int(binary.BigEndian.Uint16(b[2:]))
	var size int
	switch b[0] >> 6 {
	case 0: // STUN; its length is a multiple of 4 (RFC 8489 section 5)
		if length%4 != 0 || len(b) >= 8 && binary.BigEndian.Uint32(b[4:]) != stunCookie {
			return 0, errNotTURN
		}
		size = stunHeader + length
	case 1: // ChannelData
		size = channelHeader + (length+3)/4*4
	default:
		return 0, errNotTURN
	}
	if size > maxFrame {
		return 0, errLongFrame
	}
	return size, nil
}

// framer cuts a byte stream into messages. pion/turn has such a thing, but its
// arithmetic wraps around at 65,536: a length field near that makes a message of
// no bytes, on which its reader then spins for ever.
type framer struct {
	r          io.Reader
	buf        [2 * inboundMTU]byte
	start, end int
}

// next copies the next message to p, which holds maxFrame bytes. After an error
// of the reader that is a timeout it can be called again.
func (f *framer) next(p []byte) (int, error) {
	for {
		size, err := frameSize(f.buf[f.start:f.end])
		if err != nil {
			return 0, err
		}
		if size > 0 && size <= f.end-f.start {
			n := copy(p, f.buf[f.start:f.start+size])
			f.start += size
			return n, nil
		}
		if f.start > 0 { // a message never exceeds half the buffer, so there is room now
			f.end = copy(f.buf[:], f.buf[f.start:f.end])
			f.start = 0
		}
		n, err := f.r.Read(f.buf[f.end:])
		f.end += n
		if n == 0 && err != nil {
			return 0, err
		}
	}
}
