package record

import (
	"math"
	"time"

	"kinwire/metrics/label"
	"kinwire/metrics/quality"
)

// Quality is how one participant's connection is now: the worse of what they
// send and what they receive, on their own hops alone.
type Quality struct {
	ParticipantID string
	Level         string  // good, fair, poor, lost
	MOS           float64 // of the worst stream, 1 to 5; 0: nothing comes
	Where, Why    string  // empty while the level is good
}

// Silence is taken for a broken link after so long: when media should come, or
// when only reports should, which some browsers send every five seconds only.
const (
	silentMedia   = 4 * time.Second
	silentReports = 12 * time.Second
)

// heard notes that something came over the participant's link.
func (p *participant) heard(at time.Time) { p.alive = at }

// silent reports whether nothing comes over the participant's link though
// something should: media that is not muted, or reports of what is sent down.
func (p *participant) silent(at time.Time) bool {
	if p.down {
		return true
	}
	if !p.present || p.alive.IsZero() {
		return false
	}
	patience := silentReports
	for k, s := range p.streams {
		if k.direction == Up && !p.isMuted(k.kind) && label.Kinds.At(k.kind) != "screen" && s.views[Server] != nil && s.views[Server].active > 0 {
			patience = silentMedia
		}
	}
	return at.Sub(p.alive) >= patience
}

// Quality says how the connections of those present are, in the order of
// joining. Who has not been measured yet, or not for a while, is left out.
func (c *Call) Quality(now time.Time) []Quality {
	var out []Quality
	for _, p := range c.order {
		if !p.present || p.level.ParticipantID == "" || now.Sub(p.rated) > stale {
			continue
		}
		out = append(out, p.level)
	}
	return out
}

// For so many samples another level, or another reason for the same level, has
// to hold before it is believed: those at a border would come and go. That
// nothing comes is believed at once.
const (
	holdLevel  = 2
	holdReason = 6
)

// candidate is what may come in the place of a participant's level.
type candidate struct {
	level, where, why string
	seen              int // samples in a row
}

// rate brings the participant's level up to date, and notes a change of it.
func (c *Call) rate(p *participant, at time.Time) {
	worst := noVerdict
	for _, s := range p.streams {
		if s.own.mos >= 0 && at.Sub(s.ownAt) <= stale && s.own.worse(worst) {
			worst = s.own
		}
	}
	q := Quality{ParticipantID: p.id}
	switch {
	case p.silent(at):
		q.Level, q.Where, q.Why = quality.Lost, quality.Uplink, quality.Silence
	case worst.mos < 0:
		return
	default:
		q.Level, q.MOS = quality.Level(worst.mos), math.Round(worst.mos*100)/100
		if worst.where >= 0 && q.Level != quality.Good {
			q.Where, q.Why = label.Places.At(worst.where), label.Faults.At(worst.why)
		}
	}
	p.rated = at
	before := p.level
	same := before.Level == q.Level && before.Where == q.Where && before.Why == q.Why
	if !same && q.Level != quality.Lost && before.Level != "" && !p.holds(&q) {
		if before.Level == q.Level {
			p.level.MOS = q.MOS
		}
		return
	}
	p.level, p.next = q, candidate{}
	if !same && (before.Level != "" || q.Level != quality.Good) {
		c.note(Event{Event: EventQuality, Participant: p.id, Detail: spaced(q.Level, q.Where, q.Why)}, at)
	}
}

// holds counts another level, or reason, and reports whether it has held for
// long enough.
func (p *participant) holds(q *Quality) bool {
	n, need := &p.next, holdLevel
	if q.Level == p.level.Level {
		need = holdReason
	}
	if n.level != q.Level || n.where != q.Where || n.why != q.Why {
		*n = candidate{level: q.Level, where: q.Where, why: q.Why}
	}
	n.seen++
	return n.seen >= need
}

// spaced joins the words that are not empty.
func spaced(words ...string) string {
	out := ""
	for _, w := range words {
		if w != "" && out != "" {
			out += " "
		}
		out += w
	}
	return out
}
