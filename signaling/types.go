package signaling

import (
	"time"

	"kinwire/signaling/proto"
)

// Who asks: a person, by one of their sessions.
type Who struct {
	UserID    string
	SessionID string
	Device    proto.Device
}

// Login is a session of package accounts: what a name and a password open.
type Login struct {
	Token     string
	ExpiresAt time.Time
	Person    proto.Person
}
