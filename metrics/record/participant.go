package record

import (
	"strings"
	"time"

	"kinwire/metrics/dist"
	"kinwire/metrics/label"
	"kinwire/metrics/mask"
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

	streams map[key]*stream
}

// stream is one source on its way, as both sides see it; nil where a side has
// not seen it.
type stream struct {
	views [numViews]*view
}

// finish closes a sample: every stream in it closes its step.
func (p *participant) finish(side int, at time.Time, sink Sink) {
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
	var out Interval
	for _, v := range s.touched {
		if v.close(at, &out) {
			sink.Interval(&out)
		}
	}
}

// view finds or makes the view of a stream; nil if there are too many.
func (p *participant) view(k key, side int) *view {
	s := p.streams[k]
	if s == nil {
		if len(p.streams) >= MaxStreams {
			return nil
		}
		s = &stream{}
		p.streams[k] = s
	}
	if s.views[side] == nil {
		s.views[side] = &view{labels: [4]int{side, k.direction, k.kind}}
	}
	return s.views[side]
}

// serverPath notes the link as the server sees it, and counts its changes.
func (p *participant) serverPath(s *LinkSample) {
	remote := mask.Addr(s.Remote.Addr())
	if p.path == s.Path && p.remote == remote {
		p.profile = s.SRTPProfile
		return
	}
	if p.path != (Path{}) || p.remote != "" {
		p.changes++
	}
	p.path, p.remote, p.profile = s.Path, remote, s.SRTPProfile
}

func (p *participant) clientPath(s *ClientSample) {
	p.clientLocal, p.clientProtocol, p.clientRelay = localType(s.LocalType), protocol(s.Protocol), protocol(s.RelayProtocol)
	if s.RTT > 0 && ms(s.RTT) <= most[RTT] {
		p.clientRTT.Add(ms(s.RTT))
	}
	if s.AvailableBPS > 0 && s.AvailableBPS <= most[Bitrate] {
		p.available.Add(s.AvailableBPS)
	}
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
