package calls

import (
	"fmt"
	"slices"
	"time"

	"kinwire/signaling/proto"
)

// universe is one state: a board, what has come of it, and how it came about.
type universe struct {
	board   board
	now     time.Time
	ledgers map[string]*ledger
	ids     *int // of calls and participants
	came    *step
}

// step is how a state came about. It does not hold the states on the way.
type step struct {
	from *step
	by   string
}

func user(n int) string { return "u" + string(rune('0'+n)) }

func device(n, d int) Who {
	return Who{UserID: user(n), SessionID: user(n) + "/" + string(rune('0'+d))}
}

func newUniverse() *universe {
	w := &universe{now: t0, ledgers: map[string]*ledger{}, ids: new(int)}
	w.board = newBoard(testConfig, nil)
	w.number()
	return w
}

// number gives ids that count on.
func (w *universe) number() {
	w.board.newID = func(prefix string) string {
		*w.ids++
		return fmt.Sprint(prefix, *w.ids)
	}
}

// clone is the same state once more, to go on from.
func (w *universe) clone() *universe {
	n := &universe{now: w.now, ledgers: make(map[string]*ledger, len(w.ledgers)), ids: new(int)}
	*n.ids = *w.ids
	n.board = newBoard(w.board.cfg, nil)
	n.number()
	for id, c := range w.board.calls {
		d := *c
		d.people = make([]*participant, len(c.people))
		for i, p := range c.people {
			q := *p
			q.sources, q.ring.devices, q.talk.met = slices.Clone(p.sources), slices.Clone(p.ring.devices), slices.Clone(p.talk.met)
			d.people[i] = &q
			if q.stage != gone {
				n.board.byUser[q.person.ID] = append(n.board.byUser[q.person.ID], &d)
			}
		}
		n.board.calls[id] = &d
		n.ledgers[id] = w.ledgers[id].clone()
	}
	for _, calls := range n.board.byUser {
		slices.SortFunc(calls, func(a, b *call) int { return a.startedAt.Compare(b.startedAt) })
	}
	return n
}

