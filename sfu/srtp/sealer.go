package srtp

import (
	"encoding/binary"
	"slices"
	"sync"
)

// MaxLate is how many sequence numbers behind the newest one a packet may be
// that is still sealed. It is four times the replay window of libwebrtc: no
// receiver would take an older one. It keeps a jump of the sequence numbers by
// more than half their range, which looks like a very late packet, from using
// nonces a second time.
const MaxLate = 4096

// Sealer seals what we send to one peer.
type Sealer struct {
	overhead int
	rtp      session // only forked, by the streams
	rtcp     session
	index    uint32 // of the last RTCP packet

	mu      sync.Mutex // for setting up streams; sealing takes no lock
	streams map[uint32]*Stream
}

// NewSealer gives a Sealer for k, the keys of our direction.
func NewSealer(p Profile, k Keys) (*Sealer, error) {
	rtp, rtcp, err := newSessions(p, k)
	if err != nil {
		return nil, err
	}
	return &Sealer{overhead: p.Overhead(), rtp: rtp, rtcp: rtcp, streams: map[uint32]*Stream{}}, nil
}

// Stream is one SSRC that we send. A Stream is for one goroutine at a time;
// different Streams may be used at the same time.
type Stream struct {
	session  session
	highest  uint64 // index
	overhead int
	ssrc     uint32
	begun    bool
}

// Stream gives the Stream of an SSRC. There is one for each SSRC: a second
// with a rollover counter of its own would use nonces again. It stays for as
// long as the Sealer. Any goroutine may call it.
func (s *Sealer) Stream(ssrc uint32) *Stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.streams[ssrc]
	if st == nil {
		st = &Stream{session: s.rtp.fork(), overhead: s.overhead, ssrc: ssrc}
		s.streams[ssrc] = st
	}
	return st
}

// Seal makes an SRTP packet in dst and returns its length. dst[:header] is the
// finished RTP header with the Stream's SSRC; payload is encrypted from where
// it lies to dst[header:]. It does not overlap dst, or lies exactly there.
//
// Late packets are sealed too, up to MaxLate behind the newest. The caller
// must not seal two packets that differ and have the same sequence number: it
// would use a nonce twice, which tells an observer their difference and, with
// GCM, lets it forge packets.
//
// The result is 0 when there is nothing to send: dst has no room for the
// overhead, header is no RTP header's length, or the sequence number is too
// far behind, or from before the stream's first.
func (st *Stream) Seal(dst []byte, header int, payload []byte) int {
	// By subtraction: header may be any number.
	if header < rtpHeader || len(dst)-len(payload)-st.overhead < header {
		return 0
	}
	index, ok := st.next(binary.BigEndian.Uint16(dst[2:]))
	if !ok {
		return 0
	}
	st.session.sealRTP(dst, header, payload, st.ssrc, index)
	return header + len(payload) + st.overhead
}

// next gives the index of a packet and remembers it. ok is false when the
// packet can not be sealed.
func (st *Stream) next(seq uint16) (index uint64, ok bool) {
	if !st.begun {
		st.begun, st.highest = true, uint64(seq)
		return st.highest, true
	}
	index = estimate(st.highest, seq)
	if index <= st.highest {
		return index, st.highest-index <= MaxLate
	}
	// A packet from shortly before the stream's first has no index: ROC 0 has
	// nothing before it. Taken for one from far ahead, it would move the ROC on
	// for us, and for receivers only if it arrived. The other case is the end
	// of the key's life (RFC 3711 section 9.2).
	if uint16(st.highest)-seq <= MaxLate || index>>48 != 0 {
		return 0, false
	}
	st.highest = index
	return index, true
}

// RTCP makes an SRTCP packet of the compound packet plain, always encrypted,
// in dst from its beginning; dst is made longer if it has no room, and
// returned. plain does not overlap dst, or begins where dst does. One
// goroutine at a time.
//
// One counter numbers the packets of all SSRCs: each receiver sees numbers
// that rise, which is all that it looks for.
func (s *Sealer) RTCP(dst, plain []byte) ([]byte, error) {
	switch {
	case len(plain) < rtcpHeader:
		return nil, ErrShort
	case s.index >= lastControl:
		return nil, ErrExhausted
	}
	s.index++
	size := len(plain) + s.overhead + indexSize
	dst = slices.Grow(dst[:0], size)[:size]
	s.rtcp.sealRTCP(dst, plain, binary.BigEndian.Uint32(plain[4:]), s.index)
	return dst, nil
}
