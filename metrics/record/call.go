package record

import (
	"time"

	"kinwire/metrics/label"
)

// Bounds on what one call keeps, against a client or a caller gone wrong.
const (
	MaxParticipants = 64
	MaxStreams      = 128 // per participant and side
	maxText         = 64  // bytes of a free-text field
)

// Call gathers one call's samples. Make it with NewCall.
type Call struct {
	id           string
	video        bool
	started      time.Time
	participants map[string]*participant
	order        []*participant
	present      int // how many are in the call now
	talking      time.Time
	talked       time.Duration
	history      history
	clock        clock
	scratch      scratch
}

// NewCall starts the record of call id; at is when it began to ring.
func NewCall(id string, video bool, at time.Time) *Call {
	return &Call{id: id, video: video, started: at, participants: map[string]*participant{}, clock: clock{start: at, step: firstStep}}
}

// Join notes that a participant's media came up. A participant who comes back
// under the same id goes on in the same place of the record. It reports
// whether the participant was not in the call before.
func (c *Call) Join(id, user string, d Device, at time.Time) bool {
	p := c.participants[id]
	if p == nil {
		if len(c.order) >= MaxParticipants {
			return false
		}
		p = &participant{id: id, user: user, joined: at, streams: map[key]*stream{}}
		c.participants[id] = p
		c.order = append(c.order, p)
	}
	if p.present {
		return false
	}
	p.device = Device{Model: text(d.Model), OS: text(d.OS), App: text(d.App)}
	p.present, p.left, p.reason = true, time.Time{}, ""
	p.joins++
	p.down, p.alive = false, time.Time{}
	c.note(Event{Event: EventJoin, Participant: id}, at)
	if c.present++; c.present == 2 {
		c.talking = at
	}
	return true
}

// Leave notes that a participant left. It reports whether the participant was
// in the call, and the path by which.
func (c *Call) Leave(id, reason string, at time.Time) (Path, bool) {
	p := c.participants[id]
	if p == nil || !p.present {
		return Path{}, false
	}
	p.present, p.left, p.reason = false, at, reason
	p.level, p.next = Quality{}, candidate{}
	c.note(Event{Event: EventLeave, Participant: id, Detail: listed(label.Reasons, reason)}, at)
	if c.present--; c.present == 1 {
		c.talked += max(0, at.Sub(c.talking))
	}
	return p.way(), true
}

// Present lists the participants who are in the call now.
func (c *Call) Present() []string {
	var ids []string
	for _, p := range c.order {
		if p.present {
			ids = append(ids, p.id)
		}
	}
	return ids
}

// Participants is the number of participants whose media ever came up.
func (c *Call) Participants() int { return len(c.order) }

// Server takes in what the server knows of a participant's link at time at.
func (c *Call) Server(id string, s *LinkSample, at time.Time, sink Sink) {
	p, ok := c.enter(id, Server, at, sink)
	if !ok {
		return
	}
	c.serverPath(p, s, at)
	for i := range s.Streams {
		if st := &s.Streams[i]; st.Direction == "up" {
			p.muted[label.Kinds.Index(st.Kind)].seen = st.Muted
		}
	}
	if s.RTT > 0 && p.serverRTT.Add(ms(s.RTT)) {
		way := p.way()
		sink.Link(label.PathTypes.Index(way.Type), label.Protocols.Index(way.Protocol), s.RTT)
		c.line(p, at, colRTT, ms(s.RTT))
	}
	for i := range s.Streams {
		r, ok := fromServer(&s.Streams[i], id, s.RTT)
		c.take(p, Server, r, ok, sink)
	}
	c.finish(p, Server, at, sink)
}

// Client takes in what a client reported of its own streams; at is when the
// report arrived.
func (c *Call) Client(id string, s *ClientSample, at time.Time, sink Sink) {
	p, ok := c.enter(id, Client, at, sink)
	if !ok {
		return
	}
	p.clientPath(s, at)
	c.line(p, at, colClientRTT, ms(s.RTT))
	c.line(p, at, colAvailable, s.AvailableBPS)
	for i := range s.Streams {
		r, ok := fromClient(&s.Streams[i], id, s.RTT)
		if r.key.direction == Up {
			r.estimate = s.AvailableBPS
		}
		c.take(p, Client, r, ok, sink)
	}
	c.finish(p, Client, at, sink)
}

// enter opens a sample.
func (c *Call) enter(id string, view int, at time.Time, sink Sink) (*participant, bool) {
	p := c.participants[id]
	if p == nil {
		sink.Dropped(view, DropUnknownParticipant)
		return nil, false
	}
	s := &p.sides[view]
	if !s.last.IsZero() && !at.After(s.last) {
		sink.Dropped(view, DropStale)
		return nil, false
	}
	s.open(at)
	return p, true
}

// take puts one stream's reading with the others of the sample. Readings of
// the same counters (the encodings of a simulcast under one mid) are added up.
func (c *Call) take(p *participant, side int, r reading, ok bool, sink Sink) {
	from := c.participants[r.key.from]
	if !ok || from == nil {
		sink.Dropped(side, DropUnknownStream)
		return
	}
	r.key.from = from.id
	if !p.sides[side].add(r) {
		sink.Dropped(side, DropTooMany)
	}
}
