package record

import (
	"slices"
	"time"

	"kinwire/metrics/dist"
	"kinwire/metrics/label"
)

// minInterval is the shortest time over which a rate is taken; what is
// sampled sooner is added to the next interval.
const minInterval = 100 * time.Millisecond

// view is one stream as one side measures it.
type view struct {
	key           key
	labels        [4]int // view, direction, kind, codec now
	codecs        []string
	started, last time.Time // of the first and the last interval in which packets moved
	active        time.Duration
	rated         rated
	intervals     uint64
	totals        counts
	open          counts        // what came since the last interval was closed
	openTime      time.Duration // and the time over which it came
	width, height int
	dists         [NumFigures]dist.Dist
	step          step
	recent        window
	track         track
	sinceReport   sent    // what went out since the far end's last report
	layer         int     // that was forwarded last
	codecNow      string  // in which packets came last
	weight        float64 // packets that the last loss ratio is of
}

// sent is what went down.
type sent struct{ packets, resent float64 }

// rated sums up the intervals in which packets moved over a time that is known.
type rated struct {
	time          time.Duration
	bytes, frames float64
}

// step gathers the readings of one sample that belong to the same view.
type step struct {
	gen           uint64 // the sample it belongs to
	delta         counts
	elapsed       time.Duration
	timed         bool // elapsed is known
	moved         bool // a reading's counters last stood for another source
	reported      bool // a new RTCP report is in it
	holed         bool // what the far end calls lost came to the server with holes in it
	fps           float64
	rtt, jitter   float64
	fraction      float64
	jitterBuffer  float64
	width, height int
	estimate      float64
	layer         int
}

// gather adds reading r, whose counters stood at b before, to the view's step
// and moves b on. It reports true for the view's first reading in this sample.
func (v *view) gather(gen uint64, r *reading, b *baseline, at time.Time) bool {
	s, first := &v.step, v.step.gen != gen
	if first {
		*s = step{gen: gen, rtt: unknown, jitter: unknown, fraction: unknown, jitterBuffer: unknown, layer: unknown}
	}
	for i := range r.c {
		r.c[i] = bounded(r.c[i])
	}
	var from counts
	since := r.started
	fresh := b.at.IsZero() || b.restarted(r)
	if !fresh {
		from, since = b.c, b.at
		s.moved = s.moved || b.key != r.key
	}
	if fresh {
		b.holes, b.missed = 0, 0
	}
	if r.rtcp && (r.reports == 0 || fresh || r.reports != b.reports) {
		s.reported = true
		s.fraction = max(s.fraction, r.fraction)
		s.holed = s.holed || r.holes > b.holes
		b.holes = r.holes
	}
	if v.reports() {
		b.downlink(r)
	}
	if !since.IsZero() && at.After(since) {
		s.timed, s.elapsed = true, max(s.elapsed, at.Sub(since))
	}
	for i := range r.c {
		s.delta[i] += r.c[i] - from[i]
	}
	if r.c[frames] == 0 {
		s.fps += r.fps
	}
	s.rtt, s.jitter, s.jitterBuffer = max(s.rtt, r.rtt), max(s.jitter, r.jitter), max(s.jitterBuffer, r.jitterBuffer)
	s.estimate, s.layer = max(s.estimate, r.estimate), max(s.layer, r.layer)
	if r.width > 0 && r.height > 0 && r.width*r.height > s.width*s.height {
		s.width, s.height = r.width, r.height
	}
	v.labels[3] = r.codec
	b.c, b.at, b.started, b.key, b.reports = r.c, at, r.started, r.key, r.reports
	return first
}

