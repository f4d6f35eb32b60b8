package calls

import (
	"time"

	"kinwire/signaling/proto"
)

// drop takes p out of the media and leaves them at stage to.
func (c *call) drop(p *participant, to stage, reason proto.Reason, now time.Time) {
	c.dropMedia(p, reason, now)
	p.stage, p.reason, c.lastReason = to, reason, reason
	p.stays++
}

// dropMedia forgets p's media. A join that is still under way is undone when
// it comes back; see tooLate.
func (c *call) dropMedia(p *participant, reason proto.Reason, now time.Time) {
	if p.media {
		c.do(
			work{kind: recordLeave, participant: p.id, reason: reason, at: now},
			work{kind: mediaLeave, participant: p.id},
		)
	}
	p.joining, p.media, p.link, p.sources = false, false, linkNew, nil
}

// dismiss takes p out of the call for good and tells them.
func (c *call) dismiss(p *participant, reason proto.Reason, now time.Time) {
	c.drop(p, gone, reason, now)
	c.close(p, reason)
}

// close sends p their last call.state. Whoever goes may take a rule along that
// held for all the others.
func (c *call) close(p *participant, final proto.Reason) {
	p.stage, p.final, p.ring.round.gone, p.talk.rowDue = gone, final, c.round, true
	c.unsure = c.unsure || (c.phase != proto.PhaseEnded && c.terms != (proto.CallTerms{}))
	c.tell(p, proto.TypeCallState, proto.CallState{Call: c.viewFor(p)})
}

// rangOut is what happens to those for whom it has rung long enough.
func (c *call) rangOut(now time.Time) {
	for _, p := range c.people {
		if p.stage == invited && due(p.ring.endsAt, now) {
			c.dismiss(p, proto.ReasonMissed, now)
		}
	}
	if due(c.busyAt, now) {
		c.end(c.outcome(), now)
	}
}

// removal is somebody who may not stay in the call, and why.
type removal struct {
	user   string
	reason proto.Reason
}

// expel takes people out of the call. It ends if fewer than two would remain.
func (c *call) expel(out []removal, now time.Time) {
	if c.phase == proto.PhaseEnded || len(out) == 0 {
		return
	}
	why := make(map[*participant]proto.Reason, len(out))
	for _, r := range out {
		if p := c.who(r.user); p != nil && p.stage != gone {
			why[p] = r.reason
		}
	}
	stay := 0
	for _, p := range c.people {
		if _, goes := why[p]; !goes && (p.stage == invited || p.stage == active) {
			stay++
		}
	}
	if len(why) > 0 && stay < 2 {
		c.end(out[0].reason, now)
	}
	for _, p := range c.people {
		if reason, goes := why[p]; goes && p.stage != gone {
			c.dismiss(p, reason, now)
		}
	}
	c.follow(now)
}

// setupFailed is what happens when p's media did not come up in time.
func (c *call) setupFailed(p *participant, now time.Time) {
	ringing, here, _ := c.count()
	if c.phase == proto.PhaseConnecting && ringing+here-1 < 2 {
		c.end(proto.ReasonFailed, now)
		return
	}
	c.drop(p, away, proto.ReasonFailed, now)
}

// end ends the call for everybody who is still in it.
func (c *call) end(reason proto.Reason, now time.Time) {
	if c.phase == proto.PhaseEnded {
		return
	}
	c.phase, c.reason = proto.PhaseEnded, reason
	c.busyAt, c.aloneAt, c.warnAt, c.graceAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	c.forgetAt, c.unsure = now.Add(forgetAfter), false
	var left []*participant
	for _, p := range c.people {
		p.lostAt, p.setupAt = time.Time{}, time.Time{}
		if p.stage == gone {
			continue
		}
		left = append(left, p)
		switch {
		case p.stage == active:
			p.reason, p.final = reason, reason
		case p.stage == away:
			p.final = reason // they keep the reason why they left
		case reason == proto.ReasonShutdown:
			p.reason, p.final = reason, reason
		default: // it was still ringing for them
			p.reason, p.final = proto.ReasonCancelled, proto.ReasonCancelled
		}
		if p.media {
			c.do(work{kind: recordLeave, participant: p.id, reason: reason, at: now})
		}
		p.joining, p.media, p.link, p.sources = false, false, linkNew, nil
		p.stage, p.ring.round.gone = gone, c.round
	}
	// Only now, so that every last view shows everybody as having left.
	for _, p := range left {
		c.close(p, p.final)
	}
	c.do(work{kind: recordEnd, reason: reason, at: now})
	if c.mediaUsed {
		c.do(work{kind: mediaEnd})
	}
}
