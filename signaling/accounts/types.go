package accounts

import (
	"time"

	"kinwire/signaling/proto"
)

// Config is what an operator may set.
type Config struct {
	// SessionLifetime is how long a log-in lasts.
	SessionLifetime time.Duration
	// Argon2 is the cost of a password hash; the zero value means
	// [DefaultArgon2].
	Argon2 Argon2
}

// Argon2 is the cost of one argon2id hash (RFC 9106).
type Argon2 struct {
	MemoryKiB   uint32 // memory for one hash, in KiB
	Iterations  uint32 // passes over it
	Parallelism uint8  // lanes
}

// DefaultArgon2 is what OWASP's password storage cheat sheet asks for at
// least: 19 MiB, two passes, one lane.
func DefaultArgon2() Argon2 { return Argon2{MemoryKiB: 19 * 1024, Iterations: 2, Parallelism: 1} }

// Session is what a log-in gives.
type Session struct {
	Token     string // for hello and for the Authorization header; shown once, kept nowhere
	ExpiresAt time.Time
	Person    proto.Person
}

// DemoLogin is a log-in that [Service.SeedDemo] has made.
type DemoLogin struct {
	Login    string
	Password string
	Name     string
	Avatar   string
	Family   string
	Role     string
}
