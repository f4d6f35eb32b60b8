package calls

import (
	"time"

	"kinwire/signaling/proto"
)

const (
	// busyTone is how long a call to people who are all busy is kept before
	// it ends, so that the caller has the reply to call.invite before the end.
	busyTone = time.Second
	// forgetAfter is how long an ended call can still be referred to: a
	// hang-up that crosses the other side's hang-up is not an error.
	forgetAfter = time.Minute
)

// stage is where a person is in a call; see the package comment.
type stage int

const (
	invited stage = iota
	active
	away
	gone
)

// link is a participant's media connection since they last joined.
type link int

const (
	linkNew link = iota // not up yet
	linkUp
	linkDown // was up
)

// participant is one person in one call.
type participant struct {
	id     string
	person proto.Person
	stage  stage
	reason proto.Reason // away and gone: why
	final  proto.Reason // gone: what their own last view says

	session    string // the device; empty while invited, or when it ended
	device     proto.Device
	socketDown bool

	joining bool   // Media.Join is under way
	media   bool   // Media.Join has answered
	seated  bool   // the media came by a Seat, not by the session itself
	joins   uint64 // counts joins begun
	stays   uint64 // counts how often they have left
	link    link
	sources []proto.Source // mids are not kept: they mean nothing to others

	lostAt  time.Time // when reconnecting turns into lost
	setupAt time.Time // when setting media up turns into failed

	seen      proto.Participant // as the others were last told
	seenPhase proto.Phase       // of the call, as this person was last told
	inCall    bool              // as presence was last told
}

// call is the state machine. It is not safe for concurrent use.
type call struct {
	id        string
	video     bool
	startedAt time.Time
	cfg       Config
	phase     proto.Phase
	reason    proto.Reason   // with phase ended
	people    []*participant // [0] is the caller

	allBusy    bool         // nobody could be rung
	mediaUsed  bool         // Media knows this call
	lastReason proto.Reason // of the last person to leave

	ringAt   time.Time // when it has rung out
	aloneAt  time.Time // when being alone ends the call
	forgetAt time.Time // when an ended call may be forgotten

	notices []notice // effects not yet taken
	work    []work
}

// newcomer is somebody to be rung.
type newcomer struct {
	id     string
	person proto.Person
	busy   bool // in another call
}

// newCall starts a call: the caller is in it, the others ring.
func newCall(id string, video bool, cfg Config, caller newcomer, who Who, others []newcomer, now time.Time) *call {
	c := &call{id: id, video: video, startedAt: now, cfg: cfg, phase: proto.PhaseRinging}
	c.people = append(c.people, &participant{
		id: caller.id, person: caller.person, stage: active, session: who.SessionID, device: who.Device,
	})
	c.allBusy = true
	for _, o := range others {
		p := &participant{id: o.id, person: o.person}
		if o.busy {
			p.stage, p.reason, p.final = gone, proto.ReasonBusy, proto.ReasonBusy
		} else {
			c.allBusy = false
		}
		c.people = append(c.people, p)
	}
	c.ringAt = now.Add(cfg.RingTimeout)
	if c.allBusy {
		c.ringAt = now.Add(busyTone)
	}
	for _, p := range c.people {
		p.seen, p.seenPhase = p.view(), c.phaseFor(p)
		if p.stage == invited {
			c.tell(p, proto.TypeCallIncoming, proto.CallIncoming{Call: c.viewFor(p)})
		}
	}
	c.do(work{kind: recordStart, video: video, at: now})
	c.publish()
	return c
}

// apply lets one event happen to p. On an error nothing has changed; it says
// what p may be told.
func (c *call) apply(p *participant, ev event, now time.Time) *proto.Error {
	act, ok := c.action(p, ev.kind)
	if !ok {
		return c.refusal(p)
	}
	if err := act(c, p, ev, now); err != nil {
		return err
	}
	c.settle(now)
	c.publish()
	return nil
}

// action is what the tables list for an event that happens to p now.
func (c *call) action(p *participant, kind eventKind) (action, bool) {
	row := transitions[p.stage]
	if c.phase == proto.PhaseEnded {
		row = afterEnd
	}
	act, ok := row[kind]
	return act, ok
}

