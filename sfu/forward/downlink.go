package forward

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"kinwire/sfu/codec"
	"kinwire/sfu/datagram"
	"kinwire/sfu/feedback"
	"kinwire/sfu/packet"
)

// resendGap is the shortest time between two answers to NACKs for the same
// packet: a receiver that asks again sooner has not seen the first answer yet.
const resendGap = 15 * time.Millisecond

// DownlinkConfig describes one receive slot of one client.
type DownlinkConfig struct {
	Writer    Writer
	SSRC      uint32
	RTXSSRC   uint32 // 0 when retransmissions go by the media's SSRC
	Types     PayloadTypes
	ClockRate uint32 // Hz: 48,000 for sound, 90,000 for a picture
}

// Downlink is a virtual stream to one client.
type Downlink struct {
	cfg   DownlinkConfig
	stats *feedback.SendStats
	Drops Drops

	retransmitted, nacks, plis, bytes, packets, frames, holes atomic.Uint64
	base                                                      atomic.Pointer[DownlinkStats] // when the present source came

	mu        sync.Mutex
	source    *Uplink
	stream    *stream
	epoch     uint64
	running   bool
	began     bool   // a packet has gone out at some time
	firstIn   uint16 // the source's sequence number at which this source began here
	seqOffset uint16
	tsOffset  uint32
	lastSeq   uint16
	lastTS    uint32
	lastAt    time.Time
	header    Header
	repair    *repair // once something was retransmitted: most never need it
}

// repair is what retransmission needs.
type repair struct {
	rtxSeq  uint16
	scratch [packet.MaxSize + 2]byte
	resent  [64]resend
}

type resend struct {
	seq uint16
	at  time.Time
}

// NewDownlink makes a downlink without a source.
func NewDownlink(cfg DownlinkConfig) *Downlink {
	return &Downlink{cfg: cfg, stats: feedback.NewSendStats(cfg.ClockRate)}
}

// SSRC is the stream's, which never changes.
func (d *Downlink) SSRC() uint32 { return d.cfg.SSRC }

// Takes says whether the receiver negotiated the codec.
func (d *Downlink) Takes(k codec.Kind) bool { return d.cfg.Types.Media[k] != 0 }

// Source is the uplink that this downlink shows now, or nil.
func (d *Downlink) Source() *Uplink {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.source
}

func (d *Downlink) setSource(u *Uplink, now time.Time) (old *Uplink) {
	d.mu.Lock()
	defer d.mu.Unlock()
	old = d.source
	if old != u {
		d.source, d.stream, d.running = u, nil, false
		base := d.sums()
		base.Started = now
		d.base.Store(&base)
	}
	return old
}

func (d *Downlink) clearSource(u *Uplink) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.source == u {
		d.source, d.stream, d.running = nil, nil, false
	}
}

