// Package forward is the way of a packet through the SFU: one uplink, many
// downlinks.
//
// The goroutine that decrypted a packet calls Uplink.Receive. In that one
// call the packet is counted, stored for retransmission, and, for each
// downlink, given a new header and handed to the downlink's Writer, which
// encrypts it into the batch that the goroutine sends when it is done:
//
//	link ── Uplink.Receive ── Downlink.forward ── Writer.WriteRTP ── batch
//	              │
//	        history.Ring  ←── Downlink.Retransmit  (a NACK)
//
// There is no channel and no queue on this way, and after the first packets
// of a stream nothing is allocated. The list of downlinks is an atomic
// snapshot: people come and go without the packets waiting. Each downlink has
// a lock of its own, taken by the packet, by a retransmission and by a change
// of source; nobody holds it for longer than one packet.
//
// A downlink is a virtual stream. Its SSRC stays while its source changes:
// sequence numbers go on without a gap and timestamps go on in time, so that
// the receiver's decoder sees one stream.
package forward

import (
	"sync/atomic"

	"kinwire/sfu/codec"
	"kinwire/sfu/datagram"
)

// Header is what a downlink decides about a packet on its way out. The writer
// adds what belongs to the link as a whole, such as the transport-wide
// sequence number.
type Header struct {
	SSRC      uint32
	Timestamp uint32
	Seq       uint16
	PT        uint8
	Marker    bool
}

// Writer encrypts one RTP packet and puts it among those that out will send. It
// does not keep the payload and does not block. A downlink writes one packet at
// a time.
type Writer interface {
	WriteRTP(out *datagram.Batch, h *Header, payload []byte) error
}

// Drop names a reason for which a packet went no further.
type Drop uint8

// The reasons. Uplinks count those up to DropMuted, downlinks the rest.
const (
	DropDuplicate   Drop = iota // seen before
	DropPayloadType             // not the negotiated payload type
	DropEmpty                   // padding alone: a bandwidth probe
	DropMalformed               // a retransmission without its sequence number
	DropMuted                   // the source is muted
	DropNoCodec                 // this receiver did not negotiate the codec
	DropWaitKey                 // no key frame yet since the source began or changed
	DropStale                   // older than the point where the source began or changed
	DropWrite                   // the link refused it
	drops
)

var dropNames = [drops]string{"duplicate", "payload_type", "empty", "malformed", "muted", "no_codec", "wait_key_frame", "stale", "write"}

func (d Drop) String() string { return dropNames[d] }

// Drops counts dropped packets by reason. It may be read while it is counted.
type Drops [drops]atomic.Uint64

// Each calls f for every reason with its count so far.
func (d *Drops) Each(f func(reason string, n uint64)) {
	for i := range d {
		f(dropNames[i], d[i].Load())
	}
}

func (d *Drops) add(r Drop) { d[r].Add(1) }

// PayloadTypes gives the payload type under which a receiver takes a codec,
// and the one for its retransmissions (RFC 4588). 0 stands for none.
type PayloadTypes struct {
	Media [codec.Kinds]uint8
	RTX   [codec.Kinds]uint8
}

// Reasons are the names of all reasons for which a packet is dropped.
func Reasons() []string { return dropNames[:] }
