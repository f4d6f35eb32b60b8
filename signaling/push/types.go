package push

import (
	"context"
	"log/slog"
	"time"
)

// Config says where wake-ups go. URL and Secret are needed, the rest may be
// zero.
type Config struct {
	// URL of the webhook, http or https. Empty: nobody is woken up.
	URL string
	// Secret signs: "whsec_" and base64, or any other text as it is.
	Secret string
	// TTL is how long a wake-up is worth anything: the time a call rings.
	// 0: 45 s.
	TTL time.Duration
	// MessageTTL is that of one for a message, which can also be read later. 0: an
	// hour.
	MessageTTL time.Duration
	// MessagePause is how long nobody is woken again for another message. 0: 20 s.
	MessagePause time.Duration
	// Timeout is how long one attempt may take. 0: 5 s.
	Timeout time.Duration
	// Pause is the one before the second attempt. It doubles from attempt to
	// attempt up to 16 times as long, each shortened by a random part of up to
	// a half. 0: 500 ms.
	Pause time.Duration
	// Workers is how many requests run at once. 0: 8.
	Workers int
	// Queue is how many wake-ups may wait. 0: 4096.
	Queue int
}

// Deps are the others that a Service works with. Handles is needed.
type Deps struct {
	Handles Handles
	Gone    Gone // nil: dead handles stay
	Log     *slog.Logger
	Now     func() time.Time // nil: time.Now
}

// Handles knows a person's devices that can be woken.
type Handles interface {
	PushHandles(ctx context.Context, userID string) ([]string, error)
}

// Gone is told of a handle that is worth nothing any more.
type Gone interface {
	Forget(ctx context.Context, handle string) error
}

// Stats are counts since the start.
type Stats struct {
	Sent      uint64 // wake-ups that the webhook took
	Retried   uint64 // attempts after the first
	GivenUp   uint64 // wake-ups refused, or not taken in time
	Dropped   uint64 // wake-ups for which there was no room in the queue
	Forgotten uint64 // handles that were gone
}

func (c Config) withDefaults() Config {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	set(&c.TTL, 45*time.Second)
	set(&c.MessageTTL, time.Hour)
	set(&c.MessagePause, 20*time.Second)
	set(&c.Timeout, 5*time.Second)
	set(&c.Pause, 500*time.Millisecond)
	if c.Workers <= 0 {
		c.Workers = 8
	}
	if c.Queue <= 0 {
		c.Queue = 4096
	}
	return c
}
