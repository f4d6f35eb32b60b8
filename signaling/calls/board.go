package calls

import (
	"slices"
	"time"

	"kinwire/signaling/proto"
)

// maxPeople bounds how many people one call has ever had, as the record of a
// call does.
const maxPeople = 64

// board is all calls of one node, and what holds between them: a person is in
// one call at most, and is rung by one at most. Like a call it is pure: no
// clock, no lock, nobody called. What it has changed is in dirty.
type board struct {
	cfg    Config
	newID  func(prefix string) string
	calls  map[string]*call
	byUser map[string][]*call // by user id: calls that the user is in, is rung by, or may come back to
	dirty  []*call            // calls with effects that are not taken, in order
}

func newBoard(cfg Config, newID func(prefix string) string) board {
	return board{cfg: cfg, newID: newID, calls: make(map[string]*call), byUser: make(map[string][]*call)}
}

// active is the call that the user is in, nil if none.
func (b *board) active(userID string) (*call, *participant) { return b.at(userID, active) }

// rung is the call that rings for the user, nil if none.
func (b *board) rung(userID string) (*call, *participant) { return b.at(userID, invited) }

func (b *board) at(userID string, st stage) (*call, *participant) {
	for _, c := range b.byUser[userID] {
		if p := c.who(userID); p.stage == st {
			return c, p
		}
	}
	return nil, nil
}

// apply lets an event happen in a call. On an error nothing has changed.
func (b *board) apply(c *call, p *participant, ev event, now time.Time) *proto.Error {
	if refused := c.apply(p, ev, now); refused != nil {
		return refused
	}
	b.changed(c, now)
	return nil
}

// changed brings the index up to date. Whoever is no longer in the call may
// have let another one wait.
func (b *board) changed(c *call, now time.Time) {
	b.dirty = append(b.dirty, c)
	for _, p := range c.people {
		b.index(c, p)
	}
	for _, p := range c.people {
		other, waiting := b.rung(p.person.ID)
		if other == nil || !waiting.ring.waiting {
			continue
		}
		if in, _ := b.active(p.person.ID); in == nil {
			_ = b.apply(other, waiting, event{kind: evFree}, now) // listed for everybody who is rung
		}
	}
}

func (b *board) index(c *call, p *participant) {
	user := p.person.ID
	listed := slices.Contains(b.byUser[user], c)
	switch {
	case p.stage != gone && !listed:
		b.byUser[user] = append(b.byUser[user], c)
	case p.stage == gone && listed:
		b.byUser[user] = slices.DeleteFunc(b.byUser[user], func(other *call) bool { return other == c })
		if len(b.byUser[user]) == 0 {
			delete(b.byUser, user)
		}
	}
}

// glare is the call that rings for the user and that has everybody in it whom
// they want to call; nil if there is no such call.
func (b *board) glare(userID string, to []string) *call {
	c, _ := b.rung(userID)
	if in, _ := b.active(userID); c == nil || in != nil || !c.holds(to) {
		return nil
	}
	return c
}

// holds says whether all these people have a part in the call that is not
// over for good, so that who wants to reach them can do so in this call.
func (c *call) holds(userIDs []string) bool {
	for _, id := range userIDs {
		if p := c.who(id); p == nil || p.stage == gone {
			return false
		}
	}
	return true
}

// vacate makes sure that the user is in no call and rung by none, so that they
// may enter one: a call that rings for them is answered with busy.
func (b *board) vacate(userID string, now time.Time) *proto.Error {
	if in, _ := b.active(userID); in != nil {
		return errBusy()
	}
	if c, p := b.rung(userID); c != nil {
		return b.apply(c, p, event{kind: evBusy}, now)
	}
	return nil
}

// invitation is a call to be: people[0] calls the others. waits are those who
// let a second call wait.
type invitation struct {
	who    Who
	people []proto.Person
	video  bool
	waits  map[string]bool
	terms  proto.CallTerms
}

// invite makes a call.
func (b *board) invite(i invitation, now time.Time) (*call, *proto.Error) {
	if refused := b.vacate(i.who.UserID, now); refused != nil {
		return nil, refused
	}
	var others []newcomer
	for _, person := range i.people[1:] {
		others = append(others, b.newcomer(person, i.waits))
	}
	caller := newcomer{id: b.newID("p_"), person: i.people[0]}
	c := newCall(b.newID("c_"), i.video, b.cfg, i.terms, caller, i.who, others, now)
	b.calls[c.id] = c
	b.changed(c, now)
	return c, nil
}

