package ice

import (
	"bytes"
	"encoding/binary"

	"github.com/pion/stun/v3"
)

// The outside of a STUN message (RFC 8489 section 5).
const (
	headerSize    = 20
	attributeSize = 4 // the head of an attribute
	cookie        = 0x2112A442
	typeBinding   = 0x0001 // binding request
)

// maxMessage is the size above which a message is no check: checks travel in
// one datagram and have about 100 bytes. It matters for TCP, where a frame may
// be larger.
const maxMessage = 1500

// Username finds the USERNAME "local:remote" in a binding request, seen from
// the side that receives it: local is the receiver's ufrag, remote the
// sender's. It looks at the form of the message only and allocates nothing, so
// that it can be used to find out which peer a check is for. What it gives is
// part of packet, and what anybody may have written. A USERNAME behind
// MESSAGE-INTEGRITY counts as none, since the integrity does not cover it.
func Username(packet []byte) (local, remote []byte, ok bool) {
	if !wellFormed(packet) || binary.BigEndian.Uint16(packet) != typeBinding {
		return nil, nil, false
	}
	var name []byte
	covered := false // MESSAGE-INTEGRITY has been passed
	for rest := packet[headerSize:]; len(rest) > 0; {
		if len(rest) < attributeSize {
			return nil, nil, false
		}
		kind, size := stun.AttrType(binary.BigEndian.Uint16(rest)), int(binary.BigEndian.Uint16(rest[2:]))
		rest = rest[attributeSize:]
		padded := (size + 3) &^ 3
		if padded > len(rest) {
			return nil, nil, false
		}
		switch {
		case kind == stun.AttrMessageIntegrity:
			covered = true
		case kind == stun.AttrUsername && name == nil && !covered:
			name = rest[:size]
		}
		rest = rest[padded:]
	}
	return splitUsername(name)
}

// wellFormed says whether b is a STUN message from its first byte to its last,
// as far as the header tells.
func wellFormed(b []byte) bool {
	return len(b) >= headerSize && len(b) <= maxMessage &&
		b[0]&0xC0 == 0 &&
		binary.BigEndian.Uint32(b[4:]) == cookie &&
		int(binary.BigEndian.Uint16(b[2:])) == len(b)-headerSize
}

func splitUsername(name []byte) (local, remote []byte, ok bool) {
	local, remote, ok = bytes.Cut(name, []byte{':'})
	if !ok || !isUfrag(local) || !isUfrag(remote) {
		return nil, nil, false
	}
	return local, remote, true
}

func isUfrag(b []byte) bool {
	if len(b) < minUfrag || len(b) > maxChars {
		return false
	}
	for _, c := range b {
		if !isICEChar(c) {
			return false
		}
	}
	return true
}
