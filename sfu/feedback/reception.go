package feedback

import (
	"sync"
	"time"

	"github.com/pion/rtcp"
)

const (
	// maxDropout is how far ahead of the newest packet the next one may be; a
	// longer leap is taken for a restart of the source (RFC 3550, A.1).
	maxDropout = 3000
	// extBase is the extended sequence number of sequence number 0 in the
	// first cycle. It leaves room for packets that come late before the first
	// one, and its low 32 bits are those of the report block.
	extBase = 1 << 32
	// jitterLeap is the difference of two transit times, in seconds, from
	// which on the sender's clock has been set, not the network delayed.
	jitterLeap = 5
)

// Totals is what a Reception has seen since it was made. A restart of the
// source does not set it back.
type Totals struct {
	// Packets came and were not duplicates, late and repaired ones included.
	Packets uint64
	// Expected is how many should have come, by the sequence numbers.
	Expected uint64
	// Lost is Expected less Packets: lost and not repaired, so far.
	Lost uint64
	// Late counts those of Packets that came after a newer one: by
	// retransmission, or reordered by the network.
	Late uint64
	// Duplicates came a second time.
	Duplicates uint64
	// Strays were too far from the others to belong to them: older than the
	// window, or the first after a long gap.
	Strays uint64
	// Restarts is how often the source started its sequence numbers anew, or
	// went on after a gap of 3,000 packets or more.
	Restarts uint64
	// Jitter is the interarrival jitter (RFC 3550, A.8), a smoothed mean
	// deviation.
	Jitter time.Duration
}

// Clock is the relation of a sender's two clocks, by its last sender report.
// Streams of one sender that share a CNAME share the first, which is how
// picture and sound are brought together.
type Clock struct {
	// NTP is the sender's wall clock as a 64 bit NTP timestamp.
	NTP uint64
	// RTP is the stream's RTP timestamp at that moment.
	RTP uint32
	// At is when the report came here.
	At time.Time
}

// Reception follows the packets of one SSRC as RFC 3550, appendix A, has it.
//
// It differs from the appendix in three points. A source is taken for valid
// with its first packet, as SSRCs are negotiated and packets authenticated
// before. Duplicates are recognised and not counted. And the totals go on over
// a restart of the source, so that a receiver of reports never sees them
// decrease.
type Reception struct {
	rate uint32

	mu      sync.Mutex
	started bool
	highest uint64 // extended sequence number of the newest packet
	base    uint64 // of the oldest since the source last started
	bad     uint32 // the sequence number that would confirm a restart
	seen    window
	before  uint64 // packets expected before the source last started
	totals  Totals // Expected, Lost and Jitter are filled in on the way out

	epoch   time.Time // arrival of the first packet; arrivals count from here
	stamp   uint32    // RTP timestamp by which jitter was last measured
	transit uint32    // and the arrival less that, in ticks
	jitter  uint64    // 16 times the jitter, in ticks

	clock    Clock
	reported bool

	priorExpected, priorReceived uint64 // at the last Block
}

// noBad is no sequence number.
const noBad = 1 << 16

// NewReception gives a Reception for a stream whose RTP timestamps grow by
// clockRate a second.
func NewReception(clockRate uint32) *Reception {
	return &Reception{rate: clockRate, bad: noBad}
}

// Receive takes note of a packet with sequence number seq and RTP timestamp ts
// that came at now. ext is the sequence number without wrap-around: it starts
// in the second 2^32, and a later packet's is always greater, over restarts of
// the source too. fresh is false for a packet that is to be dropped: one that
// came before, is older than the newest 2,048, or is the first after a leap of
// 3,000 or more (the next in sequence confirms the leap and is fresh).
func (r *Reception) Receive(seq uint16, ts uint32, now time.Time) (ext uint64, fresh bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.started {
		r.start(seq, ts, now)
		return r.highest, true
	}
	ahead := seq - uint16(r.highest)
	if ahead == 0 {
		r.totals.Duplicates++
		return r.highest, false
	}
	if ahead < maxDropout {
		ext = r.highest + uint64(ahead)
		r.bad = noBad
		r.seen.forget(r.highest+1, uint64(ahead))
		r.highest = ext
		r.accept(ext)
		r.measure(ts, now)
		return ext, true
	}
	if behind := -ahead; behind < windowPackets {
		return r.late(r.highest - uint64(behind))
	}
	return r.leap(seq, ts, now)
}