// close ends the step at time at. If it closes an interval, out gets its
// figures, which have gone to the distributions as well.
func (v *view) close(at time.Time, out *Interval) bool {
	s := &v.step
	for i := range s.delta {
		v.totals[i] += s.delta[i]
		v.open[i] += s.delta[i]
	}
	v.openTime += s.elapsed
	if s.delta[packets] > 0 {
		if v.started.IsZero() {
			v.started = at.Add(-v.openTime)
		}
		v.last = at
		v.codec()
	}
	if s.width*s.height > v.width*v.height {
		v.width, v.height = s.width, s.height
	}
	rates := s.timed && !s.moved
	if rates && v.openTime < minInterval {
		return false
	}
	v.sinceReport.packets += v.open[packets]
	v.sinceReport.resent += v.open[retransmitted]
	out.View, out.Direction, out.Kind, out.Codec = v.labels[0], v.labels[1], v.labels[2], v.labels[3]
	v.figures(rates, &out.Values)
	if rates && v.open[packets] > 0 {
		v.recent.take(v, out, v.openTime, at)
	}
	if out.Values[Loss] >= 0 {
		v.weight = v.open[expected]
	}
	if s.reported {
		v.sinceReport = sent{}
	}
	if v.open[packets] > 0 {
		v.active += v.openTime
		if rates {
			v.rated.time += v.openTime
			v.rated.bytes += v.open[bytes]
			v.rated.frames += v.open[frames] - v.open[dropped]
		}
	}
	v.open, v.openTime = counts{}, 0
	for f, value := range out.Values {
		if value > most[f] || !v.dists[f].Add(value) {
			out.Values[f] = unknown
		}
	}
	v.intervals++
	return true
}

// figures computes the open interval's figures. Where no packet moved, as in
// a muted stream, or where part of them belong to another source, nothing but
// the RTT is known.
func (v *view) figures(rates bool, out *[NumFigures]float64) {
	s, d := &v.step, &v.open
	*out = [NumFigures]float64{RTT: s.rtt, Jitter: unknown, Loss: unknown, Bitrate: unknown, FPS: unknown,
		PacketBytes: unknown, Height: unknown, JitterBuffer: unknown, Concealed: unknown}
	if d[packets] <= 0 || s.moved {
		return
	}
	far := v.labels[0] == Server && v.labels[1] == Down || v.labels[0] == Client && v.labels[1] == Up
	if !far || s.reported {
		out[Jitter] = s.jitter // far: as the other end reported it, if it has
	}
	switch {
	case v.reports():
		out[Loss] = v.downlinkLoss()
	case d[expected] > 0:
		out[Loss] = min(1, max(0, d[lost])/d[expected])
	}
	out[PacketBytes] = max(0, d[bytes]) / d[packets]
	if s.height > 0 {
		out[Height] = float64(s.height)
	}
	out[JitterBuffer] = s.jitterBuffer
	if d[samples] > 0 {
		out[Concealed] = min(1, max(0, d[concealed])/d[samples])
	}
	if !rates {
		return
	}
	seconds := v.openTime.Seconds()
	out[Bitrate] = max(0, d[bytes]) * 8 / seconds
	switch {
	case v.totals[frames] > 0:
		out[FPS] = max(0, d[frames]-d[dropped]) / seconds
	case s.fps > 0:
		out[FPS] = s.fps
	}
}

// downlink counts what the downlink has lost: what its receiver misses, less
// what the server never had. The server's holes are known later than they came
// about and sooner than the receiver's report of them, so the difference is too
// small for a moment and never too large; the most that it has been is right.
func (b *baseline) downlink(r *reading) {
	b.missed = max(b.missed, r.c[lost]-r.holes)
	if r.holes > 0 {
		r.c[lost] = b.missed
	}
}

// downlinkLoss is the share that the downlink lost by the receiver's last
// report; unknown without a new one.
func (v *view) downlinkLoss() float64 {
	s := &v.step
	if s.fraction < 0 || !s.holed || v.sinceReport.packets <= 0 {
		return s.fraction
	}
	return max(0, min(s.fraction, v.open[lost]/v.sinceReport.packets))
}

// codec notes the codec in which packets came, in the order of appearance.
func (v *view) codec() {
	name := label.Codecs.At(v.labels[3])
	if !slices.Contains(v.codecs, name) {
		v.codecs = append(v.codecs, name)
	}
}
