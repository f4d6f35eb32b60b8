package signaling

import (
	"kinwire/signaling/accounts"
	"kinwire/signaling/audit"
	"kinwire/signaling/calls"
	"kinwire/signaling/consent"
	"kinwire/signaling/friends"
	"kinwire/signaling/guardian"
	"kinwire/signaling/mail"
	"kinwire/signaling/oidc"
	"kinwire/signaling/passkey"
	"kinwire/signaling/policy"
	"kinwire/signaling/relay"
	"kinwire/signaling/relay/blobs"
	"kinwire/signaling/relay/groups"
	"kinwire/signaling/reports"
)

// Who asks: a person, by one of their sessions.
type Who = calls.Who

// Login is what a name and a password open.
type Login = accounts.Session

// Known is a friend, with what they let one see.
type Known = friends.Known

// The parts that the server is joined to are made to fit.
var (
	_ calls.Notifier = (*Hub)(nil)
	_ CallRequests   = (*calls.Service)(nil)
	_ CallRings      = (*calls.Service)(nil)
	_ CallState      = (*calls.Service)(nil)
	_ CallSeats      = (*calls.Service)(nil)
	_ CallHistory    = (*calls.Service)(nil)
	_ Accounts       = (*accounts.Service)(nil)
	_ SignUps        = (*accounts.Service)(nil)
	_ LogIns         = (*accounts.Service)(nil)
	_ Profiles       = (*accounts.Service)(nil)
	_ Children       = (*accounts.Service)(nil)
	_ Passkeys       = (*passkey.Service)(nil)
	_ OIDC           = (*oidc.Service)(nil)
	_ Consents       = (*consent.Service)(nil)
	_ Reviews        = (*consent.Service)(nil)
	_ FriendsKnown   = (*friends.Service)(nil)
	_ FriendLists    = (*friends.Service)(nil)
	_ FriendRules    = (*friends.Service)(nil)
	_ Guards         = (*policy.Service)(nil)
	_ Rules          = (*guardian.Service)(nil)
	_ ReportPages    = (*reports.Service)(nil)
	_ Cases          = (*reports.Service)(nil)
	_ Relay          = (*relay.Service)(nil)
	_ ChatDevices    = (*groups.Service)(nil)
	_ ChatGroups     = (*groups.Service)(nil)
	_ ChatBlobs      = (*blobs.Service)(nil)
	_ relay.Notifier = (*Hub)(nil)
	_ Audit          = (*audit.Service)(nil)
	_ Outbox         = (*mail.Outbox)(nil)
)
