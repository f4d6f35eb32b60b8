package relay

import (
	"context"
	"log/slog"
	"time"

	"kinwire/signaling/proto"
)

// Config bounds the relay. What is 0 has the default that is named.
type Config struct {
	MaxBody       int           // of one message, in bytes; 65536
	Retention     time.Duration // how long a message waits at most; 15 days
	QueueMessages int64         // of one device; 10000
	QueueBytes    int64         // of one device; 32 MiB
	SendRate      float64       // messages a second of one person; 10
	SendBurst     int           // 100
	SignalRate    float64       // signals a second of one person; 5
	SignalBurst   int           // 20
	Window        int           // deliveries to a device that are not acknowledged; 64
	WindowBytes   int64         // and their bytes; 512 KiB
	Workers       int           // that read queues; 4
	SweepInterval time.Duration // between two rounds of the sweeper; 5 minutes
	SweepBatch    int           // how many messages expire in one go; 500
	ScrubInterval time.Duration // how long what was deleted stays in the store's log at most; 10 s
	TellInterval  time.Duration // how long receipts are gathered; 50 ms
}

func (c Config) withDefaults() Config {
	orInt(&c.MaxBody, 65536)
	orInt(&c.Retention, 15*24*time.Hour)
	orInt(&c.QueueMessages, 10_000)
	orInt(&c.QueueBytes, 32<<20)
	orInt(&c.SendRate, 10)
	orInt(&c.SendBurst, 100)
	orInt(&c.SignalRate, 5)
	orInt(&c.SignalBurst, 20)
	orInt(&c.Window, 64)
	orInt(&c.WindowBytes, 512<<10)
	orInt(&c.Workers, 4)
	orInt(&c.SweepInterval, 5*time.Minute)
	orInt(&c.SweepBatch, 500)
	orInt(&c.ScrubInterval, 10*time.Second)
	orInt(&c.TellInterval, 50*time.Millisecond)
	return c
}

func orInt[T int | int64 | float64 | time.Duration](v *T, otherwise T) {
	if *v <= 0 {
		*v = otherwise
	}
}

// Deps is what the relay needs of others.
type Deps struct {
	Policy   Policy
	Sealer   Sealer
	Franker  Franker
	Notifier Notifier
	// Wake is told of a person for whom something has come and who has no device
	// that is connected. It may block for a moment, and may be nil.
	Wake func(userID string)
	Log  *slog.Logger
}

// Policy says who may write to whom. A refusal is a *proto.Error.
type Policy interface {
	// Correspond asks whether every pair of these people may.
	Correspond(ctx context.Context, asker string, ids []string) error
	// Attach asks whether all of them may get and send attachments.
	Attach(ctx context.Context, ids []string) error
}

// Sealer encrypts bodies with a key that is not in the database.
type Sealer interface {
	Seal(aad, body []byte) ([]byte, error)
	Open(aad, sealed []byte) ([]byte, error)
}

// Franker makes the server's tag on a message, which binds the sender's
// commitment to sender, conversation and time.
type Franker interface {
	Tag(commitment []byte, senderID, conversationID string, seq, at int64) []byte
}

// Notifier reaches sessions. It does not block.
type Notifier interface {
	ToSession(sessionID, typ string, data any)
	Online(userID string) bool
}

// Stats counts since the relay was made.
type Stats struct {
	Taken      int64 // messages accepted
	Again      int64 // sends that were repeats
	Delivered  int64 // deliveries handed to sessions, repeats included
	Acked      int64 // deliveries acknowledged
	Signals    int64 // passed on
	Unopened   int64 // deliveries whose seal does not open, or that cannot be read
	Lost       int64 // pairs of a message and a person whom it did not reach in time
	Expired    map[proto.DeliveryKind]int64
	Refused    map[proto.Code]int64 // sends
	Attached   int                  // devices now
	Backlog    int                  // of these, how many wait for a worker
	Unackd     int                  // deliveries in all windows
	ScrubFails int64
}
