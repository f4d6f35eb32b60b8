package calls

import (
	"slices"

	"kinwire/signaling/proto"
)

// publish tells everybody in the call what has changed since they were last
// told. Somebody for whom the phase has changed gets the whole call, the
// others only the participants who have changed.
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
		if in := p.stage == active; in != p.inCall {
			p.inCall = in
			c.notices = append(c.notices, notice{to: toPresence, user: p.person.ID})
		}
	}
}

func (c *call) publishTo(p *participant, changed []*participant) {
	if p.stage == gone {
		return // has had the last call.state
	}
	if phase := c.phaseFor(p); p.stage != away && phase != p.seenPhase {
		p.seenPhase = phase
		c.tell(p, proto.TypeCallState, proto.CallState{Call: c.viewFor(p)})
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
	c.notices = append(c.notices, n)
}

// tellElsewhere stops the ringing of p's devices except the one that has
// answered or declined.
func (c *call) tellElsewhere(p *participant, session string) {
	c.notices = append(c.notices, notice{
		to: toOthers, user: p.person.ID, session: session, typ: proto.TypeCallState,
		data: proto.CallState{Call: c.elsewhere(p)},
	})
}

// tellMoved tells the device that p is now on another.
func (c *call) tellMoved(p *participant) {
	c.notices = append(c.notices, notice{
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
	v := proto.CallView{
		CallID: c.id, Phase: c.phaseFor(p), Video: c.video,
		Caller: c.people[0].person.ID, You: p.id, StartedAt: c.startedAt.UnixMilli(),
		Participants: make([]proto.Participant, 0, len(c.people)),
	}
	if v.Phase == proto.PhaseEnded {
		v.Reason = p.final
	}
	for _, other := range c.people {
		v.Participants = append(v.Participants, other.view())
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