func (r *Reception) start(seq uint16, ts uint32, now time.Time) {
	r.started = true
	r.highest = extBase + uint64(seq)
	r.base = r.highest
	r.epoch = now
	r.remember(ts, now)
	r.accept(r.highest)
}

func (r *Reception) accept(ext uint64) {
	r.seen.set(ext)
	r.totals.Packets++
}

// late takes a packet that is older than the newest, within the window. One
// from before the first moves the beginning: the network reordered the first
// packets.
func (r *Reception) late(ext uint64) (uint64, bool) {
	if r.seen.has(ext) {
		r.totals.Duplicates++
		return ext, false
	}
	r.base = min(r.base, ext)
	r.totals.Late++
	r.accept(ext)
	return ext, true
}

// leap takes a packet that is neither soon after the newest nor late. Two such
// in sequence are a source that started anew.
func (r *Reception) leap(seq uint16, ts uint32, now time.Time) (uint64, bool) {
	ext := r.highest + uint64(seq-uint16(r.highest))
	if uint32(seq) != r.bad {
		r.bad = uint32(seq + 1)
		r.totals.Strays++
		return ext, false
	}
	r.before += r.highest - r.base + 1
	r.totals.Restarts++
	r.bad = noBad
	r.seen = window{}
	r.highest, r.base = ext, ext
	r.remember(ts, now)
	r.accept(ext)
	return ext, true
}

func (r *Reception) remember(ts uint32, now time.Time) {
	r.stamp = ts
	r.transit = uint32(ticks(now.Sub(r.epoch), r.rate)) - ts
}

// measure brings the jitter up to date (RFC 3550, A.8). Only the first packet
// of each RTP timestamp counts, and only in order: the packets of one picture
// share a timestamp but leave one after the other, and a packet sent again has
// been on its way longer than the network takes.
func (r *Reception) measure(ts uint32, now time.Time) {
	if ts == r.stamp {
		return
	}
	was := r.transit
	r.remember(ts, now)
	d := int64(int32(r.transit - was))
	if d < 0 {
		d = -d
	}
	if d > jitterLeap*int64(r.rate) {
		return
	}
	r.jitter += uint64(d) - (r.jitter+8)>>4
}

// SenderReport takes note of a sender report of this stream that came at now.
func (r *Reception) SenderReport(ntp uint64, rtpTime uint32, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock = Clock{NTP: ntp, RTP: rtpTime, At: now}
	r.reported = true
}

// Clock gives the sender's clocks; ok is false before its first sender report.
func (r *Reception) Clock() (c Clock, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.clock, r.reported
}

// expected is how many packets should have come. Under the lock.
func (r *Reception) expected() uint64 {
	if !r.started {
		return 0
	}
	return r.before + r.highest - r.base + 1
}

// Block gives the reception report block for the stream, whose SSRC is ssrc.
// The fraction lost is that since the last Block, so one goroutine should ask
// for all of them.
func (r *Reception) Block(ssrc uint32, now time.Time) rtcp.ReceptionReport {
	r.mu.Lock()
	defer r.mu.Unlock()
	expected, received := r.expected(), r.totals.Packets
	// Signed: packets that fill the holes of the interval before can make an
	// interval in which more came than was expected.
	due := int64(expected - r.priorExpected)
	missed := due - int64(received-r.priorReceived)
	r.priorExpected, r.priorReceived = expected, received

	b := rtcp.ReceptionReport{
		SSRC:               ssrc,
		TotalLost:          uint32(min(expected-received, 1<<23-1)),
		LastSequenceNumber: uint32(r.highest),
		Jitter:             uint32(r.jitter >> 4),
	}
	if due > 0 && missed > 0 {
		b.FractionLost = uint8(min(missed<<8/due, 255))
	}
	if r.reported {
		b.LastSenderReport = middle(r.clock.NTP)
		b.Delay = shortSpan(now.Sub(r.clock.At))
	}
	return b
}

// Totals gives what was seen so far.
func (r *Reception) Totals() Totals {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.totals
	t.Expected = r.expected()
	t.Lost = t.Expected - t.Packets
	t.Jitter = fromTicks(uint32(r.jitter>>4), r.rate)
	return t
}
