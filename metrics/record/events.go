package record

import (
	"cmp"
	"slices"
	"time"

	"kinwire/metrics/label"
)

// maxNoise bounds the events of the kinds that a bad network brings by the
// thousand, so that they leave room for the rest.
const maxNoise = MaxEvents * 3 / 4

var noisy = map[string]bool{EventPLI: true, EventFreeze: true, EventLayer: true, EventQuality: true}

// history is what has happened in a call, bounded.
type history struct {
	events []Event
	noise  int
	lost   int
}

func (h *history) add(e Event) {
	if len(h.events) >= MaxEvents || noisy[e.Event] && h.noise >= maxNoise {
		h.lost++
		return
	}
	if noisy[e.Event] {
		h.noise++
	}
	h.events = append(h.events, e)
}

// until moves what was seen after the end, as in the last sample, to the end.
func (h *history) until(ms int64) {
	for i := range h.events {
		h.events[i].AtMS = min(h.events[i].AtMS, ms)
	}
}

// list gives the events in the order of their time; what came late is put
// where it belongs.
func (h *history) list() []Event {
	out := slices.Clone(h.events)
	slices.SortStableFunc(out, func(a, b Event) int { return cmp.Compare(a.AtMS, b.AtMS) })
	return out
}

// Event notes something that happened to a participant; with an empty
// participantID, to the call. event is one of the words in label.Events (any
// other becomes "other"); of e the direction, kind, source and detail are
// taken, the detail cut to 64 bytes. What the samples show (paths, codecs,
// layers, key frames, freezes, quality) the call notes by itself, and so it
// does for joining, leaving and the end.
func (c *Call) Event(participantID, event string, e Event, at time.Time) {
	p := c.participants[participantID]
	if p == nil && participantID != "" {
		return
	}
	e.Event, e.Participant = label.Events.Pick(event), participantID
	e.Kind, e.Direction, e.Detail = listed(label.Kinds, e.Kind), listed(label.Directions, e.Direction), text(e.Detail)
	if c.participants[e.From] == nil {
		e.From = ""
	}
	c.note(e, at)
	if p != nil {
		p.heed(&e)
	}
}

// note puts an event into the record.
func (c *Call) note(e Event, at time.Time) {
	e.AtMS = c.since(at)
	c.history.add(e)
}

func (c *Call) since(at time.Time) int64 { return max(0, at.Sub(c.started).Milliseconds()) }

// listed lets through what the list has.
func listed(l label.List, v string) string {
	if l.Has(v) {
		return v
	}
	return ""
}

// heed takes from an event what the scores need to know: nothing is expected
// of a muted source, and nothing comes over a link that is down.
func (p *participant) heed(e *Event) {
	switch e.Event {
	case EventMute, EventUnmute:
		if e.Kind != "" {
			p.muted[label.Kinds.Index(e.Kind)].said = e.Event == EventMute
		}
	case EventLink:
		p.down = e.Detail == "disconnected" || e.Detail == "failed"
	}
}
