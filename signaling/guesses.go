package signaling

import (
	"net/netip"
	"time"
)

// cost says what a request to a page costs: the network that it comes from, or
// the person who asks.
type cost int

const (
	free   cost = iota
	guess       // a try at a password, a token or a code; paid back when it was right
	start       // it sends an e-mail or keeps something for somebody unknown; never paid back
	change      // every device of a conversation hears of it, or something is kept
	octets      // a chunk of an attachment, one way or the other
	probe       // a check of the network, which takes something of the media plane for a while; never paid back
	step        // one step of such a check; never paid back
)

const (
	// A network may be wrong guessBurst times at once, and then once each
	// guessEvery: enough for a school behind one address, too little for a list
	// of passwords. The accounts slow each account besides.
	guessBurst = 20
	guessEvery = 6 * time.Second
	// A person makes a conversation, adds somebody or begins an upload a few
	// times a minute; what a new device has to do in all its conversations at
	// once fits into the burst.
	changeBurst = 120
	changeEvery = 250 * time.Millisecond
	// Chunks of 1 MiB at 20 a second fill a fast line.
	chunkBurst = 128
	chunkEvery = 50 * time.Millisecond
	// A network may be checked so often: a few tries, or a few people of one
	// house at once.
	probeBurst = 6
	probeEvery = 10 * time.Second
	// Each of them tries a handful of connections.
	stepBurst = 48
	stepEvery = time.Second
)

// costs has the pages that cost something, by proto.Endpoint.ID; the others
// are free. Each cost has a throttle of its own, so that many sign-ups from one
// house do not keep anybody there from logging in.
var costs = map[string]cost{
	"signup-parent":       start,
	"signup-self":         start,
	"password-forgot":     start,
	"passkey-login-begin": start,

	"signup-confirm":   guess,
	"password-reset":   guess,
	"password-change":  guess,
	"login-code":       guess,
	"login-ticket":     guess,
	"passkey-login":    guess,
	"consent-confirm":  guess,
	"consent-external": guess,
	"friend-ask":       guess,
	"guardian-add":     guess,

	"chat-device-new":     change,
	"chat-keys-add":       change,
	"chat-keys-take":      change,
	"conversation-new":    change,
	"conversation-leave":  change,
	"conversation-commit": change,
	"attachment-new":      change,

	"attachment-chunk-put": octets,
	"attachment-chunk":     octets,

	"netcheck":       probe,
	"netcheck-offer": step,
	"netcheck-end":   step,
}

// whose says who pays a cost.
func whose(c cost) string {
	if c == change || c == octets {
		return "account"
	}
	return "network"
}

// pay takes what a page costs. It gives a function that pays it back or, when
// the network or the person has spent too much, how long they have to wait.
func (s *Server) pay(c cost, from netip.Prefix, personID string) (payBack func(), wait time.Duration, ok bool) {
	ok = true
	switch c {
	case guess:
		wait, ok = s.throttle.take(from)
		return func() { s.throttle.giveBack(from) }, wait, ok
	case start:
		wait, ok = s.starts.take(from)
	case change:
		wait, ok = s.changes.take(personID)
	case octets:
		wait, ok = s.chunks.take(personID)
	case probe:
		wait, ok = s.probes.take(from)
	case step:
		wait, ok = s.steps.take(from)
	}
	return func() {}, wait, ok
}