// forward sends p on, with this downlink's header. It is part of the hot path.
func (d *Downlink) forward(u *Uplink, s *stream, p *packet.View, frame codec.Frame, out *datagram.Batch, now time.Time) bool {
	pt := d.cfg.Types.Media[u.cfg.Codec]
	if pt == 0 {
		d.Drops.add(DropNoCodec)
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.source != u {
		d.Drops.add(DropStale)
		return false
	}
	if !d.running || d.stream != s || d.epoch != u.epoch {
		if u.cfg.Codec.Video() && !(frame.Key && frame.Start) {
			d.running = false
			d.Drops.add(DropWaitKey)
			u.keyWanted.Store(true)
			return false
		}
		d.start(u, s, p, now)
	}
	if int16(p.Seq-d.firstIn) < 0 {
		d.Drops.add(DropStale)
		return false
	}
	return d.write(p, pt, out, now)
}

// start joins the source's numbering onto what went out before.
func (d *Downlink) start(u *Uplink, s *stream, p *packet.View, now time.Time) {
	d.running, d.stream, d.epoch, d.firstIn = true, s, u.epoch, p.Seq
	if !d.began {
		d.began = true
		d.seqOffset, d.tsOffset = 0, 0
		return
	}
	rate := int64(u.cfg.Codec.ClockRate())
	step := max(1, int64(now.Sub(d.lastAt))*rate/int64(time.Second))
	d.seqOffset = d.lastSeq + 1 - p.Seq
	d.tsOffset = d.lastTS + uint32(step) - p.Timestamp
}

func (d *Downlink) write(p *packet.View, pt uint8, out *datagram.Batch, now time.Time) bool {
	h := &d.header
	h.SSRC, h.PT, h.Marker = d.cfg.SSRC, pt, p.Marker
	h.Seq, h.Timestamp = p.Seq+d.seqOffset, p.Timestamp+d.tsOffset
	first := d.packets.Load() == 0
	if first || int16(h.Seq-d.lastSeq) > 0 {
		if first || h.Timestamp != d.lastTS {
			d.frames.Add(1)
		}
		if skipped := h.Seq - d.lastSeq - 1; !first && skipped > 0 {
			d.holes.Add(uint64(skipped))
		}
		d.lastSeq, d.lastTS, d.lastAt = h.Seq, h.Timestamp, now
	} else if d.holes.Load() > 0 {
		d.holes.Add(^uint64(0)) // one of them has come after all
	}
	payload := p.Payload()
	if err := d.cfg.Writer.WriteRTP(out, h, payload); err != nil {
		d.Drops.add(DropWrite)
		return false
	}
	d.packets.Add(1)
	d.bytes.Add(uint64(len(payload)))
	d.stats.Sent(h.Timestamp, len(payload), now)
	return true
}

// Retransmit answers a NACK (RFC 4585 section 6.2.1) for one sequence number
// from the source's history, as RTX (RFC 4588). It says whether a packet went
// out. Where RTX was not negotiated none does: the same sequence number under
// another transport-wide number would be sealed twice with one nonce, which
// gives the authentication key of AES-GCM away (RFC 7714 section 8.4).
func (d *Downlink) Retransmit(seq uint16, out *datagram.Batch, now time.Time) bool {
	d.nacks.Add(1)
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.running || !d.repairs() || d.stream.history == nil || int16(seq-d.seqOffset-d.firstIn) < 0 {
		return false
	}
	if d.repair == nil {
		d.repair = new(repair)
	}
	r := d.repair
	slot := &r.resent[seq%uint16(len(r.resent))]
	if slot.seq == seq && now.Sub(slot.at) < resendGap {
		return false
	}
	// The two bytes in front take the original sequence number.
	n, ok := d.stream.history.Load(seq-d.seqOffset, r.scratch[2:])
	if !ok {
		return false
	}
	var p packet.View
	if packet.Parse(r.scratch[2:2+n], &p) != nil {
		return false
	}
	if err := d.resend(&p, seq, out); err != nil {
		d.Drops.add(DropWrite)
		return false
	}
	slot.seq, slot.at = seq, now
	d.retransmitted.Add(1)
	return true
}

// repairs says whether RTX was negotiated for what is sent now. Called with mu
// held, while running.
func (d *Downlink) repairs() bool {
	return d.cfg.RTXSSRC != 0 && d.cfg.Types.RTX[d.source.cfg.Codec] != 0
}

func (d *Downlink) resend(p *packet.View, seq uint16, out *datagram.Batch) error {
	h := &d.header
	h.SSRC, h.PT, h.Marker = d.cfg.RTXSSRC, d.cfg.Types.RTX[d.source.cfg.Codec], p.Marker
	r := d.repair
	r.rtxSeq++
	h.Seq, h.Timestamp = r.rtxSeq, p.Timestamp+d.tsOffset
	// The payload lies in scratch at start+2: two bytes were left in front.
	start := p.PayloadOffset()
	binary.BigEndian.PutUint16(r.scratch[start:], seq)
	return d.cfg.Writer.WriteRTP(out, h, r.scratch[start:start+2+len(p.Payload())])
}

// PLI takes a receiver's request for a key frame and passes it on.
func (d *Downlink) PLI(now time.Time) {
	d.plis.Add(1)
	if u := d.Source(); u != nil {
		u.KeyFrame(now)
	}
}

// Report takes the receiver's report about this stream.
func (d *Downlink) Report(r rtcp.ReceptionReport, now time.Time) { d.stats.Block(r, now) }

// SenderReport is due about once a second while the stream runs; nil before
// its first packet.
func (d *Downlink) SenderReport(now time.Time) *rtcp.SenderReport {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.running {
		return nil
	}
	sr := d.stats.SenderReport(d.cfg.SSRC, now)
	if sr == nil {
		return nil
	}
	if rtp, ok := d.source.rtpAt(d.stream, now); ok {
		sr.RTPTime = rtp + d.tsOffset
	}
	return sr
}

// DownlinkStats is what a downlink has counted since its present source came.
type DownlinkStats struct {
	SSRC          uint32
	Packets       uint64
	Bytes         uint64 // RTP payload, without retransmissions
	Frames        uint64
	Retransmitted uint64 // NACKed packets sent again
	NACKs         uint64 // sequence numbers the receiver asked for
	PLIs          uint64
	// Holes are sequence numbers left out: lost on their way up, and not come
	// since. The receiver counts them as lost.
	Holes   uint64
	Remote  feedback.SendTotals
	Started time.Time // when the present source came
}

// sums are the counters since the downlink was made.
func (d *Downlink) sums() DownlinkStats {
	return DownlinkStats{
		SSRC: d.cfg.SSRC, Packets: d.packets.Load(), Bytes: d.bytes.Load(), Frames: d.frames.Load(),
		Retransmitted: d.retransmitted.Load(), NACKs: d.nacks.Load(), PLIs: d.plis.Load(), Holes: d.holes.Load(), Remote: d.stats.Totals(),
	}
}

// Sums are counters since the downlink was made, whatever its sources were.
func (d *Downlink) Sums() (packets, bytes, retransmitted, nacks uint64) {
	return d.packets.Load(), d.bytes.Load(), d.retransmitted.Load(), d.nacks.Load()
}

// RTT is the last round-trip time to the receiver that its reports have told; 0
// before there is one.
func (d *Downlink) RTT() time.Duration { return d.stats.RTT() }

// Stats may be called by any goroutine.
func (d *Downlink) Stats() DownlinkStats {
	st := d.sums()
	if b := d.base.Load(); b != nil {
		st.Packets -= b.Packets
		st.Bytes -= b.Bytes
		st.Frames -= b.Frames
		st.Retransmitted -= b.Retransmitted
		st.NACKs -= b.NACKs
		st.PLIs -= b.PLIs
		st.Holes -= min(b.Holes, st.Holes)
		st.Remote.Lost -= b.Remote.Lost
		st.Remote.Judged -= min(b.Packets, st.Remote.Judged)
		st.Remote.Reports -= b.Remote.Reports
		st.Started = b.Started
	}
	return st
}
