package forward

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"kinwire/sfu/codec"
	"kinwire/sfu/datagram"
	"kinwire/sfu/feedback"
	"kinwire/sfu/history"
	"kinwire/sfu/packet"
)

// joinersShare is the part of the usual time between two requests for a key
// frame that has to pass before one for somebody who has just joined.
const joinersShare = 4

// maxPending bounds the sequence numbers that an uplink is waiting for.
const maxPending = 512

// UplinkConfig says what a client sends on one m-section.
type UplinkConfig struct {
	Codec    codec.Kind
	PT       uint8         // the negotiated payload type
	RTXPT    uint8         // of retransmissions, 0 when not negotiated
	History  int           // packets kept for retransmission, a power of two
	Clock    *Clock        // shared by all uplinks of the client
	KeyFrame time.Duration // shortest time between two requests for a key frame, at first
	// RequestKeyFrame sends a PLI (RFC 4585 section 6.3.1) to the client.
	RequestKeyFrame func(ssrc uint32)
}

// Uplink is one source of one client: everything that arrives for it comes in
// through Receive and ReceiveRepair, one packet at a time.
type Uplink struct {
	cfg       UplinkConfig
	downlinks atomic.Pointer[[]*Downlink]
	stream    atomic.Pointer[stream]
	muted     atomic.Bool
	resync    atomic.Bool

	mu       sync.Mutex // guards downlinks' replacement and throttle
	throttle *feedback.Throttle
	keyFrame atomic.Int64 // nanoseconds between two requests

	expired time.Time // owned by Tick's goroutine

	// Owned by the receiving goroutine.
	epoch  uint64
	lastTS uint32
	keyTS  uint32
	began  bool // a frame has been counted

	Drops     Drops
	counters  uplinkCounters
	keyWanted atomic.Bool
	firstAt   atomic.Int64 // Unix nanoseconds of the first packet, 0 before
}

type uplinkCounters struct {
	bytes, forwarded, frames, keyFrames, repaired, nacks, plis atomic.Uint64
	size                                                       atomic.Uint32 // width<<16 | height
}

// stream is what belongs to one SSRC: it begins anew when a client does.
type stream struct {
	ssrc      uint32
	reception *feedback.Reception
	losses    *feedback.Losses
	history   *history.Ring
	report    atomic.Pointer[senderReport]
}

type senderReport struct {
	ntp time.Time // the client's clock
	rtp uint32
}

// NewUplink makes an uplink; it allocates its history with the first packet.
func NewUplink(cfg UplinkConfig) *Uplink {
	u := &Uplink{cfg: cfg, throttle: feedback.NewThrottle(cfg.KeyFrame)}
	u.SetKeyFrame(cfg.KeyFrame)
	return u
}

// Codec says what is being sent.
func (u *Uplink) Codec() codec.Kind { return u.cfg.Codec }

// Receive takes a packet as it was decrypted and puts what goes on into out. It
// is called by one goroutine at a time, keeps nothing of p, and may change p's
// bytes.
func (u *Uplink) Receive(p *packet.View, out *datagram.Batch, now time.Time) {
	if p.PT != u.cfg.PT {
		u.Drops.add(DropPayloadType)
		return
	}
	s := u.stream.Load()
	if s == nil || s.ssrc != p.SSRC {
		s = u.begin(p.SSRC, now)
	}
	u.take(s, p, out, now, false)
}

// ReceiveRepair takes a retransmission (RFC 4588) of this uplink.
func (u *Uplink) ReceiveRepair(p *packet.View, out *datagram.Batch, now time.Time) {
	s := u.stream.Load()
	switch {
	case s == nil || len(p.Payload()) == 0: // a probe made of padding
		u.Drops.add(DropEmpty)
		return
	case p.PT != u.cfg.RTXPT || u.cfg.RTXPT == 0:
		u.Drops.add(DropPayloadType)
		return
	}
	if err := p.Repair(s.ssrc, u.cfg.PT); err != nil {
		u.Drops.add(DropMalformed)
		return
	}
	u.take(s, p, out, now, true)
}

func (u *Uplink) begin(ssrc uint32, now time.Time) *stream {
	s := &stream{ssrc: ssrc, reception: feedback.NewReception(u.cfg.Codec.ClockRate())}
	if u.cfg.Codec.Video() {
		// Sound is not retransmitted: Opus conceals a loss sooner and better
		// (in-band FEC) than a round trip could mend it.
		s.losses, s.history = feedback.NewLosses(maxPending), history.New(u.cfg.History)
	}
	u.stream.Store(s)
	u.epoch++
	u.began = false
	u.firstAt.CompareAndSwap(0, now.UnixNano())
	return s
}

