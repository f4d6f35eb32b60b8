package turn

import (
	"net/netip"
	"sync"
)

const (
	// maxPayload is the longest payload a relay carries towards the client, in
	// bytes. It is what pion/turn's own buffer takes; WebRTC stays below 1500.
	maxPayload = 1600
	// channelHeader is the length of a ChannelData header (RFC 8656 section 12.4).
	channelHeader = 4
	// queuePackets is how many packets wait for one slow client: about 0.1 s of
	// video from ten people. More would only be delay.
	queuePackets = 256
)

// packet is one packet on its way to a client. The payload stands behind the
// place of a ChannelData header and before that of its padding, so that it is
// sent on a channel without being copied again.
type packet struct {
	buf  [channelHeader + maxPayload + 3]byte
	n    int // length of the payload
	from netip.AddrPort
}

func (p *packet) payload() []byte { return p.buf[channelHeader : channelHeader+p.n] }

// packets are reused by all relays: memory follows what really waits, not the
// number of allocations.
var packets = sync.Pool{New: func() any { return new(packet) }}

// ring is a first-in first-out queue of at most queuePackets packets that gives
// up its oldest for a new one. It is not safe for concurrent use.
type ring struct {
	slots       [queuePackets]*packet
	head, count int
}

// push adds p, and gives back the packet that had to make place for it, or nil.
func (r *ring) push(p *packet) (dropped *packet) {
	if r.count == len(r.slots) {
		dropped = r.pop()
	}
	r.slots[(r.head+r.count)%len(r.slots)] = p
	r.count++
	return dropped
}

// pop takes the oldest packet, or nil.
func (r *ring) pop() *packet {
	if r.count == 0 {
		return nil
	}
	p := r.slots[r.head]
	r.slots[r.head] = nil
	r.head = (r.head + 1) % len(r.slots)
	r.count--
	return p
}