// tick lets everything happen that is due.
func (c *call) tick(now time.Time) {
	if c.phase == proto.PhaseEnded {
		return
	}
	if due(c.ringAt, now) {
		c.rangOut(now)
	}
	for _, p := range c.people {
		if p.stage == active && due(p.lostAt, now) {
			c.drop(p, away, proto.ReasonLost, now)
		}
		if p.stage == active && due(p.setupAt, now) {
			c.setupFailed(p, now)
		}
	}
	if due(c.aloneAt, now) {
		c.end(proto.ReasonAlone, now)
	}
	c.settle(now)
	c.publish()
}

// shutdown ends the call because the server goes down.
func (c *call) shutdown(now time.Time) {
	c.end(proto.ReasonShutdown, now)
	c.publish()
}

// settle brings about what follows from the state: who is lost, which phase
// it is, whether the call is over, and which deadlines run.
func (c *call) settle(now time.Time) {
	for _, p := range c.people {
		if p.stage == active && p.socketDown && p.link == linkDown {
			c.drop(p, away, proto.ReasonLost, now)
		}
	}
	if c.phase == proto.PhaseEnded {
		return
	}
	ringing, here, connected := c.count()
	if c.phase == proto.PhaseConnecting && connected >= 2 {
		c.phase = proto.PhaseConnected
	}
	switch {
	case here == 0:
		c.end(c.lastReason, now)
		return
	case c.phase == proto.PhaseRinging && ringing == 0 && !c.allBusy:
		c.end(c.outcome(), now)
		return
	}
	if ringing == 0 && !c.allBusy {
		c.ringAt = time.Time{}
	}
	alone := c.phase != proto.PhaseRinging && here == 1 && ringing == 0
	c.aloneAt = deadline(c.aloneAt, alone, now, c.cfg.AloneTimeout)
	for _, p := range c.people {
		p.lostAt = deadline(p.lostAt, p.stage == active && p.reconnecting(), now, c.cfg.LostTimeout)
		settingUp := p.stage == active && p.link == linkNew && c.phase != proto.PhaseRinging
		p.setupAt = deadline(p.setupAt, settingUp, now, c.cfg.LostTimeout)
	}
}

// deadline keeps a running deadline, starts one, or clears it.
func deadline(at time.Time, runs bool, now time.Time, after time.Duration) time.Time {
	if !runs {
		return time.Time{}
	}
	if at.IsZero() {
		return now.Add(after)
	}
	return at
}

func due(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

// next returns when tick is to be called, or when an ended call is to be
// forgotten; zero for never.
func (c *call) next() time.Time {
	if c.phase == proto.PhaseEnded {
		return c.forgetAt
	}
	var first time.Time
	sooner := func(at time.Time) {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	sooner(c.ringAt)
	sooner(c.aloneAt)
	for _, p := range c.people {
		sooner(p.lostAt)
		sooner(p.setupAt)
	}
	return first
}

// count returns how many are being rung, how many are active, and for how
// many of those media flows.
func (c *call) count() (ringing, here, connected int) {
	for _, p := range c.people {
		switch {
		case p.stage == invited:
			ringing++
		case p.stage == active:
			here++
			if p.media && p.link == linkUp {
				connected++
			}
		}
	}
	return ringing, here, connected
}

// outcome is why a call that nobody accepted ended.
func (c *call) outcome() proto.Reason {
	busy := true
	for _, p := range c.people[1:] {
		if p.reason == proto.ReasonDeclined {
			return proto.ReasonDeclined
		}
		busy = busy && p.reason == proto.ReasonBusy
	}
	if busy {
		return proto.ReasonBusy
	}
	return proto.ReasonMissed
}

func (p *participant) reconnecting() bool { return p.socketDown || p.link == linkDown }

// who returns the person's part in the call, nil if they have none.
func (c *call) who(userID string) *participant {
	for _, p := range c.people {
		if p.person.ID == userID {
			return p
		}
	}
	return nil
}

func (c *call) byID(participantID string) *participant {
	for _, p := range c.people {
		if p.id == participantID {
			return p
		}
	}
	return nil
}

func (c *call) do(w ...work) { c.work = append(c.work, w...) }

// take returns the effects so far and forgets them.
func (c *call) take() ([]notice, []work) {
	n, w := c.notices, c.work
	c.notices, c.work = nil, nil
	return n, w
}
