package calls

import (
	"slices"

	"kinwire/signaling/proto"
)

// face is what a person sees of the call beside its participants.
type face struct {
	phase            proto.Phase
	waiting, noVideo bool
	endsAt           int64
}

func (c *call) face(p *participant) face {
	f := face{phase: c.phaseFor(p), waiting: p.stage == invited && p.ring.waiting, noVideo: c.terms.NoVideo}
	if !c.terms.EndsAt.IsZero() {
		f.endsAt = c.terms.EndsAt.UnixMilli()
	}
	return f
}

func (c *call) showsVideo() bool { return c.video && !c.terms.NoVideo }

// publish tells everybody in the call what has changed since they were last
// told. Somebody for whom the phase or the terms have changed gets the whole
// call, the others only the participants who have changed.
func (c *call) publish() {
	var changed []*participant
	for _, p := range c.people {
		if v := p.view(); !sameParticipant(v, p.seen) {
			p.seen = v
			changed = append(changed, p)
		}
	}
	for _, p := range c.people {
		c.publishTo(p, changed)
	}
	for _, p := range c.people {
		p.fresh = false
		if in := p.stage == active; in != p.inCall {
			p.inCall = in
			c.out.notices = append(c.out.notices, notice{to: toPresence, user: p.person.ID})
		}
	}
}

func (c *call) publishTo(p *participant, changed []*participant) {
	if p.stage == gone {
		return // has had the last call.state
	}
	if f := c.face(p); p.stage != away && f != p.told {
		p.told = f
		c.tell(p, proto.TypeCallState, proto.CallState{Call: c.viewFor(p)})
		return
	}
	if p.fresh {
		return
	}
	for _, other := range changed {
		if (other != p && p.stage != away) || (other == p && p.leftUnasked()) {
			c.tell(p, proto.TypeCallParticipant, proto.ParticipantEvent{CallID: c.id, Participant: other.seen})
		}
	}
}

// leftUnasked says whether the server took p out, which p may not know.
func (p *participant) leftUnasked() bool {
	return p.stage == away && (p.reason == proto.ReasonLost || p.reason == proto.ReasonFailed)
}

// tell sends p a message: to the device that is in the call, or to all of
// p's devices if none is, or if it may have gone.
func (c *call) tell(p *participant, typ string, data any) {
	n := notice{to: toUser, user: p.person.ID, typ: typ, data: data}
	if p.session != "" && !p.socketDown {
		n.to, n.session = toSession, p.session
	}
	c.out.notices = append(c.out.notices, n)
}

// tellElsewhere stops the ringing of p's devices except the one that has
// answered or declined.
func (c *call) tellElsewhere(p *participant, session string) {
	c.out.notices = append(c.out.notices, notice{
		to: toOthers, user: p.person.ID, session: session, typ: proto.TypeCallState,
		data: proto.CallState{Call: c.elsewhere(p)},
	})
}

// tellMoved tells the device that p is now on another.
func (c *call) tellMoved(p *participant) {
	c.out.notices = append(c.out.notices, notice{
		to: toSession, user: p.person.ID, session: p.session, typ: proto.TypeCallState,
		data: proto.CallState{Call: c.elsewhere(p)},
	})
}

func (c *call) elsewhere(p *participant) proto.CallView {
	v := c.viewFor(p)
	v.Phase, v.Reason = proto.PhaseEnded, proto.ReasonElsewhere
	return v
}

// viewFor is the call as p sees it.
func (c *call) viewFor(p *participant) proto.CallView {
	f := c.face(p)
	v := proto.CallView{
		CallID: c.id, Phase: f.phase, Video: c.showsVideo(),
		Caller: p.ring.caller, You: p.id, StartedAt: c.startedAt.UnixMilli(),
		Waiting: f.waiting, NoVideo: f.noVideo, EndsAt: f.endsAt,
		Participants: make([]proto.Participant, 0, len(c.people)),
	}
	if v.Phase == proto.PhaseEnded {
		v.Reason = p.final
	}
	for _, other := range c.people {
		if p.shows(other) {
			v.Participants = append(v.Participants, other.view())
		}
	}
	return v
}

// phaseFor is the phase as p sees it: it rings until they answer, even if the
// others are talking already, and is over when they have left for good.
func (c *call) phaseFor(p *participant) proto.Phase {
	switch p.stage {
	case gone:
		return proto.PhaseEnded
	case invited:
		return proto.PhaseRinging
	default:
		return c.phase
	}
}

// view is p as the others see them.
func (p *participant) view() proto.Participant {
	v := proto.Participant{ID: p.id, Person: p.person, Phase: p.phase(), Sources: slices.Clone(p.sources)}
	if v.Phase == proto.ParticipantLeft {
		v.Reason = p.reason
	}
	return v
}

func (p *participant) phase() proto.ParticipantPhase {
	switch {
	case p.stage == invited && len(p.ring.devices) > 0:
		return proto.ParticipantRinging
	case p.stage == invited:
		return proto.ParticipantInvited
	case p.stage != active:
		return proto.ParticipantLeft
	case p.reconnecting():
		return proto.ParticipantReconnecting
	case p.media:
		return proto.ParticipantJoined
	default:
		return proto.ParticipantAccepted
	}
}

// sameParticipant compares all but the person, who stays the same.
func sameParticipant(a, b proto.Participant) bool {
	return a.Phase == b.Phase && a.Reason == b.Reason && slices.Equal(a.Sources, b.Sources)
}
