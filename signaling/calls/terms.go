package calls

import (
	"time"

	"kinwire/signaling/proto"
)

const (
	// sameEnd is by how much the end of a call may move without anybody being
	// told: an allowance is counted in whole seconds.
	sameEnd = 3 * time.Second
	// grace is how long a larger call whose time is up may go on until it is
	// known who has to leave.
	grace = 5 * time.Second
)

// agree puts the call under new terms, in place of the old.
func (c *call) agree(t proto.CallTerms, now time.Time) {
	if c.phase == proto.PhaseEnded {
		return
	}
	if !t.EndsAt.IsZero() && t.Reason == c.terms.Reason && t.EndsAt.Sub(c.terms.EndsAt).Abs() < sameEnd {
		t.EndsAt = c.terms.EndsAt
	}
	t.NoVideo = t.NoVideo || c.cfg.NoVideo
	c.terms = t
	if t.EndsAt.IsZero() || now.Before(t.EndsAt) {
		c.graceAt = time.Time{}
	}
	for _, p := range c.people {
		c.hidePictures(p, now)
	}
	c.follow(now)
}

// tighten adds the terms under which somebody comes in to those that hold.
func (c *call) tighten(t proto.CallTerms, now time.Time) {
	if !c.terms.EndsAt.IsZero() && (t.EndsAt.IsZero() || !t.EndsAt.Before(c.terms.EndsAt)) {
		t.EndsAt, t.Reason = c.terms.EndsAt, c.terms.Reason
	}
	t.NoVideo = t.NoVideo || c.terms.NoVideo
	if t != c.terms {
		c.agree(t, now)
	}
}

// hidePictures mutes p's camera and screen where pictures are not allowed: at
// the server, whatever the client does.
func (c *call) hidePictures(p *participant, now time.Time) {
	if !c.terms.NoVideo {
		return
	}
	for i, source := range p.sources {
		if isPicture(source.Kind) && !source.Muted {
			p.sources[i].Muted = true
			c.do(work{kind: mediaMute, participant: p.id, source: source.Kind})
			c.note(p, EventMute, source.Kind, "rule", now)
		}
	}
}

// refusesPictures says whether sources may not be brought as they are.
func refusesPictures(noVideo bool, sources []proto.Source) *proto.Error {
	for _, source := range sources {
		if noVideo && isPicture(source.Kind) && !source.Muted {
			return errNoPictures(source.Kind)
		}
	}
	return nil
}

func isPicture(kind proto.SourceKind) bool { return kind != proto.SourceAudio }

// warn tells those who are here that the call will end, in time or, where it
// is late, at once.
func (c *call) warn(now time.Time) {
	end := c.terms.EndsAt
	c.warnAt = time.Time{}
	if end.IsZero() {
		return
	}
	if at := end.Add(-c.cfg.Warning); now.Before(at) {
		c.warnAt = at
		return
	}
	for _, p := range c.people {
		if p.stage == active && !p.warned.Equal(end) {
			p.warned = end
			c.tell(p, proto.TypeCallWarning, proto.CallWarning{CallID: c.id, Reason: c.terms.Reason, EndsAt: end.UnixMilli()})
		}
	}
}

// timeIsUp ends a call of two. In a larger one it is to be found out whose
// rule it was, for the rest may go on; if that takes too long it ends too.
func (c *call) timeIsUp(now time.Time) {
	switch {
	case len(c.present()) <= 2 && c.graceAt.IsZero(), due(c.graceAt, now):
		c.end(c.terms.Reason, now)
	case c.graceAt.IsZero():
		c.graceAt, c.unsure = now.Add(grace), true
	}
}

// present are the user ids of those who have not left for good.
func (c *call) present() []string {
	var ids []string
	for _, p := range c.people {
		if p.stage != gone {
			ids = append(ids, p.person.ID)
		}
	}
	return ids
}

// company are the user ids of somebody who comes in and of those who are in
// the call; while nobody else is, of those who are rung.
func (c *call) company(userID string) []string {
	ids := []string{userID}
	for _, p := range c.people {
		if p.stage == active && p.person.ID != userID {
			ids = append(ids, p.person.ID)
		}
	}
	if len(ids) > 1 {
		return ids
	}
	for _, p := range c.people {
		if p.stage != gone && p.person.ID != userID {
			ids = append(ids, p.person.ID)
		}
	}
	return ids
}
