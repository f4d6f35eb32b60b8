package calls

import (
	"fmt"
	"slices"

	"kinwire/signaling/proto"
)

// ledger is what the effects of one call have done so far, and what must hold
// of it whatever happens.
type ledger struct {
	parties        []party // by place in call.people
	started, ended bool
	rank           int // of the phase; must never fall
}

type party struct {
	pending int  // joins that the media plane has not answered
	peer    bool // the media plane holds them
	present bool // they are in the record
	open    bool // they called, or it rang for them, and they were not told yet that it is over
	written bool // their part was written down
}

var phaseRank = map[proto.Phase]int{
	proto.PhaseRinging: 0, proto.PhaseConnecting: 1, proto.PhaseConnected: 2, proto.PhaseEnded: 3,
}

func (l *ledger) clone() *ledger {
	c := *l
	c.parties = slices.Clone(l.parties)
	return &c
}

// of finds the party of a participant; people who were added come at the end.
func (l *ledger) of(c *call, match func(p *participant) bool) *party {
	for len(l.parties) < len(c.people) {
		l.parties = append(l.parties, party{})
	}
	return &l.parties[slices.IndexFunc(c.people, match)]
}

func (l *ledger) part(c *call, participantID string) *party {
	return l.of(c, func(p *participant) bool { return p.id == participantID })
}

// lets says whether the service would let such an event through now: it lets
// one join at a time through, and answers come to joins alone.
func (l *ledger) lets(c *call, p *participant, kind eventKind) bool {
	pending := l.part(c, p.id).pending
	switch kind {
	case evJoined, evJoinFailed:
		return pending > 0
	case evJoin:
		return pending == 0
	}
	return true
}

func (l *ledger) happened(c *call, p *participant, kind eventKind, refused *proto.Error) {
	x := l.part(c, p.id)
	switch {
	case kind == evJoin && refused == nil:
		x.pending++
	case kind == evJoined:
		x.pending--
		x.peer = true // before the effects: the media plane has answered
	case kind == evJoinFailed:
		x.pending--
	}
}

// carryOut takes the effects of the call and returns what is wrong.
func (l *ledger) carryOut(c *call) error {
	out := c.take()
	if l.parties == nil {
		l.of(c, func(*participant) bool { return true }).open = true // the caller
	}
	if l.ended && (len(out.notices) > 0 || len(out.talks) > 0 || len(out.rows) > 0) {
		return fmt.Errorf("something is told, counted or kept after the end: %+v", out)
	}
	for _, n := range out.notices {
		if err := l.tell(c, n); err != nil {
			return err
		}
	}
	for _, job := range out.work {
		if err := l.perform(c, job); err != nil {
			return err
		}
	}
	for _, t := range out.talks {
		if t.A == t.B || !t.From.Before(t.To) {
			return fmt.Errorf("talk: %+v", t)
		}
	}
	for _, row := range out.rows {
		x := l.of(c, func(p *participant) bool { return p.person.ID == row.PersonID })
		if x.written = true; row.Reason == "" || slices.Contains(row.With, row.PersonID) {
			return fmt.Errorf("history: %+v", row)
		}
	}
	return l.invariants(c)
}

func (l *ledger) tell(c *call, n notice) error {
	x := l.of(c, func(p *participant) bool { return p.person.ID == n.user })
	if n.typ == proto.TypeCallIncoming {
		x.open = true
	}
	d, ok := n.data.(proto.CallState)
	if !ok || d.Call.Phase != proto.PhaseEnded || d.Call.Reason == proto.ReasonElsewhere {
		return nil
	}
	if !x.open {
		return fmt.Errorf("%s was told twice that it is over", n.user)
	}
	x.open = false
	if d.Call.Reason == "" {
		return fmt.Errorf("%s was told no reason", n.user)
	}
	return nil
}

func (l *ledger) perform(c *call, job work) error {
	x := &party{}
	if job.participant != "" {
		x = l.part(c, job.participant)
	}
	ok := true
	switch job.kind {
	case recordStart:
		ok, l.started = !l.started, true
	case recordJoin:
		ok, x.present = l.started && !l.ended && !x.present, true
	case recordLeave:
		ok, x.present = !l.ended && x.present && job.reason != "", false
	case recordEnd:
		ok = !l.ended && job.reason != "" && !slices.ContainsFunc(l.parties, func(x party) bool { return x.present })
		l.ended = true
	case mediaLeave:
		x.peer = false
	case mediaMute:
		ok = x.peer && isPicture(job.source)
	case mediaEnd:
		for i := range l.parties {
			l.parties[i].peer = false
		}
	}
	if !ok {
		return fmt.Errorf("out of order: %+v", job)
	}
	return nil
}

func (l *ledger) invariants(c *call) error {
	rank, over := phaseRank[c.phase], c.phase == proto.PhaseEnded
	if rank < l.rank {
		return fmt.Errorf("the phase went back to %s", c.phase)
	}
	l.rank = rank
	if over != l.ended || over != (c.reason != "") {
		return fmt.Errorf("phase %s, reason %q, record ended: %t", c.phase, c.reason, l.ended)
	}
	ringing, here, _ := c.count()
	if !over && here == 0 {
		return fmt.Errorf("nobody is in the call and it goes on")
	}
	if !over && c.phase == proto.PhaseRinging && ringing == 0 && !c.allBusy {
		return fmt.Errorf("it rings for nobody")
	}
	if !over && here == 1 && c.next().IsZero() {
		return fmt.Errorf("somebody waits alone for ever")
	}
	for i, p := range c.people {
		if err := l.fits(c, p, &l.parties[i], over); err != nil {
			return fmt.Errorf("%s at stage %d: %w", p.id, p.stage, err)
		}
	}
	return nil
}

// fits holds what has been told and done about one person to where they are.
func (l *ledger) fits(c *call, p *participant, x *party, over bool) error {
	switch {
	case over && p.stage != gone:
		return fmt.Errorf("the call has ended")
	case (p.stage == gone) == x.open:
		return fmt.Errorf("told that it is over: %t", !x.open)
	case p.stage == gone && !x.written:
		return fmt.Errorf("their part is over and was not written down")
	case p.media && p.stage != active:
		return fmt.Errorf("has media")
	case x.peer != p.media || x.present != p.media:
		return fmt.Errorf("media %t, peer %t, in the record %t", p.media, x.peer, x.present)
	case p.stage == active && p.reconnecting() && p.lostAt.IsZero() && !over:
		return fmt.Errorf("reconnects for ever")
	case p.stage == active && p.session == "":
		return fmt.Errorf("is in the call on no device")
	case p.stage == invited && p.ring.endsAt.IsZero():
		return fmt.Errorf("rings for ever")
	case p.up() == p.talk.upSince.IsZero():
		return fmt.Errorf("media up: %t, counted since %v", p.up(), p.talk.upSince)
	}
	for _, source := range p.sources {
		if c.terms.NoVideo && isPicture(source.Kind) && !source.Muted {
			return fmt.Errorf("shows a picture where none may be")
		}
	}
	return nil
}
