package groups

import (
	"context"
	"log/slog"
	"time"

	"kinwire/signaling/proto"
)

// Config bounds conversations. What is 0 has the default that is named.
type Config struct {
	// Suites are the MLS cipher suites that devices may use, the best first; 1,
	// which every MLS implementation has.
	Suites      []int64
	KeyPackages int64 // of a device and suite; 20
	MaxPeople   int64 // in a conversation; 16
	MaxDevices  int64 // of a person; 5
	MaxCommit   int64 // bytes of a commit, of a Welcome, and of a GroupInfo; 1 MiB
	// Retention is how long commits and welcomes wait for a device; 15 days.
	Retention time.Duration
	// DeviceIdle is after how long without a sign of life a device is removed;
	// 30 days.
	DeviceIdle    time.Duration
	SweepInterval time.Duration // between two rounds of the sweeper; 5 minutes

	// What Info tells besides: what others hold to.
	MaxBody, MaxAttachment, ChunkBytes int64
	AttachmentTypes                    []string

	Takes     Rate // of key packages, by one person; 120, one more each 10 s
	TakesOf   Rate // of single-use ones, by one person of another; 5, one more each hour
	Starts    Rate // of conversations, by one person; 30, one more each minute
	Commits   Rate // by one person; 120, one more each 2 s
	Anew      Rate // new generations of one conversation; 3, one more each hour
	NewDevice Rate // by one person; 10, one more each 10 minutes
}

// Rate allows so many at once, and one more each time that has passed.
type Rate struct {
	Burst int
	Every time.Duration
}

func (c Config) withDefaults() Config {
	if len(c.Suites) == 0 {
		c.Suites = []int64{1}
	}
	or(&c.KeyPackages, 20)
	or(&c.MaxPeople, 16)
	c.MaxPeople = min(c.MaxPeople, mostPeople)
	or(&c.MaxDevices, 5)
	or(&c.MaxCommit, 1<<20)
	or(&c.Retention, 15*24*time.Hour)
	or(&c.DeviceIdle, 30*24*time.Hour)
	or(&c.SweepInterval, 5*time.Minute)
	orRate(&c.Takes, Rate{120, 10 * time.Second})
	orRate(&c.TakesOf, Rate{5, time.Hour})
	orRate(&c.Starts, Rate{30, time.Minute})
	orRate(&c.Commits, Rate{120, 2 * time.Second})
	orRate(&c.Anew, Rate{3, time.Hour})
	orRate(&c.NewDevice, Rate{10, 10 * time.Minute})
	return c
}

// mostPeople is how many a request can name, with whoever makes it.
const mostPeople = 32

func or[T int64 | time.Duration](v *T, otherwise T) {
	if *v <= 0 {
		*v = otherwise
	}
}

func orRate(v *Rate, otherwise Rate) {
	if v.Burst <= 0 || v.Every <= 0 {
		*v = otherwise
	}
}

// Store remembers; its methods are those of package store, which says what each
// does.
type Store interface {
	Devices
	Keys
	Rooms
	Loose
}

// Deps is what groups need of others.
type Deps struct {
	Policy   Policy
	Sealer   Sealer
	Hints    Hints
	Notifier Notifier
	Log      *slog.Logger
}

// Policy says who may be in a conversation with whom. A refusal is a
// *proto.Error.
type Policy interface {
	// Correspond asks whether every pair of ids may. asker is one of them, or
	// empty where nobody asks.
	Correspond(ctx context.Context, asker string, ids []string) error
	// CorrespondEach asks it about several conversations.
	CorrespondEach(ctx context.Context, asker string, conversations [][]string) ([]error, error)
	// Attach asks whether all of ids may get and send attachments.
	Attach(ctx context.Context, ids []string) error
	// Part says who of ids, in the order in which they came, has to leave so
	// that the others may stay.
	Part(ctx context.Context, ids []string) (leave []string, err error)
}

// Sealer encrypts with a key that is not in the database.
type Sealer interface {
	Seal(aad, body []byte) ([]byte, error)
	Open(aad, sealed []byte) ([]byte, error)
}

// Hints tells the relay where to look. Neither blocks.
type Hints interface {
	Look(devices ...proto.ChatReceiver) // there is something new in their queues
	Detach(deviceIDs ...string)         // they have been removed
}

// Notifier reaches all sessions of a person. It does not block.
type Notifier interface {
	ToUser(userID, typ string, data any)
}
