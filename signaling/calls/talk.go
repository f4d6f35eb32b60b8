package calls

import (
	"slices"
	"time"

	"kinwire/signaling/proto"
)

// talk is what is counted of a person in a call, for their history and for
// those who count how much people talk.
type talk struct {
	upSince  time.Time     // since when their media is up and not yet reported; zero: it is not
	since    time.Time     // since when they are not alone with it
	total    time.Duration // how long they were not alone, before since
	answered bool          // they were in the call since they were last rung
	met      []string      // user ids of those who were there before they were last rung
	rowDue   bool          // their part is over and not yet in their history
}

func (p *participant) up() bool { return p.stage == active && p.media && p.link == linkUp }

// listen keeps count of who talks with whom, after every change.
func (c *call) listen(now time.Time) {
	for _, p := range c.people {
		if !p.talk.upSince.IsZero() && !p.up() {
			c.report(p, now)
			p.talk.upSince = time.Time{}
		}
	}
	up := 0
	for _, p := range c.people {
		if p.up() {
			up++
			if p.talk.upSince.IsZero() {
				p.talk.upSince = now
			}
		}
	}
	for _, p := range c.people {
		together := p.up() && up > 1
		switch {
		case together && p.talk.since.IsZero():
			p.talk.since = now
		case !together && !p.talk.since.IsZero():
			p.talk.total += now.Sub(p.talk.since)
			p.talk.since = time.Time{}
		}
		p.talk.answered = p.talk.answered || p.stage == active
	}
}

// report says how long p has been with each of those whose media is up.
func (c *call) report(p *participant, now time.Time) {
	for _, other := range c.people {
		if other != p {
			c.talked(p, other, now)
		}
	}
}

// countUp reports what has been talked until now, so that policy, asked about
// an allowance, knows of all of it.
func (c *call) countUp(now time.Time) {
	for i, p := range c.people {
		for _, other := range c.people[i+1:] {
			c.talked(p, other, now)
		}
	}
	for _, p := range c.people {
		if !p.talk.upSince.IsZero() {
			p.talk.upSince = now
		}
	}
}

func (c *call) talked(a, b *participant, now time.Time) {
	if a.talk.upSince.IsZero() || b.talk.upSince.IsZero() {
		return
	}
	from := a.talk.upSince
	if b.talk.upSince.After(from) {
		from = b.talk.upSince
	}
	if from.Before(now) {
		c.out.talks = append(c.out.talks, proto.Talk{CallID: c.id, A: a.person.ID, B: b.person.ID, From: from, To: now})
	}
}

// keepHistory writes down the parts that are over. A ring that nobody
// answered does not take the place of an earlier part in which they talked.
func (c *call) keepHistory(now time.Time) {
	for _, p := range c.people {
		if !p.talk.rowDue {
			continue
		}
		p.talk.rowDue = false
		if p.talk.total > 0 && !p.talk.answered {
			continue
		}
		c.out.rows = append(c.out.rows, proto.HistoryRow{
			PersonID: p.person.ID, CallID: c.id, With: c.with(p), Outgoing: p == c.people[0], Video: c.showsVideo(),
			At: p.ring.at, Seconds: int64(p.talk.total / time.Second), Reason: p.reason, ExpiresAt: now.Add(c.cfg.HistoryRetention),
		})
	}
}

// with are the user ids of those whom p has had to do with in this call.
func (c *call) with(p *participant) []string {
	ids := slices.Clone(p.talk.met)
	for _, other := range c.people {
		if other != p && p.shows(other) && !slices.Contains(ids, other.person.ID) {
			ids = append(ids, other.person.ID)
		}
	}
	return ids
}
