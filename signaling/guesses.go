package signaling

import (
	"net/netip"
	"time"
)

// cost says what a request to a page costs the network that it comes from.
type cost int

const (
	free  cost = iota
	guess      // a try at a password, a token or a code; paid back when it was right
	start      // it sends an e-mail or keeps something for somebody unknown; never paid back
)

// costs has the pages that cost something, by proto.Endpoint.ID; the others
// are free. Guesses and starts have a throttle each, so that many sign-ups from
// one house do not keep anybody there from logging in.
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
}

// pay takes what a page costs. It gives a function that pays it back or, when
// the network has spent too much, how long it has to wait.
func (s *Server) pay(c cost, from netip.Prefix) (payBack func(), wait time.Duration, ok bool) {
	switch c {
	case guess:
		wait, ok = s.throttle.take(from)
		return func() { s.throttle.giveBack(from) }, wait, ok
	case start:
		wait, ok = s.starts.take(from)
	default:
		ok = true
	}
	return func() {}, wait, ok
}
