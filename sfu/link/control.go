package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"kinwire/sfu/datagram"
	"kinwire/sfu/feedback"
)

// rtcpSize bounds an RTCP packet that we send: what every path carries. A
// single one that is larger goes by itself, up to what a datagram holds.
const rtcpSize = 1200

// errRTCPSize says that an RTCP packet does not fit a datagram: the feedback
// about a peer that numbers its packets with gaps can grow to that.
var errRTCPSize = errors.New("link: the RTCP packet is too large to send")

// openRTCP takes an SRTCP packet apart. Called with in held.
func (l *Link) openRTCP(k *keys, w *way, p *pass, b []byte) {
	plain, err := k.opener.RTCP(b)
	if err != nil {
		l.t.count.refused(err)
		return
	}
	l.noteHeard(w, p.now)
	for len(plain) > 0 {
		n := rtcpLength(plain)
		if n == 0 {
			l.t.count.malformed.Add(1)
			return
		}
		l.control(p, plain[:n])
		plain = plain[n:]
	}
}

// rtcpLength is the length of the first packet of a compound (RFC 3550 section
// 6.4.1: in words, less one); 0 when it is longer than what is there.
func rtcpLength(b []byte) int {
	if len(b) < 4 {
		return 0
	}
	n := 4 * (int(binary.BigEndian.Uint16(b[2:])) + 1)
	if n > len(b) {
		return 0
	}
	return n
}

func (l *Link) control(p *pass, b []byte) {
	// Transport-wide feedback comes ten times a second from everybody, and what
	// is needed of it is two numbers.
	if received, lost, ok := feedback.CountTransport(b); ok {
		l.delivery.received.Add(uint64(received))
		l.delivery.lost.Add(uint64(lost))
		return
	}
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		l.t.count.malformed.Add(1)
		return
	}
	for _, x := range packets {
		for _, ssrc := range x.DestinationSSRC() {
			l.owner.Feedback(ssrc, x, p.out, p.now)
		}
	}
}

// delivery counts what the peer's transport-wide feedback says of the packets
// that went to it.
type delivery struct {
	received, lost atomic.Uint64
}

// WriteRTCP sends packets to the peer, as few datagrams as hold them: into out,
// or at once when it is nil. While the link is not connected it sends nothing.
func (l *Link) WriteRTCP(out *datagram.Batch, packets []rtcp.Packet) error {
	k, dest := l.keys.Load(), l.dest()
	if k == nil || dest == nil || len(packets) == 0 {
		return nil
	}
	l.rtcpOut.Lock()
	defer l.rtcpOut.Unlock()
	plain := l.rtcpPlain[:0]
	var refused error
	for _, p := range packets {
		b, err := p.Marshal()
		if err != nil {
			return fmt.Errorf("link: writing RTCP: %w", err)
		}
		if len(b) > datagram.MaxPacket {
			refused = fmt.Errorf("%w: %d bytes, %d are allowed", errRTCPSize, len(b), datagram.MaxPacket)
			continue
		}
		if len(plain) > 0 && len(plain)+len(b) > rtcpSize {
			if err := l.sendRTCP(k, dest, out, plain); err != nil {
				return err
			}
			plain = plain[:0]
		}
		plain = append(plain, b...)
	}
	l.rtcpPlain = plain
	if len(plain) == 0 {
		return refused
	}
	return errors.Join(refused, l.sendRTCP(k, dest, out, plain))
}

// sendRTCP is called with rtcpOut held.
func (l *Link) sendRTCP(k *keys, dest *datagram.Dest, out *datagram.Batch, plain []byte) error {
	if out == nil {
		b, err := k.sealer.RTCP(nil, plain)
		if err != nil {
			return fmt.Errorf("link: sealing RTCP: %w", err)
		}
		dest.Send(b)
		return nil
	}
	b, err := k.sealer.RTCP(out.Buffer()[:0], plain)
	if err != nil {
		return fmt.Errorf("link: sealing RTCP: %w", err)
	}
	out.Add(dest, len(b))
	return nil
}

// RequestKeyFrame sends a PLI (RFC 4585 section 6.3.1) for the peer's stream.
func (l *Link) RequestKeyFrame(ssrc uint32) {
	_ = l.WriteRTCP(nil, []rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}})
}

// TransportFeedback is the transport-wide congestion control feedback due
// now, about the stream with the given SSRC and all others of the link.
func (l *Link) TransportFeedback(media uint32, now time.Time) []rtcp.Packet {
	return l.arrivals.Feedback(0, media, now)
}
