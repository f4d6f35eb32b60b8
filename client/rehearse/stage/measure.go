package stage

import (
	"strings"
	"time"

	"kinwire/client/media/clip"
	"kinwire/signaling/proto"
)

// measure makes the values of the whole run.
func (r *run) measure() {
	now := time.Now()
	r.measureCall()
	for _, a := range r.actors {
		a.measure(now)
	}
	sent, lost := 0, 0
	if r.chat != nil {
		sent, lost = r.chat.count()
	}
	r.setScalar("", "messages_sent", float64(sent))
	r.setScalar("", "messages_lost", float64(lost))
	if sent > 0 {
		whole := 0.0
		if lost == 0 {
			whole = 1
		}
		r.setScalar("", "no_message_lost", whole)
	}
	if _, any := r.text("", "error"); !any {
		r.setText("", "error", "none")
	}
}

func (r *run) text(who, name string) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, any := r.result.Texts[who][name]
	return v, any
}

// firstCall is the call that was sent first; nil: there was none.
func (r *run) firstCall() *callLog {
	r.mu.Lock()
	defer r.mu.Unlock()
	var first *callLog
	for _, c := range r.calls {
		if !c.sent.IsZero() && (first == nil || c.sent.Before(first.sent)) {
			first = c
		}
	}
	return first
}

// lastCall is the call that was sent last; nil: there was none.
func (r *run) lastCall() *callLog {
	r.mu.Lock()
	defer r.mu.Unlock()
	var last *callLog
	for _, c := range r.calls {
		if !c.sent.IsZero() && (last == nil || c.sent.After(last.sent)) {
			last = c
		}
	}
	return last
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// measureCall is about the first call, and how long all of them took.
func (r *run) measureCall() {
	c := r.firstCall()
	if c == nil {
		return
	}
	if !c.rang.IsZero() {
		r.setScalar("", "ring_ms", ms(c.rang.Sub(c.sent)))
	}
	if c.answerer != nil {
		up := c.connected[c.caller]
		if other := c.connected[c.answerer]; !up.IsZero() && !other.IsZero() {
			if other.After(up) {
				up = other
			}
			rung := time.Duration(0)
			if !c.rang.IsZero() {
				rung = max(0, c.answered.Sub(c.rang))
			}
			r.setScalar("", "setup_ms", ms(max(0, up.Sub(c.sent)-rung)))
		}
		if first := c.answerer.firstOf(c.id); !first.IsZero() {
			r.setScalar("", "answer_to_media_ms", ms(max(0, first.Sub(c.answered))))
		}
	}
	var ended time.Time
	for _, other := range r.calls {
		if other.ended.After(ended) {
			ended = other.ended
		}
	}
	if !ended.IsZero() {
		r.setScalar("", "duration_ms", ms(ended.Sub(c.sent)))
	}
}

// firstOf is when the first packet of anything came in a call.
func (a *actor) firstOf(callID string) time.Time {
	var first time.Time
	for _, h := range a.hears.all() {
		if h.callID == callID && !h.first.IsZero() && (first.IsZero() || h.first.Before(first)) {
			first = h.first
		}
	}
	return first
}

// heard sums up what came of sound, or of pictures.
type heard struct {
	any                                    bool
	codec                                  string
	received, lost, outOfOrder, duplicates uint64
	frames, undecodable, corrupt, alien    uint64
	freezes                                int
	frozen, active, gap, first             time.Duration
	began                                  bool // first holds
}

func (a *actor) sum(now time.Time, of func(proto.SourceKind) bool) heard {
	var h heard
	for _, s := range a.hears.all() {
		if !of(s.kind) {
			continue
		}
		t := s.ear.Total(now)
		h.any, h.codec = true, strings.ToLower(s.codec)
		h.received += t.Received
		h.lost += t.Lost
		h.outOfOrder += t.OutOfOrder
		h.duplicates += t.Duplicates
		h.frames += t.Frames
		h.undecodable += t.Undecodable
		h.corrupt += t.Corrupt
		h.alien += t.Alien
		h.freezes += t.Freezes
		h.frozen += t.Frozen
		h.active += t.Active
		h.gap = max(h.gap, t.Gap)
		if first, ok := a.firstSince(s, t); ok {
			h.first, h.began = max(h.first, first), true
		}
	}
	return h
}

// firstSince is from when both ends were connected to the first sound or whole
// picture.
func (a *actor) firstSince(s *hearing, t clip.Total) (time.Duration, bool) {
	if t.Whole.IsZero() || s.kind == proto.SourceScreen {
		return 0, false
	}
	var since time.Time
	a.run.mu.Lock()
	defer a.run.mu.Unlock()
	for _, c := range a.run.calls {
		if c.id != s.callID {
			continue
		}
		for who, at := range c.connected {
			if (who == a || who.participant() == s.from) && at.After(since) {
				since = at
			}
		}
	}
	if since.IsZero() {
		return 0, false
	}
	return max(0, t.Whole.Sub(since)), true
}

// participant is the id in the call.
func (a *actor) participant() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.you
}

// measure makes the values of one participant. Of somebody who was in no media
// there are none.
func (a *actor) measure(now time.Time) {
	r := a.run
	a.mu.Lock()
	state, ups := a.state, a.ups
	a.mu.Unlock()
	r.setText(a.name, "state", state)
	audio := a.sum(now, func(k proto.SourceKind) bool { return k == proto.SourceAudio })
	video := a.sum(now, func(k proto.SourceKind) bool { return k != proto.SourceAudio })
	if ups > 0 {
		r.setScalar(a.name, "reconnects", float64(ups-1))
	}
	if audio.any || video.any {
		r.setScalar(a.name, "out_of_order", float64(audio.outOfOrder+video.outOfOrder))
		r.setScalar(a.name, "duplicates", float64(audio.duplicates+video.duplicates))
	}
	for kind, h := range map[string]heard{"audio": audio, "video": video} {
		if !h.any {
			continue
		}
		r.setText(a.name, "codec."+kind, h.codec)
		r.setScalar(a.name, kind+".lost", float64(h.lost))
		r.setScalar(a.name, kind+".gap_ms", ms(h.gap))
		if h.began {
			r.setScalar(a.name, "first_"+kind+"_ms", ms(h.first))
		}
		if h.corrupt > 0 {
			r.event(a.name, "error", "%d frames of %s did not arrive as they were sent, bit for bit", h.corrupt, kind)
		}
		if h.alien > 0 {
			r.event(a.name, "note", "%d frames of %s were of no clip of this program, and so judged by their packets alone", h.alien, kind)
		}
	}
	if !video.any {
		return
	}
	r.setScalar(a.name, "freezes", float64(video.freezes))
	if video.active > 0 {
		r.setScalar(a.name, "freeze_ratio", min(1, video.frozen.Seconds()/video.active.Seconds()))
	}
	if video.frames > 0 {
		r.setScalar(a.name, "video.decodable", 1-float64(video.undecodable)/float64(video.frames))
	}
}
