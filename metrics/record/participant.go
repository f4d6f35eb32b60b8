package record

import (
	"slices"
	"strings"
	"time"

	"kinwire/internal/mask"
	"kinwire/metrics/dist"
	"kinwire/metrics/label"
)

type participant struct {
	id, user     string
	device       Device
	joined, left time.Time
	reason       string
	joins        int
	present      bool

	path      Path
	remote    string
	profile   string
	changes   int
	serverRTT dist.Dist
	sides     [numViews]side

	clientLocal, clientProtocol, clientRelay string
	clientRTT, available                     dist.Dist
	believes                                 float64 // the last of available
	believed                                 time.Time

	streams map[key]*stream

	before []string           // type/protocol of the paths before a change
	muted  [numKinds]muteness // by place in label.Kinds
	down   bool               // its link is
	alive  time.Time          // when something last came over it

	level Quality // what is thought of the connection
	next  candidate
	rated time.Time

	line track
}

// muteness is what signaling and the media server know of a source.
type muteness struct{ said, seen bool }

func (p *participant) isMuted(kind int) bool { return p.muted[kind].said || p.muted[kind].seen }

// numKinds has room for every place in label.Kinds.
const numKinds = 4

// stream is one source on its way, as both sides see it; nil where a side has
// not seen it.
type stream struct {
	views [numViews]*view
	tally tally
	own   verdict // on the participant's own hop, now
	ownAt time.Time
}

// finish closes a sample: every stream in it closes its step, and then is
// judged.
func (c *Call) finish(p *participant, side int, at time.Time, sink Sink) {
	s := &p.sides[side]
	for i := range s.readings {
		r, b := &s.readings[i], s.owners[i]
		v := p.view(r.key, side)
		if v == nil {
			sink.Dropped(side, DropTooMany)
			continue
		}
		if v.gather(s.gen, r, b, at) {
			s.touched = append(s.touched, v)
		}
	}
	for _, v := range s.touched {
		if v.alive() {
			p.heard(at)
		}
	}
	out := Interval{CallID: c.id}
	for _, v := range s.touched {
		c.derive(p, v, at)
		if !v.close(at, &out) {
			continue
		}
		c.score(p, v.key, v, &out, at)
		c.clock.reach(c, at)
		v.track.interval(c.clock.index(at), v, &out)
		sink.Interval(&out)
	}
	c.rate(p, at)
}

// view finds or makes the view of a stream; nil if there are too many.
func (p *participant) view(k key, side int) *view {
	s := p.streams[k]
	if s == nil {
		if len(p.streams) >= MaxStreams {
			return nil
		}
		s = &stream{own: noVerdict}
		p.streams[k] = s
	}
	if s.views[side] == nil {
		s.views[side] = &view{key: k, labels: [4]int{side, k.direction, k.kind}, layer: unknown}
	}
	return s.views[side]
}

// serverPath notes the link as the server sees it, and counts its changes.
func (c *Call) serverPath(p *participant, s *LinkSample, at time.Time) {
	remote := mask.Addr(s.Remote.Addr())
	if p.path == s.Path && p.remote == remote {
		p.profile = s.SRTPProfile
		return
	}
	if p.path != (Path{}) || p.remote != "" {
		p.changes++
		was := p.way()
		p.path = s.Path
		p.moved(was)
		way := p.way()
		c.note(Event{Event: EventPath, Participant: p.id, Detail: way.Type + "/" + way.Protocol}, at)
	}
	p.path, p.remote, p.profile = s.Path, remote, s.SRTPProfile
}

// maxBefore bounds the paths before a change that are listed.
const maxBefore = 8

// moved keeps the path that was, if the one now is another.
func (p *participant) moved(was Path) {
	if was == p.way() || was.Type == "" || was.Protocol == "" || len(p.before) >= maxBefore {
		return
	}
	if name := was.Type + "/" + was.Protocol; !slices.Contains(p.before, name) {
		p.before = append(p.before, name)
	}
}

func (p *participant) clientPath(s *ClientSample, at time.Time) {
	p.clientLocal, p.clientProtocol, p.clientRelay = localType(s.LocalType), protocol(s.Protocol), protocol(s.RelayProtocol)
	if s.RTT > 0 && ms(s.RTT) <= most[RTT] {
		p.clientRTT.Add(ms(s.RTT))
	}
	if s.AvailableBPS > 0 && s.AvailableBPS <= most[Bitrate] {
		p.available.Add(s.AvailableBPS)
		p.believes, p.believed = s.AvailableBPS, at
	}
}

// room is what the client believes its uplink would carry, in bit/s; 0: not
// known at this time.
func (p *participant) room(at time.Time) float64 {
	if at.Sub(p.believed) > stale {
		return 0
	}
	return p.believes
}

// way is the path as both sides together tell it. The server alone is sure of
// a relay of ours. Whether a direct path is host or server-reflexive only the
// client knows, by the kind of its own candidate; and it knows of a relay that
// is not ours.
func (p *participant) way() Path {
	w := Path{Type: p.path.Type, Protocol: p.path.Protocol}
	if p.path.Type != "relay" && p.clientLocal != "" {
		w.Type = p.clientLocal
		if w.Type == "prflx" {
			w.Type = "srflx"
		}
	}
	switch {
	case w.Type == "relay" && p.clientRelay != "" && (p.path.Type != "relay" || w.Protocol == ""):
		w.Protocol = p.clientRelay
	case w.Protocol == "":
		w.Protocol = p.clientProtocol
	}
	return w
}

// localType lets through only the words that ICE has for a candidate's type.
func localType(s string) string {
	if s == "prflx" || label.PathTypes.Has(s) && s != label.Other {
		return s
	}
	return ""
}

func protocol(s string) string {
	if label.Protocols.Has(s) && s != label.Other {
		return s
	}
	return ""
}

// text bounds free text that ends in the record.
func text(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.ToValidUTF8(s, "")
}
