package media

import (
	"encoding/binary"
	"time"
)

// StampSize is the length of a stamp in bytes.
const StampSize = 28

// stampMagic begins every stamp.
const stampMagic = 0x4b775374 // "KwSt"

// Stamp is what each packet of a source carries.
type Stamp struct {
	Source uint32    // which source; chosen by its maker
	Packet uint32    // counts the packets of the source from 0
	Frame  uint32    // counts its frames from 0
	Index  uint16    // which packet of the frame, from 0
	Count  uint16    // how many packets the frame has
	Sent   time.Time // to the microsecond
}

// put writes s into the first StampSize bytes of b.
func (s Stamp) put(b []byte) {
	be := binary.BigEndian
	be.PutUint32(b[0:], stampMagic)
	be.PutUint32(b[4:], s.Source)
	be.PutUint32(b[8:], s.Packet)
	be.PutUint32(b[12:], s.Frame)
	be.PutUint16(b[16:], s.Index)
	be.PutUint16(b[18:], s.Count)
	be.PutUint64(b[20:], uint64(s.Sent.UnixMicro()))
}

// ParseStamp reads the stamp at the end of an RTP payload. False: there is
// none, so the packet is not of this package's sources.
func ParseStamp(payload []byte) (Stamp, bool) {
	if len(payload) < StampSize {
		return Stamp{}, false
	}
	b := payload[len(payload)-StampSize:]
	be := binary.BigEndian
	if be.Uint32(b) != stampMagic {
		return Stamp{}, false
	}
	s := Stamp{
		Source: be.Uint32(b[4:]), Packet: be.Uint32(b[8:]), Frame: be.Uint32(b[12:]),
		Index: be.Uint16(b[16:]), Count: be.Uint16(b[18:]),
		Sent: time.UnixMicro(int64(be.Uint64(b[20:]))).UTC(),
	}
	if s.Count == 0 || s.Index >= s.Count {
		return Stamp{}, false
	}
	return s, true
}
