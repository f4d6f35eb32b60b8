// Package packet reads RTP packets where they lie.
//
// A View is a window onto a receive buffer: parsing copies nothing and keeps
// the buffer, so a View is good only as long as the buffer is. It holds what
// forwarding needs (RFC 3550 section 5.1 and RFC 8285 for the extensions) and
// leaves the rest in place.
//
//	 0                   1                   2                   3
//	|V=2|P|X|  CC   |M|     PT      |       sequence number         |
//	|                           timestamp                           |
//	|           synchronization source (SSRC) identifier            |
//	|            contributing source (CSRC) identifiers …           |
//	|      extension profile        |   length in 32-bit words      |
//	|                        extension elements …                   |
//	|                           payload …                   |padding|
package packet

import (
	"encoding/binary"
	"errors"
)

// The ways in which bytes fail to be an RTP packet.
var (
	ErrShort     = errors.New("packet: shorter than its RTP header")
	ErrVersion   = errors.New("packet: RTP version is not 2")
	ErrExtension = errors.New("packet: header extension is longer than the packet")
	ErrPadding   = errors.New("packet: padding is longer than the payload")
	ErrRepair    = errors.New("packet: RTX payload is shorter than its sequence number")
)

const (
	fixedHeader = 12

	profileOneByte = 0xBEDE // RFC 8285 section 4.2
	profileTwoByte = 0x1000 // RFC 8285 section 4.3, the low four bits are appbits
)

// MaxSize is the largest RTP packet that Kinwire handles, in bytes: what fits
// a 1,500-byte Ethernet frame. A larger one is dropped and counted.
const MaxSize = 1500

// View is a parsed RTP packet. Its slices point into Raw.
type View struct {
	Raw []byte // the whole packet, decrypted

	SSRC      uint32
	Timestamp uint32
	Seq       uint16
	PT        uint8 // payload type, 0 to 127
	Marker    bool

	extProfile uint16
	extStart   int // of the extension elements, 0 when there are none
	extEnd     int
	payStart   int
	payEnd     int
}

// Parse reads b into v. v keeps b.
func Parse(b []byte, v *View) error {
	if len(b) < fixedHeader {
		return ErrShort
	}
	if b[0]>>6 != 2 {
		return ErrVersion
	}
	v.Raw = b
	v.Marker = b[1]&0x80 != 0
	v.PT = b[1] & 0x7f
	v.Seq = binary.BigEndian.Uint16(b[2:])
	v.Timestamp = binary.BigEndian.Uint32(b[4:])
	v.SSRC = binary.BigEndian.Uint32(b[8:])
	v.extProfile, v.extStart, v.extEnd = 0, 0, 0

	at := fixedHeader + 4*int(b[0]&0x0f)
	if len(b) < at {
		return ErrShort
	}
	if b[0]&0x10 != 0 {
		if len(b) < at+4 {
			return ErrExtension
		}
		v.extProfile = binary.BigEndian.Uint16(b[at:])
		v.extStart = at + 4
		v.extEnd = v.extStart + 4*int(binary.BigEndian.Uint16(b[at+2:]))
		if len(b) < v.extEnd {
			return ErrExtension
		}
		at = v.extEnd
	}
	v.payStart, v.payEnd = at, len(b)
	if b[0]&0x20 != 0 {
		if at == len(b) {
			return ErrPadding
		}
		pad := int(b[len(b)-1])
		if pad == 0 || pad > len(b)-at {
			return ErrPadding
		}
		v.payEnd = len(b) - pad
	}
	return nil
}

// HeaderSize is the length of b's RTP header with CSRCs and extension, which is
// what SRTP leaves readable (RFC 3711 section 3.1): it can be asked before the
// packet is opened.
func HeaderSize(b []byte) (int, error) {
	if len(b) < fixedHeader {
		return 0, ErrShort
	}
	if b[0]>>6 != 2 {
		return 0, ErrVersion
	}
	n := fixedHeader + 4*int(b[0]&0x0f)
	if b[0]&0x10 != 0 {
		if len(b) < n+4 {
			return 0, ErrExtension
		}
		n += 4 + 4*int(binary.BigEndian.Uint16(b[n+2:]))
		if len(b) < n {
			return 0, ErrExtension
		}
	}
	if len(b) < n {
		return 0, ErrShort
	}
	return n, nil
}

// Payload is what follows the header, without padding. It is empty in a
// packet that carries padding alone (a bandwidth probe).
func (v *View) Payload() []byte { return v.Raw[v.payStart:v.payEnd] }

// PayloadOffset is where the payload begins in Raw.
func (v *View) PayloadOffset() int { return v.payStart }

// Extension gives the element with the given id (RFC 8285), or nil.
func (v *View) Extension(id uint8) []byte {
	if v.extStart == 0 || id == 0 {
		return nil
	}
	b := v.Raw[v.extStart:v.extEnd]
	switch {
	case v.extProfile == profileOneByte:
		return oneByteElement(b, id)
	case v.extProfile&0xfff0 == profileTwoByte:
		return twoByteElement(b, id)
	}
	return nil
}

func oneByteElement(b []byte, id uint8) []byte {
	for i := 0; i < len(b); {
		if b[i] == 0 { // padding between elements
			i++
			continue
		}
		got, n := b[i]>>4, int(b[i]&0x0f)+1
		if got == 15 || i+1+n > len(b) { // 15 says: stop reading
			return nil
		}
		if got == id {
			return b[i+1 : i+1+n]
		}
		i += 1 + n
	}
	return nil
}

func twoByteElement(b []byte, id uint8) []byte {
	for i := 0; i < len(b); {
		if b[i] == 0 {
			i++
			continue
		}
		if i+2 > len(b) {
			return nil
		}
		got, n := b[i], int(b[i+1])
		if i+2+n > len(b) {
			return nil
		}
		if got == id {
			return b[i+2 : i+2+n]
		}
		i += 2 + n
	}
	return nil
}

// Repair turns a retransmission (RFC 4588 section 4) back into the packet
// that it stands for: v's payload begins with the original sequence number;
// ssrc and pt are those of the original stream. It works in place: the header
// moves two bytes towards the payload, over the sequence number, so v.Raw
// begins two bytes later afterwards.
func (v *View) Repair(ssrc uint32, pt uint8) error {
	if v.payEnd-v.payStart < 2 {
		return ErrRepair
	}
	osn := binary.BigEndian.Uint16(v.Raw[v.payStart:])
	copy(v.Raw[2:v.payStart+2], v.Raw[:v.payStart])
	v.Raw = v.Raw[2:]
	v.payEnd -= 2
	// The header moved together with the start of Raw, so offsets into the
	// header stay; only the payload, which lost two bytes, ends earlier.
	v.Seq, v.SSRC, v.PT = osn, ssrc, pt
	v.Raw[1] = v.Raw[1]&0x80 | pt&0x7f
	binary.BigEndian.PutUint16(v.Raw[2:], osn)
	binary.BigEndian.PutUint32(v.Raw[8:], ssrc)
	return nil
}