func (w *universe) pass() bool {
	var first time.Time
	for _, c := range w.board.calls {
		if at := c.next(); c.phase != proto.PhaseEnded && !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	if first.IsZero() {
		return false
	}
	if first.After(w.now) {
		w.now = first
	}
	for _, id := range w.order() {
		w.board.tick(w.board.calls[id], w.now)
	}
	return true
}

// order is the calls in a fixed order.
func (w *universe) order() []string {
	ids := make([]string, 0, len(w.board.calls))
	for id := range w.board.calls {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (w *universe) waits(to string, on bool) map[string]bool { return map[string]bool{to: on} }

func (w *universe) invite(who Who, to string, waits bool) bool {
	if c := w.board.glare(who.UserID, []string{to}); c != nil {
		return w.request(c.id, who, evAccept)
	}
	_, refused := w.board.invite(invitation{
		who: who, people: []proto.Person{{ID: who.UserID}, {ID: to}}, video: true, waits: w.waits(to, waits),
	}, w.now)
	return refused == nil
}

func (w *universe) add(id, by, to string, waits bool) bool {
	c := w.board.calls[id]
	w.board.add(c, c.who(by), []proto.Person{{ID: to}}, w.waits(to, waits), proto.CallTerms{}, w.now)
	return true
}

func (w *universe) request(id string, who Who, kind eventKind) bool {
	c := w.board.calls[id]
	p := c.who(who.UserID)
	ev := event{kind: kind, session: who.SessionID, sources: []proto.Source{{Kind: proto.SourceVideo, Muted: c.terms.NoVideo}}}
	switch kind {
	case evAccept:
		return w.board.answer(c, p, who, proto.CallTerms{}, w.now) == nil
	case evJoin:
		l := w.ledger(c)
		if !l.lets(c, p, evJoin) {
			return false
		}
		refused := w.board.enter(c, p, ev, proto.CallTerms{}, w.now)
		l.happened(c, p, evJoin, refused)
		return refused == nil
	}
	return w.event(c, p, ev)
}

// hears says whether an event of a socket is listed for somebody in any call.
func (w *universe) hears(userID string, kind eventKind) bool {
	return slices.ContainsFunc(w.board.byUser[userID], func(c *call) bool {
		_, ok := c.action(c.who(userID), kind)
		return ok
	})
}

func (w *universe) socket(who Who, kind eventKind) bool {
	did := false
	for _, c := range slices.Clone(w.board.byUser[who.UserID]) {
		did = w.event(c, c.who(who.UserID), event{kind: kind, session: who.SessionID}) || did
	}
	return did
}

func (w *universe) event(c *call, p *participant, ev event) bool {
	if _, ok := c.action(p, ev.kind); !ok {
		return false
	}
	l := w.ledger(c)
	if !l.lets(c, p, ev.kind) {
		return false
	}
	refused := w.board.apply(c, p, ev, w.now)
	l.happened(c, p, ev.kind, refused)
	return refused == nil
}

func (w *universe) ledger(c *call) *ledger {
	if w.ledgers[c.id] == nil {
		w.ledgers[c.id] = &ledger{}
	}
	return w.ledgers[c.id]
}

// settle carries out what has come of a deed and says what is wrong. Ended
// calls that owe nothing are forgotten.
func (w *universe) settle() error {
	w.board.dirty = nil
	for _, id := range w.order() {
		c := w.board.calls[id]
		c.unsure = false
		if err := w.ledger(c).carryOut(c); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		if c.phase == proto.PhaseEnded && !slices.ContainsFunc(w.ledgers[id].parties, func(x party) bool { return x.pending > 0 }) {
			delete(w.board.calls, id)
			delete(w.ledgers, id)
		}
	}
	return w.invariants()
}

// invariants are what holds between calls.
func (w *universe) invariants() error {
	in, rung, pairs := map[string]bool{}, map[string]*participant{}, map[[2]string]bool{}
	for id, c := range w.board.calls {
		for i, p := range c.people {
			user := p.person.ID
			switch {
			case p.stage == active && in[user]:
				return fmt.Errorf("%s is in two calls", user)
			case p.stage == invited && rung[user] != nil:
				return fmt.Errorf("%s is rung by two calls", user)
			case p.stage == active:
				in[user] = true
			case p.stage == invited:
				rung[user] = p
			}
			if slices.Contains(w.board.byUser[user], c) != (p.stage != gone) {
				return fmt.Errorf("the index is wrong about %s in %s", user, id)
			}
			for _, q := range c.people[i+1:] {
				pair := [2]string{min(user, q.person.ID), max(user, q.person.ID)}
				if p.stage != active || q.stage != active {
					continue
				}
				if pairs[pair] {
					return fmt.Errorf("%v have two calls", pair)
				}
				pairs[pair] = true
			}
		}
	}
	for user, p := range rung {
		if p.ring.waiting != in[user] {
			return fmt.Errorf("%s is rung, waiting: %t, in a call: %t", user, p.ring.waiting, in[user])
		}
	}
	return nil
}

// ripens holds a state to this: with time alone every call ends or is
// connected with nothing due.
func (w *universe) ripens() error {
	w = w.clone()
	for range 40 {
		if !w.pass() {
			break
		}
		if err := w.settle(); err != nil {
			return err
		}
	}
	for id, c := range w.board.calls {
		if c.phase != proto.PhaseEnded && (c.phase != proto.PhaseConnected || !c.next().IsZero()) {
			return fmt.Errorf("%s stays %s for ever, next at %v", id, c.phase, c.next())
		}
	}
	return nil
}

func (w *universe) history() (out []string) {
	for s := w.came; s != nil; s = s.from {
		out = append(out, s.by)
	}
	slices.Reverse(out)
	return out
}
