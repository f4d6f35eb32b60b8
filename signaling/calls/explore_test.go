package calls

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// explorer walks from state to state of a whole board by everything that can
// happen, breadth first, and looks at each state once. Two states are the same
// if nothing that is to come can tell them apart: see key.
type explorer struct {
	t       *testing.T
	people  int
	devices int // of each
	depth   int
	waits   bool // everybody lets a second call wait
	rules   bool // people are added and expelled, and terms change
	one     bool // nobody calls anew: it is about one call
	first   func(w *universe)

	seen      map[string]bool
	connected int // states in which a call is connected
	calls     int // most calls at once
}

// deedOf is one thing that can happen. It says whether anything did.
type deedOf struct {
	name string
	do   func(w *universe) bool
}

// deeds lists all that can be tried in a state.
func (x *explorer) deeds(w *universe) []deedOf {
	all := []deedOf{{"time passes", (*universe).pass}}
	for n := range x.people {
		for d := range x.devices {
			all = append(all, x.ofDevice(w, n, device(n, d))...)
		}
	}
	for id, c := range w.board.calls {
		for i, p := range c.people {
			all = append(all, x.ofMedia(w, id, i, p)...)
		}
		if x.rules && c.phase != proto.PhaseEnded {
			all = append(all, x.ofParents(id, c)...)
		}
	}
	return all
}

// requests are what a device may ask about a call.
var requests = map[string]eventKind{
	"accept": evAccept, "decline": evDecline, "hang up": evHangup, "leave": evLeave, "join": evJoin, "ring": evRinging,
}

// sockets are what may become of a device.
var sockets = map[string]eventKind{"drop": evSocketDown, "resume": evSocketUp, "end": evSocketGone}

func (x *explorer) ofDevice(w *universe, n int, who Who) []deedOf {
	var all []deedOf
	for other := range x.people {
		if other != n && !x.one {
			all = append(all, deedOf{who.SessionID + " invites " + user(other), func(w *universe) bool { return w.invite(who, user(other), x.waits) }})
		}
	}
	for id, c := range w.board.calls {
		p := c.who(who.UserID)
		if p == nil {
			continue
		}
		for name, kind := range requests {
			if _, ok := c.action(p, kind); ok {
				all = append(all, deedOf{who.SessionID + ": " + name + " " + id, func(w *universe) bool { return w.request(id, who, kind) }})
			}
		}
		for other := range x.people {
			if x.rules && p.stage == active && other != n {
				all = append(all, deedOf{who.SessionID + " adds " + user(other), func(w *universe) bool { return w.add(id, who.UserID, user(other), x.waits) }})
			}
		}
	}
	for name, kind := range sockets {
		if !w.hears(who.UserID, kind) {
			continue
		}
		all = append(all, deedOf{who.SessionID + ": " + name, func(w *universe) bool { return w.socket(who, kind) }})
	}
	return all
}

// answers are what the media plane may say of somebody.
var answers = map[string]eventKind{"joined": evJoined, "join failed": evJoinFailed, "link up": evLinkUp, "link down": evLinkDown}

func (x *explorer) ofMedia(w *universe, id string, i int, p *participant) []deedOf {
	var all []deedOf
	c := w.board.calls[id]
	for name, kind := range answers {
		if _, ok := c.action(p, kind); !ok || !w.ledgers[id].lets(c, p, kind) {
			continue
		}
		all = append(all, deedOf{p.person.ID + ": " + name, func(w *universe) bool {
			c := w.board.calls[id]
			return w.event(c, c.people[i], event{kind: kind, sources: []proto.Source{{Kind: proto.SourceVideo}}})
		}})
	}
	return all
}

func (x *explorer) ofParents(id string, c *call) []deedOf {
	terms := func(name string, t proto.CallTerms) deedOf {
		return deedOf{name, func(w *universe) bool {
			if !t.EndsAt.IsZero() {
				t.EndsAt = w.now.Add(time.Minute)
			}
			w.board.agree(w.board.calls[id], t, w.now)
			return true
		}}
	}
	all := []deedOf{
		terms("no rules", proto.CallTerms{}), terms("no video", proto.CallTerms{NoVideo: true}),
		terms("ends", proto.CallTerms{EndsAt: t0, Reason: proto.ReasonAllowance}),
	}
	for _, user := range c.present() {
		all = append(all, deedOf{user + " is expelled", func(w *universe) bool {
			w.board.expel(w.board.calls[id], []removal{{user, proto.ReasonNotAllowed}}, w.now)
			return true
		}})
	}
	return all
}

// run explores and returns the number of states.
func (x *explorer) run() int {
	start := newUniverse()
	if x.first != nil {
		x.first(start)
		require.NoError(x.t, start.settle())
	}
	x.seen = map[string]bool{start.key(): true}
	frontier, transitions, depth := []*universe{start}, 0, 0
	for ; depth < x.depth && len(frontier) > 0; depth++ {
		var next []*universe
		for i, w := range frontier {
			frontier[i] = nil // nobody needs it any more
			for _, deed := range x.deeds(w) {
				n := w.clone()
				if !deed.do(n) {
					continue
				}
				transitions++
				n.came = &step{w.came, deed.name}
				if fresh := x.visit(n); fresh {
					next = append(next, n)
				}
			}
		}
		frontier = next
	}
	x.t.Logf("%d states by %d transitions, %d deep; %d states with a connected call, %d calls at most",
		len(x.seen), transitions, depth, x.connected, x.calls)
	return len(x.seen)
}

func (x *explorer) visit(n *universe) (fresh bool) {
	if err := n.settle(); err != nil {
		require.NoError(x.t, err, "%q", n.history())
	}
	k := n.key()
	if x.seen[k] {
		return false
	}
	x.seen[k] = true
	if err := n.ripens(); err != nil {
		require.NoError(x.t, err, "%q, and then time", n.history())
	}
	x.calls = max(x.calls, len(n.board.calls))
	for _, c := range n.board.calls {
		if c.phase == proto.PhaseConnected {
			x.connected++
			break
		}
	}
	return true
}