func (u *Uplink) take(s *stream, p *packet.View, out *datagram.Batch, now time.Time, repair bool) {
	if !repair {
		u.counters.bytes.Add(uint64(len(p.Payload())))
	}
	ext, fresh := s.reception.Receive(p.Seq, p.Timestamp, now)
	if !fresh {
		u.Drops.add(DropDuplicate)
		return
	}
	if s.losses != nil && s.losses.Receive(ext, now) {
		u.counters.repaired.Add(1)
	}
	if u.muted.Load() {
		u.Drops.add(DropMuted)
		return
	}
	if u.resync.Load() && u.resync.CompareAndSwap(true, false) {
		u.epoch++
	}
	var frame codec.Frame
	if s.history != nil {
		s.history.Store(p.Seq, p.Raw, now)
		if len(p.Payload()) > 0 {
			frame = codec.Inspect(u.cfg.Codec, p.Payload())
			u.noteFrame(p, frame)
		}
	}
	u.send(s, p, frame, out, now)
}

func (u *Uplink) noteFrame(p *packet.View, f codec.Frame) {
	if !u.began || int32(p.Timestamp-u.lastTS) > 0 {
		u.began, u.lastTS = true, p.Timestamp
		u.counters.frames.Add(1)
	}
	if f.Key && f.Start && (u.counters.keyFrames.Load() == 0 || u.keyTS != p.Timestamp) {
		u.keyTS = p.Timestamp // an H264 key frame has several packets that begin it
		u.counters.keyFrames.Add(1)
		u.mu.Lock()
		u.throttle.Satisfied()
		u.mu.Unlock()
	}
	if f.Width != 0 {
		u.counters.size.Store(uint32(f.Width)<<16 | uint32(f.Height))
	}
}

func (u *Uplink) send(s *stream, p *packet.View, frame codec.Frame, out *datagram.Batch, now time.Time) {
	list := u.downlinks.Load()
	if list == nil {
		return
	}
	sent := uint64(0)
	for _, d := range *list {
		if d.forward(u, s, p, frame, out, now) {
			sent++
		}
	}
	u.counters.forwarded.Add(sent)
}

// SetMuted stops forwarding, or starts it again with a key frame.
func (u *Uplink) SetMuted(muted bool, now time.Time) {
	if u.muted.Swap(muted) == muted || muted {
		return
	}
	u.resync.Store(true)
	u.KeyFrame(now)
}

// Attach makes d receive this uplink from the next key frame on (from the
// next packet, with sound). d leaves its former source.
func (u *Uplink) Attach(d *Downlink, now time.Time) {
	if old := d.setSource(u, now); old != nil && old != u {
		old.remove(d)
	}
	u.mu.Lock()
	next := []*Downlink{d}
	if list := u.downlinks.Load(); list != nil {
		if slices.Contains(*list, d) {
			u.mu.Unlock()
			return
		}
		next = append(slices.Clone(*list), d)
	}
	u.downlinks.Store(&next)
	u.mu.Unlock()
	// Somebody looks at a black picture: people who join one shortly after the
	// other do not wait for one another as those who lose packets do.
	u.keyFrameAfter(now, u.between()/joinersShare)
}

// Detach ends forwarding to d.
func (u *Uplink) Detach(d *Downlink) {
	d.clearSource(u)
	u.remove(d)
}

func (u *Uplink) remove(d *Downlink) {
	u.mu.Lock()
	defer u.mu.Unlock()
	list := u.downlinks.Load()
	if list == nil {
		return
	}
	next := slices.DeleteFunc(slices.Clone(*list), func(x *Downlink) bool { return x == d })
	u.downlinks.Store(&next)
}

// KeyFrame asks the client for a key frame, at most once in the configured
// time; a request that comes too early is made by Tick when its time has come.
func (u *Uplink) KeyFrame(now time.Time) { u.keyFrameAfter(now, u.between()) }

// SetKeyFrame changes the shortest time between two requests for a key frame.
func (u *Uplink) SetKeyFrame(every time.Duration) { u.keyFrame.Store(int64(every)) }

func (u *Uplink) between() time.Duration { return time.Duration(u.keyFrame.Load()) }

func (u *Uplink) keyFrameAfter(now time.Time, gap time.Duration) {
	if !u.cfg.Codec.Video() {
		return
	}
	u.mu.Lock()
	ok := u.throttle.AllowAfter(now, gap)
	u.mu.Unlock()
	if ok {
		u.requestKeyFrame()
	}
}

