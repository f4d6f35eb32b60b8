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

	ring ring // of the last time they were rung

	joining bool   // Media.Join is under way
	media   bool   // Media.Join has answered
	seated  bool   // the media came by a Seat, not by the session itself
	joins   uint64 // counts joins begun
	stays   uint64 // counts how often they have left
	link    link
	ufrag   string         // of the client's last offer
	sources []proto.Source // mids are not kept: they mean nothing to others

	lostAt  time.Time // when reconnecting turns into lost
	setupAt time.Time // when setting media up turns into failed
	warned  time.Time // of which end of the call they have been warned
	talk    talk

	seen   proto.Participant // as the others were last told
	told   face              // the call, as this person was last told
	inCall bool              // as presence was last told
	fresh  bool              // they have just been shown the whole call
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
	round      int          // how often people were added
	terms      proto.CallTerms
	unsure     bool // policy is to be asked again about everybody here

	busyAt   time.Time // when the tone for a call to busy people is over
	aloneAt  time.Time // when being alone ends the call
	warnAt   time.Time // when people are to be warned of the end
	graceAt  time.Time // when a call whose time is up ends for everybody
	forgetAt time.Time // when an ended call may be forgotten

	out effects // not yet taken
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
	c.follow(now)
	return nil
}

// follow brings about what follows from a change, and tells.
func (c *call) follow(now time.Time) {
	c.settle(now)
	c.listen(now)
	c.keepHistory(now)
	c.publish()
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
	c.rangOut(now)
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
	if due(c.terms.EndsAt, now) {
		c.timeIsUp(now)
	}
	c.follow(now)
}

// shutdown ends the call because the server goes down.
func (c *call) shutdown(now time.Time) {
	c.end(proto.ReasonShutdown, now)
	c.follow(now)
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
	alone := c.phase != proto.PhaseRinging && here == 1 && ringing == 0
	c.aloneAt = deadline(c.aloneAt, alone, now, c.cfg.AloneTimeout)
	for _, p := range c.people {
		p.lostAt = deadline(p.lostAt, p.stage == active && p.reconnecting(), now, c.cfg.LostTimeout)
		settingUp := p.stage == active && (p.link == linkNew || !p.media) && c.phase != proto.PhaseRinging
		p.setupAt = deadline(p.setupAt, settingUp, now, c.cfg.LostTimeout)
	}
	c.warn(now)
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
	sooner(c.busyAt)
	sooner(c.aloneAt)
	sooner(c.warnAt)
	if sooner(c.graceAt); c.graceAt.IsZero() {
		sooner(c.terms.EndsAt)
	}
	for _, p := range c.people {
		if p.stage == invited {
			sooner(p.ring.endsAt)
		}
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
