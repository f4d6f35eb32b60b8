package record

import "time"

// side is what the samples of one side need from one to the next.
type side struct {
	last  time.Time // of the sample before
	gen   uint64    // counts the samples
	bases map[counterID]*baseline

	// Of the sample at hand; kept to use their memory again.
	readings []reading
	owners   []*baseline // of the readings, place by place
	touched  []*view
}

// counterID names one set of counters of a side.
type counterID struct {
	direction int
	id        string
	key       key // where the counters have no id
}

// baseline is where one set of counters stood last.
type baseline struct {
	c       counts
	at      time.Time // zero: never read
	started time.Time
	key     key
	reports uint64
	holes   float64 // at the far end's last report
	missed  float64 // the most that the downlink had lost by any report

	gen   uint64 // the sample that holds a reading of it
	place int    // and where in that sample's readings
}

// restarted reports whether r counts from zero again: fewer packets than
// before, or another start.
func (b *baseline) restarted(r *reading) bool {
	return r.c[packets] < b.c[packets] ||
		!r.started.IsZero() && !b.started.IsZero() && !r.started.Equal(b.started)
}

func (s *side) open(at time.Time) {
	s.last = at
	s.gen++
	s.readings, s.owners, s.touched = s.readings[:0], s.owners[:0], s.touched[:0]
	if s.bases == nil {
		s.bases = map[counterID]*baseline{}
	}
}

// add puts a reading with the others of the sample; false if there are too many.
func (s *side) add(r reading) bool {
	id := counterID{direction: r.key.direction, id: r.id}
	if r.id == "" {
		id.key = r.key
	}
	b := s.bases[id]
	if b == nil {
		if len(s.bases) >= MaxStreams {
			return false
		}
		b = &baseline{}
		s.bases[id] = b
	}
	if b.gen == s.gen {
		s.readings[b.place].merge(&r)
		return true
	}
	b.gen, b.place = s.gen, len(s.readings)
	s.readings = append(s.readings, r)
	s.owners = append(s.owners, b)
	return true
}

// merge adds o, another part of the same counters.
func (r *reading) merge(o *reading) {
	for i := range r.c {
		r.c[i] += o.c[i]
	}
	if r.started.IsZero() || !o.started.IsZero() && o.started.Before(r.started) {
		r.started = o.started
	}
	r.reports += o.reports
	r.rtcp = r.rtcp || o.rtcp
	r.rtt, r.jitter = max(r.rtt, o.rtt), max(r.jitter, o.jitter)
	r.fraction, r.jitterBuffer = max(r.fraction, o.fraction), max(r.jitterBuffer, o.jitterBuffer)
	r.fps = max(r.fps, o.fps)
	r.holes, r.estimate, r.layer = r.holes+o.holes, max(r.estimate, o.estimate), max(r.layer, o.layer)
	if o.width*o.height > r.width*r.height {
		r.width, r.height = o.width, o.height
	}
}
