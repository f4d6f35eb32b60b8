package feedback

import "encoding/binary"

// Where things stand in a transport-wide feedback packet
// (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).
const (
	transportHeader = 20 // bytes before the first chunk
	formatTransport = 15 // of payload type 205
	typeTransport   = 205
)

// CountTransport counts in one transport-wide feedback packet how many packets
// the peer has received and how many not, without making anything of it. ok is
// false when b is another packet or broken.
func CountTransport(b []byte) (received, lost int, ok bool) {
	if len(b) < transportHeader || b[0]>>6 != 2 || b[0]&0x1f != formatTransport || b[1] != typeTransport {
		return 0, 0, false
	}
	left := int(binary.BigEndian.Uint16(b[14:]))
	for chunks := b[transportHeader:]; left > 0; chunks = chunks[2:] {
		if len(chunks) < 2 {
			return 0, 0, false
		}
		n, got := countChunk(binary.BigEndian.Uint16(chunks), left)
		received, lost, left = received+got, lost+n-got, left-n
	}
	return received, lost, true
}

// countChunk gives how many packets a chunk is about, of at most left, and how
// many of them were received: every status but 0 says so.
func countChunk(c uint16, left int) (n, received int) {
	if c>>15 == 0 { // a run: two bits of status, thirteen of length
		n = min(int(c&0x1fff), left)
		if n == 0 {
			return left, 0 // about nothing: nothing after it can be placed
		}
		if c>>13&3 != 0 {
			return n, n
		}
		return n, 0
	}
	bits, width := 14, 1
	if c>>14&1 != 0 {
		bits, width = 7, 2
	}
	n = min(bits, left)
	for i := range n {
		if c>>(14-width*(i+1))&(1<<width-1) != 0 {
			received++
		}
	}
	return n, received
}
