package calls

import (
	"slices"
	"time"

	"kinwire/signaling/proto"
)

// ring is how a person was rung, the last time they were.
type ring struct {
	caller  string    // user id of who rang them; the caller's own is their own
	at      time.Time // since when
	endsAt  time.Time // when it has rung out
	devices []string  // sessions that have said that it rings
	waiting bool      // they are in another call meanwhile
	round   rounds
}

// rounds says at which of the call's rounds of adding somebody was rung, and
// left for good. It decides who is shown to whom: who had left before
// somebody was rung has never been with them, and policy was not asked.
type rounds struct{ rung, gone int }

// maxDevices bounds how many devices of a person are counted as ringing.
const maxDevices = 32

// newcomer is somebody to be rung.
type newcomer struct {
	id      string // for a participant who is new
	person  proto.Person
	busy    bool // cannot be rung: in another call
	waiting bool // is in another call and lets this one wait
}

// newCall starts a call: the caller is in it, the others ring.
func newCall(id string, video bool, cfg Config, terms proto.CallTerms, caller newcomer, who Who, others []newcomer, now time.Time) *call {
	terms.NoVideo = terms.NoVideo || cfg.NoVideo
	c := &call{id: id, video: video, startedAt: now, cfg: cfg, phase: proto.PhaseRinging, terms: terms}
	c.people = append(c.people, &participant{
		id: caller.id, person: caller.person, stage: active, session: who.SessionID, device: who.Device,
		ring: ring{caller: caller.person.ID, at: now},
	})
	c.do(work{kind: recordStart, video: c.showsVideo(), at: now})
	rung := c.ringUp(caller.person.ID, others, now)
	for _, p := range c.people {
		p.seen = p.view() // of which nobody needs to be told
	}
	c.people[0].told = c.face(c.people[0])
	c.announce(rung)
	if c.allBusy = len(rung) == 0; c.allBusy {
		c.busyAt = now.Add(busyTone)
	}
	c.follow(now)
	return c
}

// add rings more people, and again such as are not in the call any more.
func (c *call) add(by *participant, others []newcomer, now time.Time) {
	c.round++
	rung := c.ringUp(by.person.ID, others, now)
	c.announce(rung)
	if len(rung) > 0 {
		c.allBusy, c.busyAt = false, time.Time{}
	}
	c.follow(now)
}

// ringUp gives the newcomers their places and returns those who can be rung.
func (c *call) ringUp(caller string, others []newcomer, now time.Time) (rung []*participant) {
	for _, n := range others {
		p := c.who(n.person.ID)
		if p == nil {
			p = &participant{id: n.id, person: n.person, stage: gone}
			c.people = append(c.people, p)
		} else if p.stage == invited || p.stage == active || (n.busy && p.stage == away) {
			continue
		} else {
			p.talk.met, p.talk.answered = c.with(p), false
		}
		p.ring = ring{caller: caller, at: now, endsAt: now.Add(c.cfg.RingTimeout), waiting: n.waiting, round: rounds{rung: c.round}}
		p.session, p.device, p.socketDown, p.seated = "", proto.Device{}, false, false
		if n.busy {
			p.stage, p.reason, p.final, p.talk.rowDue = gone, proto.ReasonBusy, proto.ReasonBusy, true
			p.ring.round.gone = c.round
			c.unsure = c.unsure || c.terms != (proto.CallTerms{})
			continue
		}
		p.stage, p.reason, p.final = invited, "", ""
		rung = append(rung, p)
	}
	return rung
}

// announce lets it ring on the devices of these people, and wakes up those
// that sleep.
func (c *call) announce(rung []*participant) {
	for _, p := range rung {
		p.told, p.fresh = c.face(p), true
		c.tell(p, proto.TypeCallIncoming, proto.CallIncoming{Call: c.viewFor(p)})
		c.out.notices = append(c.out.notices, notice{to: toSleepers, user: p.person.ID})
	}
}

// rings: one more device of p says that it rings.
func rings(_ *call, p *participant, ev event, _ time.Time) *proto.Error {
	if !slices.Contains(p.ring.devices, ev.session) && len(p.ring.devices) < maxDevices {
		p.ring.devices = append(p.ring.devices, ev.session)
	}
	return nil
}

// silence: a device of p is gone, and does not ring any more.
func silence(_ *call, p *participant, ev event, _ time.Time) *proto.Error {
	p.ring.devices = slices.DeleteFunc(p.ring.devices, func(s string) bool { return s == ev.session })
	return nil
}

// waitNoMore: the call that p was in is over for them.
func waitNoMore(_ *call, p *participant, _ event, _ time.Time) *proto.Error {
	p.ring.waiting = false
	return nil
}

// shows says whether p may see other: not, if other had left before p came.
func (p *participant) shows(other *participant) bool {
	return other == p || other.stage != gone || other.ring.round.gone >= p.ring.round.rung
}
