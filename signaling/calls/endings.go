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

// close sends p their last call.state.
func (c *call) close(p *participant, final proto.Reason) {
	p.stage, p.final = gone, final
	c.tell(p, proto.TypeCallState, proto.CallState{Call: c.viewFor(p)})
}

// rangOut is what happens when it has rung long enough.
func (c *call) rangOut(now time.Time) {
	c.ringAt = time.Time{}
	for _, p := range c.people {
		if p.stage == invited {
			c.dismiss(p, proto.ReasonMissed, now)
		}
	}
	if c.phase == proto.PhaseRinging {
		c.end(c.outcome(), now)
	}
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
	c.ringAt, c.aloneAt, c.forgetAt = time.Time{}, time.Time{}, now.Add(forgetAfter)
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
		p.stage = gone
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
