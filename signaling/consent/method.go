package consent

import (
	"slices"
	"time"

	"kinwire/signaling/proto"
)

// method is one way in which a parent shows to be one. It neither reads nor
// writes anything: the service keeps the record, checks who is there (the
// token of a link, a signature, an operator's log-in), and asks the method
// what follows.
type method interface {
	// begin fills in the state and the times with which a consent starts.
	begin(c *proto.ConsentRow, now int64)
	// takes says whether e may happen to a consent that is in that state.
	takes(state proto.ConsentState, e event) bool
	// decide fills in the times that follow from e; c is in its new state.
	decide(c *proto.ConsentRow, e event, now int64)
}

// methods are the rules of all methods, offered or not: what was begun with
// one that is not offered any more is finished with it. The demo families'
// method is not among them, so that nothing begins or is granted by it.
type methods map[proto.ConsentMethod]method

func newMethods(delay, lifetime time.Duration) methods {
	due := deadline{lifetime.Milliseconds()}
	return methods{
		proto.MethodEmailPlus:  emailPlus{deadline: due, delay: delay.Milliseconds()},
		proto.MethodSignedForm: signedForm{due},
		proto.MethodVideoCall:  videoCall{due},
		proto.MethodExternal:   external{due},
	}
}

// deadline is how long a consent may wait for a person, in ms.
type deadline struct{ lifetime int64 }

// wait gives c so long from a time on.
func (d deadline) wait(c *proto.ConsentRow, from int64) { c.ExpiresAt = from + d.lifetime }

// taken is the table of what a method takes.
type taken map[proto.ConsentState][]event

func (t taken) takes(state proto.ConsentState, e event) bool { return slices.Contains(t[state], e) }

// emailPlus asks twice by e-mail, with a delay between.
type emailPlus struct {
	deadline
	delay int64 // ms
}

var emailPlusTakes = taken{
	proto.ConsentPending: {claimed, mailed, firstLink},
	proto.ConsentWaiting: {claimed, mailed, secondLink},
}

func (emailPlus) takes(state proto.ConsentState, e event) bool { return emailPlusTakes.takes(state, e) }

func (m emailPlus) begin(c *proto.ConsentRow, now int64) {
	c.State, c.NextAt = proto.ConsentPending, now
	m.wait(c, now)
}

// mailAgain is how long a claim to send an e-mail lasts, in ms: after that
// another try is made, by whoever comes first.
const mailAgain = 5 * 60 * 1000

func (m emailPlus) decide(c *proto.ConsentRow, e event, now int64) {
	switch e {
	case claimed:
		c.NextAt = now + mailAgain
	case mailed:
		c.NextAt = 0
	case firstLink:
		// The parent's time for the second link begins when it is sent.
		c.NextAt = now + m.delay
		m.wait(c, c.NextAt)
	}
}

// signedForm waits for a picture and then for an operator.
type signedForm struct{ deadline }

var signedFormTakes = taken{
	// A form that an operator may be looking at is not changed any more.
	proto.ConsentPending: {handedIn},
	proto.ConsentReview:  {approved, refused},
}

func (signedForm) takes(state proto.ConsentState, e event) bool {
	return signedFormTakes.takes(state, e)
}

func (m signedForm) begin(c *proto.ConsentRow, now int64) {
	c.State = proto.ConsentPending
	m.wait(c, now)
}

func (m signedForm) decide(c *proto.ConsentRow, e event, now int64) {
	if e == handedIn {
		m.wait(c, now)
	}
}

// videoCall waits for an operator, who calls the parent.
type videoCall struct{ deadline }

var videoCallTakes = taken{proto.ConsentReview: {approved, refused}}

func (videoCall) takes(state proto.ConsentState, e event) bool { return videoCallTakes.takes(state, e) }

func (m videoCall) begin(c *proto.ConsentRow, now int64) {
	c.State = proto.ConsentReview
	m.wait(c, now)
}

func (videoCall) decide(*proto.ConsentRow, event, int64) {}

// external waits for the result of a check elsewhere.
type external struct{ deadline }

var externalTakes = taken{proto.ConsentPending: {passed, failed}}

func (external) takes(state proto.ConsentState, e event) bool { return externalTakes.takes(state, e) }

func (m external) begin(c *proto.ConsentRow, now int64) {
	c.State, c.Reference = proto.ConsentPending, newID("x_")
	m.wait(c, now)
}

func (external) decide(*proto.ConsentRow, event, int64) {}
