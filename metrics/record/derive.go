package record

import (
	"fmt"
	"strconv"
	"time"

	"kinwire/metrics/label"
)

// derive notes what a sample shows of a stream beside its figures: another
// codec or layer, key frames asked for, freezes. What both sides see is told
// once, by the server.
func (c *Call) derive(p *participant, v *view, at time.Time) {
	s := &v.step
	e := Event{
		Participant: p.id, Direction: label.Directions.At(v.key.direction), Kind: label.Kinds.At(v.key.kind), From: v.key.from,
	}
	tell := func(event, detail string) {
		e.Event, e.Detail = event, detail
		c.note(e, at)
	}
	if n := s.delta[freezes]; n > 0 && v.labels[0] == Client {
		tell(EventFreeze, strconv.FormatInt(whole(s.delta[frozenMS]), 10))
	}
	if v.labels[0] != Server && p.streams[v.key].views[Server] != nil {
		return
	}
	if n := s.delta[plis]; n > 0 {
		tell(EventPLI, strconv.FormatInt(whole(n), 10))
	}
	if now := label.Codecs.At(v.labels[3]); s.delta[packets] > 0 && now != v.codecNow {
		if v.codecNow != "" {
			tell(EventCodec, now)
		}
		v.codecNow = now
	}
	if s.layer >= 0 && s.layer != v.layer {
		if v.layer >= 0 {
			tell(EventLayer, fmt.Sprintf("%d>%d", v.layer, s.layer))
		}
		v.layer = s.layer
	}
}

// alive reports whether the sample shows that something came over the link.
func (v *view) alive() bool {
	switch {
	case v.labels[0] != Server:
		return false
	case v.labels[1] == Up:
		return v.step.delta[packets] > 0
	}
	return v.step.reported && v.step.fraction >= 0
}
