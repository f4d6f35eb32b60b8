package record

import (
	"time"

	"kinwire/metrics/dist"
	"kinwire/metrics/label"
	"kinwire/metrics/quality"
)

// verdict is what is thought of a stream at one moment.
type verdict struct {
	mos        float64 // negative: nothing is known
	where, why int     // places in label.Places and label.Faults; negative: no trouble
}

var noVerdict = verdict{unknown, unknown, unknown}

// worse orders verdicts, whatever the order in which they are compared.
func (v verdict) worse(than verdict) bool {
	switch {
	case than.mos < 0 || v.mos != than.mos:
		return than.mos < 0 || v.mos < than.mos
	case v.where != than.where:
		return v.where < than.where
	}
	return v.why < than.why
}

// lostTo is the verdict on a stream of which nothing comes.
func lostTo(where string) verdict {
	return verdict{1, label.Places.Index(where), label.Faults.Index(quality.Silence)}
}

// tally is what was thought of a stream over the call.
type tally struct {
	scores    dist.Dist
	poor      uint64 // scores below fair
	imperfect uint64 // scores below good
	// votes for each place and fault; a score below fair has three.
	votes [numPlaces][numFaults]uint32
}

// With room for every place in label.Places and label.Faults.
const (
	numPlaces = 5
	numFaults = 8
)

func (t *tally) add(v verdict) {
	if !t.scores.Add(v.mos) || v.mos >= quality.GoodFrom {
		return
	}
	weight := uint32(1)
	t.imperfect++
	if v.mos < quality.FairFrom {
		t.poor++
		weight = 3
	}
	if v.where >= 0 && v.why >= 0 {
		t.votes[v.where][v.why] += weight
	}
}

// blame is the place and the fault with the most votes; false if there is none.
func (t *tally) blame() (where, why int, ok bool) {
	var most uint32
	for p := range t.votes {
		for f, n := range t.votes[p] {
			if n > most {
				most, where, why, ok = n, p, f, true
			}
		}
	}
	return where, why, ok
}

// scratch is what a stream is judged by, kept to use its memory again.
type scratch struct {
	up, down quality.Hop
	client   quality.Client
}

// judge says how the stream k of p is now, with the source's uplink in it; and
// how it is on p's own hop alone.
func (c *Call) judge(p *participant, k key, at time.Time) (whole, own verdict) {
	s := p.streams[k]
	sound := label.Kinds.At(k.kind) == "audio"
	up, down, client := &c.scratch.up, &c.scratch.down, &c.scratch.client
	q := quality.Stream{Kind: label.Kinds.At(k.kind)}
	source := c.participants[k.from]
	if source == nil || k.direction == Up && source.isMuted(k.kind) {
		return noVerdict, noVerdict
	}
	if u := source.streams[key{Up, k.kind, k.from}]; u != nil {
		if v := u.nearest(at); v != nil {
			*up = v.recent.hop(sound, v.totals[frames] > 0)
			up.AvailableBPS = source.room(at)
			q.Up, q.Codec = up, label.Codecs.At(v.labels[3])
		}
	}
	if k.direction == Down {
		if v := s.views[Server]; v != nil && v.recent.fresh(at) {
			*down = v.recent.hop(sound, v.totals[frames] > 0)
			q.Down, q.Codec = down, label.Codecs.At(v.labels[3])
		}
		if v := s.views[Client]; v != nil && v.recent.fresh(at) {
			*client = v.recent.client(sound, v.totals[frames] > 0)
			q.Client = client
		}
	}
	q.FEC = sound // this server negotiates it for Opus, always
	if q.Up == nil && q.Down == nil && q.Client == nil {
		return noVerdict, noVerdict
	}
	whole = verdictOf(q)
	if k.direction == Up {
		return whole, verdictOf(q.Connection())
	}
	// What the receiver sees of the source's trouble is not the receiver's.
	if q.Up != nil && (quality.Stream{Kind: q.Kind, Codec: q.Codec, FEC: q.FEC, Up: q.Up}).Connection().MOS() < quality.GoodFrom {
		q.Client = nil
	}
	if q.Down == nil && q.Client == nil {
		return whole, noVerdict
	}
	return whole, verdictOf(q.Received().Connection())
}

// nearest is the view that knows best how a stream came up: the server's.
func (s *stream) nearest(at time.Time) *view {
	for _, v := range s.views {
		if v != nil && v.recent.fresh(at) {
			return v
		}
	}
	return nil
}

func verdictOf(q quality.Stream) verdict {
	v := verdict{q.MOS(), unknown, unknown}
	if where, why := quality.Locate(q); where != "" {
		v.where, v.why = label.Places.Index(where), label.Faults.Index(why)
	}
	return v
}

// score judges a stream whose interval was closed, tells its score to the
// interval, and keeps it.
func (c *Call) score(p *participant, k key, v *view, out *Interval, at time.Time) {
	s := p.streams[k]
	out.Score = unknown
	source := c.participants[k.from]
	if source == nil || source.isMuted(k.kind) || v.active < warmUp {
		s.own = noVerdict
		return
	}
	whole, own := noVerdict, noVerdict
	face := label.Kinds.At(k.kind) != "screen" // which may stand still
	switch {
	case k.direction == Down && p.silent(at):
		whole = lostTo(quality.Downlink)
		own = whole
	case face && source.silent(at):
		whole = lostTo(quality.Uplink)
		if k.direction == Up {
			own = whole
		}
	case v.recent.at.Equal(at):
		whole, own = c.judge(p, k, at)
	}
	s.own, s.ownAt = own, at
	if whole.mos < 0 {
		return
	}
	out.Score = whole.mos
	if v.labels[0] == Server || s.views[Server] == nil {
		s.tally.add(whole)
	}
}