func (u *Uplink) requestKeyFrame() {
	s := u.stream.Load()
	if s == nil || u.muted.Load() {
		return // the first packet of a stream is part of a key frame anyway
	}
	u.counters.plis.Add(1)
	u.cfg.RequestKeyFrame(s.ssrc)
}

// Tick does what time brings: a delayed request for a key frame, and one for
// downlinks that still wait. It appends the sequence numbers to NACK now.
func (u *Uplink) Tick(now time.Time, rtt time.Duration, nacks []uint16) []uint16 {
	if u.keyWanted.CompareAndSwap(true, false) {
		u.KeyFrame(now)
	}
	u.mu.Lock()
	due := u.throttle.Due(now)
	u.mu.Unlock()
	if due {
		u.requestKeyFrame()
	}
	s := u.stream.Load()
	if s != nil && s.history != nil && now.Sub(u.expired) >= time.Second {
		u.expired = now
		s.history.Expire(now) // of a camera that has stopped, nothing stays
	}
	// Without RTX the client sends the packet again as it was.
	if s == nil || s.losses == nil || u.muted.Load() {
		return nacks
	}
	before := len(nacks)
	nacks = s.losses.Due(now, rtt, nacks)
	u.counters.nacks.Add(uint64(len(nacks) - before))
	return nacks
}

// SSRC is the client's, or 0 before its first packet.
func (u *Uplink) SSRC() uint32 {
	if s := u.stream.Load(); s != nil {
		return s.ssrc
	}
	return 0
}

// Block is the reception report (RFC 3550 section 6.4.1) for the client.
// false before the first packet.
func (u *Uplink) Block(now time.Time) (rtcp.ReceptionReport, bool) {
	s := u.stream.Load()
	if s == nil {
		return rtcp.ReceptionReport{}, false
	}
	return s.reception.Block(s.ssrc, now), true
}

// SenderReport takes the client's (RFC 3550 section 6.4.1).
func (u *Uplink) SenderReport(sr *rtcp.SenderReport, now time.Time) {
	s := u.stream.Load()
	if s == nil || s.ssrc != sr.SSRC {
		return
	}
	s.reception.SenderReport(sr.NTPTime, sr.RTPTime, now)
	ntp := feedback.FromNTP(sr.NTPTime)
	u.cfg.Clock.Observe(ntp, now)
	s.report.Store(&senderReport{ntp: ntp, rtp: sr.RTPTime})
}

// rtpAt is the client's RTP timestamp at the server's time now, by the
// client's last sender report. false before there is one.
func (u *Uplink) rtpAt(s *stream, now time.Time) (uint32, bool) {
	sr := s.report.Load()
	if sr == nil {
		return 0, false
	}
	at, ok := u.cfg.Clock.Local(sr.ntp)
	if !ok {
		return 0, false
	}
	rate := int64(u.cfg.Codec.ClockRate())
	return sr.rtp + uint32(int64(now.Sub(at))*rate/int64(time.Second)), true
}

// UplinkStats is what an uplink has counted since it began.
type UplinkStats struct {
	SSRC          uint32
	Codec         codec.Kind
	Reception     feedback.Totals
	Bytes         uint64 // RTP payload
	Forwarded     uint64 // packets sent on, over all downlinks
	Repaired      uint64 // lost packets that came after all
	NACKs         uint64 // sequence numbers asked for
	PLIs          uint64 // key frames asked for
	Frames        uint64
	KeyFrames     uint64
	Width, Height int
	Muted         bool
	Started       time.Time // the first packet; zero before
}

// Stats may be called by any goroutine.
func (u *Uplink) Stats() UplinkStats {
	c := &u.counters
	size := c.size.Load()
	st := UplinkStats{
		Codec: u.cfg.Codec, Bytes: c.bytes.Load(), Forwarded: c.forwarded.Load(), Repaired: c.repaired.Load(),
		NACKs: c.nacks.Load(), PLIs: c.plis.Load(), Frames: c.frames.Load(), KeyFrames: c.keyFrames.Load(),
		Width: int(size >> 16), Height: int(size & 0xffff), Muted: u.muted.Load(),
	}
	if at := u.firstAt.Load(); at != 0 {
		st.Started = time.Unix(0, at)
	}
	if s := u.stream.Load(); s != nil {
		st.SSRC, st.Reception = s.ssrc, s.reception.Totals()
	}
	return st
}
