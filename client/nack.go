package client

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
)

// How a receiver asks for what is missing (RFC 4585 section 6.2.1).
const (
	nackLook  = 20 * time.Millisecond
	nackAfter = 10 * time.Millisecond  // in which a packet may have been overtaken
	nackAgain = 100 * time.Millisecond // at least, and a round trip at least
	nackSlack = 30 * time.Millisecond  // beyond the round trip
	nackTries = 10
	nackGap   = 1000 // packets missing at once that are worth asking for

	nackMeasure = 500 * time.Millisecond // how old the round trip may be
)

// nacks asks for the packets that are missing of each stream that allows it.
// pion has such a part too, but it does not hear of what came as a
// retransmission on a stream of its own (RFC 4588), and asks for it again and
// again: on a network that loses something it has most of what is sent sent
// many times.
type nacks struct {
	interceptor.NoOp
	now    func() time.Time
	sender uint32 // SSRC

	closing sync.Once
	closed  chan struct{}
	running sync.WaitGroup

	mu      sync.Mutex
	streams map[uint32]*nackLog
	measure func() time.Duration // of the round trip; nil: there is no way to know
	rtt     time.Duration
	asked   time.Time // for the round trip
}

func newNacks(now func() time.Time) *nacks {
	return &nacks{now: now, sender: rand.Uint32(), closed: make(chan struct{}), streams: map[uint32]*nackLog{}}
}

// NewInterceptor is for the registry: there is one for each connection.
func (n *nacks) NewInterceptor(string) (interceptor.Interceptor, error) { return n, nil }

// BindRTCPWriter begins to ask.
func (n *nacks) BindRTCPWriter(w interceptor.RTCPWriter) interceptor.RTCPWriter {
	n.running.Go(func() { n.run(w) })
	return w
}

// BindRemoteStream follows a stream.
func (n *nacks) BindRemoteStream(info *interceptor.StreamInfo, r interceptor.RTPReader) interceptor.RTPReader {
	if !slices.Contains(info.RTCPFeedback, interceptor.RTCPFeedback{Type: "nack"}) {
		return r
	}
	n.mu.Lock()
	n.streams[info.SSRC] = &nackLog{missing: map[int64]*asked{}}
	n.mu.Unlock()
	return interceptor.RTPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		size, a, err := r.Read(b, a)
		if err != nil {
			return 0, nil, err
		}
		if a == nil {
			a = interceptor.Attributes{}
		}
		h, err := a.GetRTPHeader(b[:size])
		if err != nil {
			return 0, nil, err
		}
		n.came(info.SSRC, h.SequenceNumber)
		return size, a, nil
	})
}

// UnbindRemoteStream forgets a stream.
func (n *nacks) UnbindRemoteStream(info *interceptor.StreamInfo) {
	n.mu.Lock()
	delete(n.streams, info.SSRC)
	n.mu.Unlock()
}

// Close ends the asking, and waits for it.
func (n *nacks) Close() error {
	n.closing.Do(func() { close(n.closed) })
	n.running.Wait()
	return nil
}

// know says how to learn the round-trip time; 0 is not known.
func (n *nacks) know(rtt func() time.Duration) {
	n.mu.Lock()
	n.measure = rtt
	n.mu.Unlock()
}

// learn looks at the round trip where that matters, and not while the lock is
// held on which packets wait.
func (n *nacks) learn() {
	n.mu.Lock()
	measure, now := n.measure, n.now()
	missing := false
	for _, l := range n.streams {
		missing = missing || len(l.missing) > 0
	}
	if measure == nil || !missing || now.Sub(n.asked) < nackMeasure {
		n.mu.Unlock()
		return
	}
	n.asked = now
	n.mu.Unlock()
	rtt := measure()
	n.mu.Lock()
	n.rtt = rtt
	n.mu.Unlock()
}

// came notes a packet, however it came.
func (n *nacks) came(ssrc uint32, seq uint16) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l := n.streams[ssrc]; l != nil {
		l.came(seq, n.now())
	}
}

func (n *nacks) run(w interceptor.RTCPWriter) {
	t := time.NewTicker(nackLook)
	defer t.Stop()
	for {
		select {
		case <-n.closed:
			return
		case <-t.C:
			n.learn()
			for _, p := range n.due() {
				// A packet that cannot be sent now is asked for again.
				_, _ = w.Write([]rtcp.Packet{p}, interceptor.Attributes{})
			}
		}
	}
}

// due is what to ask for now.
func (n *nacks) due() []rtcp.Packet {
	n.mu.Lock()
	defer n.mu.Unlock()
	again := max(nackAgain, n.rtt+nackSlack)
	var out []rtcp.Packet
	for ssrc, l := range n.streams {
		if seqs := l.due(n.now(), again); len(seqs) > 0 {
			out = append(out, &rtcp.TransportLayerNack{SenderSSRC: n.sender, MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(seqs)})
		}
	}
	return out
}

// nackLog is what is missing of one stream, by place in the endless row.
type nackLog struct {
	begun   bool
	highest int64
	missing map[int64]*asked
}

type asked struct {
	next  time.Time
	tries int
}

func (l *nackLog) came(seq uint16, now time.Time) {
	at := l.highest + int64(int16(seq-uint16(l.highest)))
	switch {
	case !l.begun:
		l.begun, l.highest = true, int64(seq)+1<<16
	case at <= l.highest:
		delete(l.missing, at)
	case at-l.highest > nackGap:
		clear(l.missing) // no repair catches up with that
		l.highest = at
	default:
		for i := l.highest + 1; i < at; i++ {
			l.missing[i] = &asked{next: now.Add(nackAfter)}
		}
		l.highest = at
	}
}

// due gives the numbers to ask for, in order.
func (l *nackLog) due(now time.Time, again time.Duration) []uint16 {
	var places []int64
	for at, a := range l.missing {
		switch {
		case a.tries >= nackTries || l.highest-at > nackGap:
			delete(l.missing, at)
		case !a.next.After(now):
			a.tries++
			a.next = now.Add(again)
			places = append(places, at)
		}
	}
	slices.Sort(places)
	out := make([]uint16, len(places))
	for i, at := range places {
		out[i] = uint16(at)
	}
	return out
}
