package srtp

import (
	"encoding/binary"
	"fmt"
)

// Bounds of an Opener's window, in packets. Half of the sequence numbers is
// as far as a late packet can be told from an early one.
const minWindow, maxWindow = 64, half

// Opener opens what one peer sends. It is not for concurrent use.
type Opener struct {
	overhead   int
	window     int
	maxStreams int
	media      inbound
	control    inbound
}

// inbound is the state of the SSRCs of one kind of packet, RTP or RTCP.
type inbound struct {
	session session
	streams map[uint32]*received
	last    *received // the packet before was of this one
}

// received is what was received of one SSRC.
type received struct {
	ssrc   uint32
	window window
}

func (in *inbound) find(ssrc uint32) *received {
	if in.last != nil && in.last.ssrc == ssrc {
		return in.last
	}
	return in.streams[ssrc]
}

// NewOpener gives an Opener for what a peer seals with k. It tells replays
// apart within the last window packets of an SSRC, a multiple of 64 from 64 to
// 32,768, and takes up to maxStreams SSRCs for RTP and as many for RTCP.
func NewOpener(p Profile, k Keys, window, maxStreams int) (*Opener, error) {
	switch {
	case window < minWindow || window > maxWindow || window%64 != 0:
		return nil, fmt.Errorf("%w: given a window of %d packets; allowed: a multiple of 64 from %d to %d",
			ErrLimit, window, minWindow, maxWindow)
	case maxStreams < 1:
		return nil, fmt.Errorf("%w: given %d streams; allowed: 1 and more", ErrLimit, maxStreams)
	}
	rtp, rtcp, err := newSessions(p, k)
	if err != nil {
		return nil, err
	}
	return &Opener{
		overhead: p.Overhead(), window: window, maxStreams: maxStreams,
		media:   inbound{session: rtp, streams: map[uint32]*received{}},
		control: inbound{session: rtcp, streams: map[uint32]*received{}},
	}, nil
}

// RTP opens an SRTP packet in place. header is the length of its RTP header,
// which is not encrypted, with CSRCs and extension; a length that is not the
// packet's own gives an error or a payload that means nothing. The result is
// the header and the plain payload, a slice of b. After an error b may hold
// anything.
func (o *Opener) RTP(b []byte, header int) ([]byte, error) {
	// By subtraction: header may be any number.
	if header < rtpHeader || len(b)-o.overhead < header {
		return nil, ErrShort
	}
	ssrc, seq := binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint16(b[2:])
	index := uint64(seq)
	r := o.media.find(ssrc)
	if r != nil {
		index = estimate(r.window.highest, seq)
		if !r.window.fresh(index) {
			return nil, ErrReplayed
		}
	}
	if !o.media.session.openRTP(b, header, ssrc, index) {
		return nil, ErrAuth
	}
	if err := o.note(&o.media, r, ssrc, index); err != nil {
		return nil, err
	}
	return b[:len(b)-o.overhead], nil
}

// RTCP opens an SRTCP packet in place. The result is the plain compound
// packet, a slice of b. After an error b may hold anything.
//
// A packet may be authenticated without being encrypted (its E bit is 0): the
// sender decides that, and it is as authentic as the others.
func (o *Opener) RTCP(b []byte) ([]byte, error) {
	end := len(b) - o.overhead - indexSize
	if end < rtcpHeader {
		return nil, ErrShort
	}
	word := o.control.session.word(b)
	ssrc, index := binary.BigEndian.Uint32(b[4:]), uint64(word&^encrypted)
	r := o.control.find(ssrc)
	if r != nil && !r.window.fresh(index) {
		return nil, ErrReplayed
	}
	if !o.control.session.openRTCP(b, ssrc, word) {
		return nil, ErrAuth
	}
	if err := o.note(&o.control, r, ssrc, index); err != nil {
		return nil, err
	}
	return b[:end], nil
}

// note remembers an authentic packet. r is nil for the first of its SSRC.
func (o *Opener) note(in *inbound, r *received, ssrc uint32, index uint64) error {
	if r != nil {
		r.window.note(index)
		in.last = r
		return nil
	}
	if len(in.streams) >= o.maxStreams {
		return ErrStreams
	}
	r = &received{ssrc: ssrc, window: newWindow(o.window, index)}
	in.streams[ssrc] = r
	in.last = r
	return nil
}
