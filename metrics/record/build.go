package record

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"kinwire/metrics/dist"
	"kinwire/metrics/label"
)

// End closes the record at time at: those still present leave with reason.
func (c *Call) End(reason string, at time.Time) *Document {
	for _, id := range c.Present() {
		c.Leave(id, reason, at)
	}
	c.history.until(c.since(at))
	c.note(Event{Event: EventEnd, Detail: listed(label.Reasons, reason)}, at)
	d := c.full(at)
	d.EndedAt, d.Reason = at.UnixMilli(), reason
	return d
}

// SoFar gives the record of a call that goes on, as of now.
func (c *Call) SoFar(now time.Time) *Document {
	d := c.full(now)
	d.Live = true
	return d
}

// full is the document with its time line and events.
func (c *Call) full(now time.Time) *Document {
	d := c.document(now)
	d.Timeline, d.Events, d.EventsLost = c.timeline(now), c.history.list(), c.history.lost
	return d
}

func (c *Call) document(now time.Time) *Document {
	talked := c.talked
	if c.present >= 2 {
		talked += max(0, now.Sub(c.talking))
	}
	d := &Document{
		Version: Version, ID: c.id, StartedAt: c.started.UnixMilli(), Video: c.video,
		DurationMS: max(0, now.Sub(c.started)).Milliseconds(), TalkMS: talked.Milliseconds(),
		Participants: make([]Participant, 0, len(c.order)),
	}
	for _, p := range c.order {
		d.Participants = append(d.Participants, c.participant(p))
	}
	d.Score, d.Verdict = c.judgement()
	return d
}

func (c *Call) participant(p *participant) Participant {
	way := p.way()
	d := Participant{
		ID: p.id, User: p.user, Device: DeviceInfo(p.device), JoinedAt: p.joined.UnixMilli(),
		Reason: p.reason, Joins: p.joins, Streams: make([]Stream, 0, len(p.streams)),
		Path: PathInfo{Type: way.Type, Protocol: way.Protocol, Remote: p.remote, SRTPProfile: p.profile, Changes: p.changes, Before: slices.Clone(p.before)},
	}
	if !p.left.IsZero() {
		d.LeftAt = p.left.UnixMilli()
	}
	if !p.sides[Server].last.IsZero() {
		d.Path.Server = &ServerPath{Type: p.path.Type, Protocol: p.path.Protocol, RTT: distribution(&p.serverRTT)}
	}
	if !p.sides[Client].last.IsZero() {
		d.Path.Client = &ClientPath{
			LocalType: p.clientLocal, Protocol: p.clientProtocol, RelayProtocol: p.clientRelay,
			RTT: distribution(&p.clientRTT), Available: distribution(&p.available),
		}
	}
	for _, k := range p.keys() {
		s := p.streams[k]
		st := Stream{
			Direction: label.Directions.At(k.direction), Kind: label.Kinds.At(k.kind), From: k.from,
			Server: s.views[Server].document(), Client: s.views[Client].document(), Score: distribution(&s.tally.scores),
		}
		if b, bad := c.trouble(p, k); bad {
			st.Trouble = b.document()
		}
		d.Streams = append(d.Streams, st)
	}
	return d
}

// keys puts up before down, audio before video before screen, then by source.
func (p *participant) keys() []key {
	keys := make([]key, 0, len(p.streams))
	for k := range p.streams {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(a.direction-b.direction, a.kind-b.kind, cmp.Compare(a.from, b.from))
	})
	return keys
}

func (v *view) document() *View {
	if v == nil {
		return nil
	}
	d := &View{
		Codecs: append([]string{}, v.codecs...), Samples: v.intervals, ActiveMS: v.active.Milliseconds(),
		Totals: v.total(),
		RTT:    distribution(&v.dists[RTT]), Jitter: distribution(&v.dists[Jitter]), Loss: distribution(&v.dists[Loss]),
		Bitrate: distribution(&v.dists[Bitrate]), FPS: distribution(&v.dists[FPS]),
		PacketBytes: distribution(&v.dists[PacketBytes]), Height: distribution(&v.dists[Height]),
		JitterBuffer: distribution(&v.dists[JitterBuffer]), Concealed: distribution(&v.dists[Concealed]),
	}
	if !v.started.IsZero() {
		d.StartedAt, d.DurationMS = v.started.UnixMilli(), v.last.Sub(v.started).Milliseconds()
	}
	if v.width > 0 {
		d.Largest = &Size{Width: v.width, Height: v.height}
	}
	return d
}