func (b *board) newcomer(person proto.Person, waits map[string]bool) newcomer {
	in, _ := b.active(person.ID)
	rung, _ := b.rung(person.ID)
	waiting := in != nil && rung == nil && waits[person.ID]
	return newcomer{id: b.newID("p_"), person: person, waiting: waiting, busy: (in != nil || rung != nil) && !waiting}
}

// add rings more people in a call. Who is in it, or is rung by it, stays as
// they are.
func (b *board) add(c *call, by *participant, people []proto.Person, waits map[string]bool, terms proto.CallTerms, now time.Time) {
	var others []newcomer
	reached := false
	for _, person := range people {
		if p := c.who(person.ID); p != nil && (p.stage == invited || p.stage == active) {
			continue
		}
		b.makeWay(by, person.ID, now)
		n := b.newcomer(person, waits)
		if b.ringsFor(person.ID, by) {
			n.busy, n.waiting = true, false
		}
		reached = reached || !n.busy
		others = append(others, n)
	}
	if len(others) == 0 {
		return
	}
	if reached {
		c.tighten(terms, now)
	}
	c.add(by, others, now)
	b.changed(c, now)
}

// makeWay is for two people who ring each other, by adding to a call that is
// there the one, by a call that nobody has answered the other: the call that
// is there wins.
func (b *board) makeWay(by *participant, userID string, now time.Time) {
	c, p := b.rung(by.person.ID)
	if c != nil && c.phase == proto.PhaseRinging && c.people[0].person.ID == userID {
		_ = b.apply(c, p, event{kind: evBusy}, now) // listed for everybody who is rung
	}
}

// ringsFor says whether a call that userID is in rings for p: then that ring is
// the one to be answered, or two people could each answer the other's and
// miss one another.
func (b *board) ringsFor(userID string, p *participant) bool {
	c, _ := b.rung(p.person.ID)
	if c == nil {
		return false
	}
	caller := c.who(userID)
	return caller != nil && caller.stage == active
}

// answer is a yes, from the device who. Where the call has waited, it ends
// that person's part in the one they were in.
func (b *board) answer(c *call, p *participant, who Who, terms proto.CallTerms, now time.Time) *proto.Error {
	if _, ok := c.action(p, evAccept); !ok {
		return c.refusal(p)
	}
	if first, in := b.active(p.person.ID); p.stage == invited && first != nil {
		// Not by the way of evFree: nobody needs to be told of a ring that
		// is answered.
		p.ring.waiting = false
		p.told = c.face(p)
		if refused := b.apply(first, in, event{kind: evHangup, session: who.SessionID}, now); refused != nil {
			return refused
		}
	}
	if p.stage == invited {
		c.tighten(terms, now)
	}
	return b.apply(c, p, event{kind: evAccept, session: who.SessionID, device: who.Device}, now)
}

// enter begins a join.
func (b *board) enter(c *call, p *participant, ev event, terms proto.CallTerms, now time.Time) *proto.Error {
	if _, ok := c.action(p, evJoin); !ok {
		return c.refusal(p)
	}
	// First what may be refused: a join that is must change nothing.
	if refused := refusesPictures(c.terms.NoVideo || terms.NoVideo, ev.sources); refused != nil {
		return refused
	}
	if p.stage == away {
		if refused := b.vacate(p.person.ID, now); refused != nil {
			return refused
		}
	}
	c.tighten(terms, now)
	return b.apply(c, p, ev, now)
}

// room says whether the call has room for these people besides those who are
// in it.
func (b *board) room(c *call, userIDs []string) *proto.Error {
	ids := c.present()
	known := len(c.people)
	for _, id := range userIDs {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		if c.who(id) == nil {
			known++
		}
	}
	if len(ids) > b.cfg.MaxParticipants {
		return errFull(len(ids), b.cfg.MaxParticipants)
	}
	if known > maxPeople {
		return errFull(known, maxPeople)
	}
	return nil
}

func (b *board) expel(c *call, out []removal, now time.Time) {
	c.expel(out, now)
	b.changed(c, now)
}

func (b *board) agree(c *call, terms proto.CallTerms, now time.Time) {
	c.agree(terms, now)
	b.changed(c, now)
}

func (b *board) tick(c *call, now time.Time) {
	c.tick(now)
	b.changed(c, now)
}

// end ends every call because the server goes down.
func (b *board) end(now time.Time) {
	for _, c := range b.calls {
		c.shutdown(now)
	}
	for _, c := range b.calls { // only now: what waits is not to ring on for a moment
		b.changed(c, now)
	}
}
