package signaling

import (
	"kinwire/signaling/accounts"
	"kinwire/signaling/calls"
)

// Who asks: a person, by one of their sessions.
type Who = calls.Who

// Login is what a name and a password open.
type Login = accounts.Session

// The parts that the server is joined to are made to fit.
var (
	_ calls.Notifier = (*Hub)(nil)
	_ CallRequests   = (*calls.Service)(nil)
	_ CallState      = (*calls.Service)(nil)
	_ CallSeats      = (*calls.Service)(nil)
	_ Accounts       = (*accounts.Service)(nil)
)