func (v *view) total() Totals {
	c, over := &v.totals, v.rated.time.Seconds()
	fixed := min(max(0, c[repaired]), max(0, c[lost]))
	return Totals{
		Packets: whole(c[packets]), Bytes: whole(c[bytes]), Expected: whole(c[expected]),
		Lost: whole(c[lost]), Repaired: whole(c[repaired]),
		LossRatio:     min(1, ratio(c[lost], c[expected])),
		ResidualRatio: min(1, ratio(c[lost]-fixed, c[expected])),
		Retransmitted: whole(c[retransmitted]), NACKs: whole(c[nacks]), PLIs: whole(c[plis]),
		BitrateBPS: ratio(v.rated.bytes*8, over), PacketBytes: ratio(c[bytes], c[packets]),
		Frames: whole(c[frames]), FPS: ratio(v.rated.frames, over), KeyFrames: whole(c[keyFrames]),
		FramesDropped: whole(c[dropped]), Freezes: whole(c[freezes]), FrozenMS: figure(max(0, c[frozenMS])),
		ConcealedRatio: min(1, ratio(c[concealed], c[samples])),
	}
}

func whole(v float64) int64 { return int64(math.Round(max(0, bounded(v)))) }

// ratio is a/b, and 0 where that makes no sense.
func ratio(a, b float64) float64 {
	if a <= 0 || b <= 0 {
		return 0
	}
	return figure(a / b)
}

func distribution(d *dist.Dist) *Distribution {
	if d.N() == 0 {
		return nil
	}
	s := d.Summary()
	return &Distribution{N: s.N, Min: figure(s.Min), Median: figure(s.Median), P95: figure(s.P95), Max: figure(s.Max)}
}

// figure rounds to six significant digits: more than any measurement here is
// good for, and few enough to read.
func figure(v float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
	if err != nil {
		return 0
	}
	return r
}

// Worst is the worst stream's figure of one direction and kind, for the line
// of log at hang-up. A negative value means that nothing is known.
type Worst struct {
	Direction, Kind string
	LossP95         float64 // ratio
	RTT, Jitter     float64 // median, ms
	Bitrate         float64 // median, bit/s; the lowest
	FPS             float64 // median; the lowest
}

// Worsts sums up the streams of d by direction and kind, in that order, from the
// server's view, or the client's where the server has none.
func (d *Document) Worsts() []Worst {
	found := map[[2]int]*Worst{}
	for _, p := range d.Participants {
		for _, s := range p.Streams {
			v := s.Server
			if v == nil {
				v = s.Client
			}
			at := [2]int{label.Directions.Index(s.Direction), label.Kinds.Index(s.Kind)}
			if v == nil || v.Totals.Packets == 0 {
				continue
			}
			if found[at] == nil {
				found[at] = &Worst{s.Direction, s.Kind, unknown, unknown, unknown, unknown, unknown}
			}
			found[at].add(v)
		}
	}
	var out []Worst
	for direction := range label.Directions.Len() {
		for kind := range label.Kinds.Len() {
			if w := found[[2]int{direction, kind}]; w != nil {
				out = append(out, *w)
			}
		}
	}
	return out
}

func (w *Worst) add(v *View) {
	if v.Loss != nil {
		w.LossP95 = max(w.LossP95, v.Loss.P95)
	}
	if v.RTT != nil {
		w.RTT = max(w.RTT, v.RTT.Median)
	}
	if v.Jitter != nil {
		w.Jitter = max(w.Jitter, v.Jitter.Median)
	}
	w.Bitrate = lower(w.Bitrate, v.Bitrate)
	w.FPS = lower(w.FPS, v.FPS)
}

func lower(now float64, d *Distribution) float64 {
	if d == nil || now >= 0 && now <= d.Median {
		return now
	}
	return d.Median
}
