package consent

import (
	"slices"

	"kinwire/signaling/proto"
)

// event is something that happens to a consent.
type event string

const (
	// Proofs, each of one method or two.
	firstLink  event = "first_link"  // the link of the first e-mail came back
	secondLink event = "second_link" // the link of the second e-mail came back
	handedIn   event = "handed_in"   // a signed form came in
	approved   event = "approved"    // an operator says yes
	refused    event = "refused"     // an operator says no
	passed     event = "passed"      // the check elsewhere says yes
	failed     event = "failed"      // the check elsewhere says no
	// An e-mail that is due is claimed by the node that will send it, and then
	// sent.
	claimed event = "claimed"
	mailed  event = "mailed"
	// What happens to consents of every method.
	withdrawn event = "withdrawn" // a parent takes it back
	ranOut    event = "ran_out"   // nobody finished it in time
	replaced  event = "replaced"  // a newer one for the same child was granted
)

// transitions is the state machine: where an event leads from a state. What
// is not listed does not happen.
var transitions = map[proto.ConsentState]map[event]proto.ConsentState{
	proto.ConsentPending: {
		claimed:   proto.ConsentPending,
		mailed:    proto.ConsentPending,
		firstLink: proto.ConsentWaiting,
		handedIn:  proto.ConsentReview,
		passed:    proto.ConsentGranted,
		failed:    proto.ConsentRefused,
		withdrawn: proto.ConsentWithdrawn,
		ranOut:    proto.ConsentExpired,
	},
	proto.ConsentWaiting: {
		claimed:    proto.ConsentWaiting,
		mailed:     proto.ConsentWaiting,
		secondLink: proto.ConsentGranted,
		withdrawn:  proto.ConsentWithdrawn,
		ranOut:     proto.ConsentExpired,
	},
	proto.ConsentReview: {
		approved:  proto.ConsentGranted,
		refused:   proto.ConsentRefused,
		withdrawn: proto.ConsentWithdrawn,
		ranOut:    proto.ConsentExpired,
	},
	proto.ConsentGranted: {
		withdrawn: proto.ConsentWithdrawn,
		replaced:  proto.ConsentExpired, // done by the store, where the newer one is granted
	},
	proto.ConsentRefused:   {},
	proto.ConsentWithdrawn: {},
	proto.ConsentExpired:   {},
}

// anyMethod are the events that need no method's word.
var anyMethod = []event{withdrawn, ranOut, replaced}

// actions are what the audit log calls an event. One that is not listed is no
// decision.
var actions = map[event]string{
	firstLink: "consent.confirmed", handedIn: "consent.submitted",
	secondLink: "consent.granted", approved: "consent.granted", passed: "consent.granted",
	refused: "consent.refused", failed: "consent.refused",
	withdrawn: "consent.withdrawn", ranOut: "consent.expired", replaced: "consent.replaced",
}

// open are the states in which a consent waits for something.
var open = []proto.ConsentState{proto.ConsentPending, proto.ConsentWaiting, proto.ConsentReview}

func isOpen(c proto.ConsentRow) bool { return slices.Contains(open, c.State) }

// overdue says whether nobody finished c in time, even if nobody has written
// that down yet.
func overdue(c proto.ConsentRow, now int64) bool { return isOpen(c) && now >= c.ExpiresAt }

// dueAt is when the next thing happens by itself to a consent that is open.
func dueAt(c proto.ConsentRow) int64 {
	if c.NextAt > 0 && c.NextAt < c.ExpiresAt {
		return c.NextAt
	}
	return c.ExpiresAt
}

// advance returns c as e makes it, at the time now, by whom; false, and c as
// it was, where e cannot happen to c.
func (m methods) advance(c proto.ConsentRow, e event, by string, now int64) (proto.ConsentRow, bool) {
	to, listed := transitions[c.State][e]
	if !listed {
		return c, false
	}
	is := c
	is.State = to
	if !slices.Contains(anyMethod, e) {
		method, known := m[c.Method]
		if !known || !method.takes(c.State, e) {
			return c, false
		}
		method.decide(&is, e, now)
	}
	if !isOpen(is) {
		is.NextAt, is.ExpiresAt = 0, 0
	}
	switch to {
	case proto.ConsentGranted, proto.ConsentRefused:
		is.DecidedAt, is.DecidedBy = now, by
	case proto.ConsentWithdrawn, proto.ConsentExpired:
		is.EndedAt, is.EndedBy = now, by
	}
	return is, true
}
