package metrics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kinwire/metrics/record"
)

// The samples, as package metrics/record documents them.
type (
	Device       = record.Device
	Path         = record.Path
	LinkSample   = record.LinkSample
	StreamSample = record.StreamSample
	ClientSample = record.ClientSample
	ClientStream = record.ClientStream
)

// ErrNotFound says that there is no record of a call. A Store's LoadRecord
// returns an error that wraps it.
var ErrNotFound = errors.New("no record of this call")

// Row is one record as the store keeps it: what calls are looked for by, and
// the document.
type Row struct {
	CallID             string
	StartedAt, EndedAt time.Time
	Reason             string
	Participants       int
	Video              bool
	DurationMS, TalkMS int64
	Codecs, Paths      []string // in lower case; paths as type/protocol
	Score              float64  // mean opinion score, 1 to 5; 0: nothing was measured
	Verdict            string   // where the trouble was; empty: none
	Document           json.RawMessage
}

// Store keeps records. SaveRecord must be idempotent by call id, as it is
// repeated after an error.
type Store interface {
	SaveRecord(ctx context.Context, r Row) error
	LoadRecord(ctx context.Context, callID string) (Row, error) // ErrNotFound
}

// Exporter hands the record of a call that has ended to somebody else. Export is
// repeated after an error, so the far end may get a record twice. An error that
// wraps ErrRefused ends the attempts; a *RetryError says when to try again.
type Exporter interface {
	Export(ctx context.Context, r Row) error
}

// Export is one place where records go.
type Export struct {
	Name string // label of its metrics: one word, such as webhook
	To   Exporter
}

// ErrRefused says that a record will not be taken, however often it is offered.
var ErrRefused = errors.New("refused for good")

// RetryError says that another attempt makes no sense before After has passed;
// more than an hour is taken as an hour.
type RetryError struct {
	After time.Duration
	Err   error
}

func (e *RetryError) Error() string { return e.Err.Error() }

// Unwrap gives what went wrong.
func (e *RetryError) Unwrap() error { return e.Err }

const maxAfter = time.Hour

// Config holds the Recorder's bounds; a zero field takes its default.
type Config struct {
	Queue       int           // records that wait to be saved, or to be exported to one place; 256
	SaveTimeout time.Duration // for one attempt; 10 s. An export may take twice as long
	BackoffMin  time.Duration // before the second attempt, doubled each time; 200 ms
	BackoffMax  time.Duration // 30 s
	Attempts    int           // after which a record is given up; 20, about 7 minutes
}

// Deps is what the Recorder needs of others.
type Deps struct {
	Store    Store
	Exports  []Export             // where else records go
	Registry *prometheus.Registry // nil: one of its own
	Log      *slog.Logger         // nil: silent
	Now      func() time.Time     // nil: time.Now
}

// ConfigError names a setting that cannot be used.
type ConfigError struct {
	Field, Given, Allowed string
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("metrics: %s is %s; allowed: %s", e.Field, e.Given, e.Allowed)
}

func (c Config) withDefaults() (Config, error) {
	for name, f := range map[string]struct {
		v   *time.Duration
		def time.Duration
	}{
		"SaveTimeout": {&c.SaveTimeout, 10 * time.Second},
		"BackoffMin":  {&c.BackoffMin, 200 * time.Millisecond},
		"BackoffMax":  {&c.BackoffMax, 30 * time.Second},
	} {
		if *f.v < 0 {
			return c, &ConfigError{name, f.v.String(), "0 (default) or more"}
		}
		if *f.v == 0 {
			*f.v = f.def
		}
	}
	for name, f := range map[string]struct {
		v   *int
		def int
	}{"Queue": {&c.Queue, 256}, "Attempts": {&c.Attempts, 20}} {
		if *f.v < 0 {
			return c, &ConfigError{name, fmt.Sprint(*f.v), "0 (default) or more"}
		}
		if *f.v == 0 {
			*f.v = f.def
		}
	}
	if c.BackoffMax < c.BackoffMin {
		return c, &ConfigError{"BackoffMax", c.BackoffMax.String(), "BackoffMin (" + c.BackoffMin.String() + ") or more"}
	}
	return c, nil
}
