package blobs

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"kinwire/signaling/proto"
)

// Config is what an operator may set. Sizes are in bytes.
type Config struct {
	MaxSize    int64 // of one attachment
	ChunkBytes int64
	PerPerson  int64 // of all that a person has uploaded and not everybody has fetched
	// PerPersonCount is how many those may be; 0 is 1000.
	PerPersonCount int64
	Retention      time.Duration // at most this long after the upload began
	// Unsent is how long an upload may wait for its message; 0 is three days.
	// It cannot be more than Retention.
	Unsent time.Duration
	// SweepEvery is how often rows are looked at; 0 is ten minutes.
	SweepEvery time.Duration
	// OrphansEvery is how often the bucket is listed for bytes without a row;
	// 0 is six hours.
	OrphansEvery time.Duration
}

const (
	defaultCount   = 1000
	defaultUnsent  = 72 * time.Hour
	defaultSweep   = 10 * time.Minute
	defaultOrphans = 6 * time.Hour
	maxChunks      = 10_000 // of one attachment: their numbers are listed in one answer
	sweepBatch     = 500
)

func (c Config) checked() (Config, error) {
	orElse(&c.PerPersonCount, defaultCount)
	orElse(&c.SweepEvery, defaultSweep)
	orElse(&c.OrphansEvery, defaultOrphans)
	orElse(&c.Unsent, min(defaultUnsent, c.Retention))
	for _, size := range []struct {
		name  string
		value int64
	}{
		{"the largest attachment", c.MaxSize}, {"a chunk", c.ChunkBytes}, {"what a person may have", c.PerPerson},
		{"the number a person may have", c.PerPersonCount}, {"retention", int64(c.Retention)}, {"unsent", int64(c.Unsent)},
		{"sweep every", int64(c.SweepEvery)}, {"orphans every", int64(c.OrphansEvery)},
	} {
		if size.value <= 0 {
			return c, fmt.Errorf("blobs: %s is %d: it must be more than 0", size.name, size.value)
		}
	}
	if c.PerPerson < c.MaxSize {
		return c, fmt.Errorf("blobs: a person may have %d bytes, and one attachment %d: no such attachment could be sent", c.PerPerson, c.MaxSize)
	}
	if n := chunksOf(c.MaxSize, c.ChunkBytes); n > maxChunks {
		return c, fmt.Errorf("blobs: an attachment of %d bytes has %d chunks of %d bytes: at most %d are allowed", c.MaxSize, n, c.ChunkBytes, maxChunks)
	}
	if c.Unsent > c.Retention {
		return c, fmt.Errorf("blobs: an upload may wait %s for its message, and is deleted after %s", c.Unsent, c.Retention)
	}
	return c, nil
}

func orElse[T comparable](v *T, otherwise T) {
	var none T
	if *v == none {
		*v = otherwise
	}
}

// chunksOf is into how many chunks size goes.
func chunksOf(size, chunk int64) int64 { return (size-1)/chunk + 1 }

// Store remembers attachments.
type Store interface {
	// ChatPeople returns who is in a conversation; none if there is none.
	ChatPeople(ctx context.Context, conversationID string) ([]string, error)
	// AddAttachment returns false if the owner would be over the quota, and
	// what they have.
	AddAttachment(ctx context.Context, a proto.AttachmentRow, quota proto.AttachmentQuota) (had proto.AttachmentQuota, added bool, err error)
	Attachment(ctx context.Context, id, personID string) (a proto.AttachmentRow, found bool, err error)
	// AddChunk returns false if the attachment is gone.
	AddChunk(ctx context.Context, id string, n, size int64) (there bool, err error)
	// DropAttachment gives up one's own unsent upload, or the grant of one's
	// device; gone: the attachment is gone with it.
	DropAttachment(ctx context.Context, id, personID, deviceID string) (dropped, gone bool, err error)
	// SweepAttachments deletes at most limit for each reason.
	SweepAttachments(ctx context.Context, now, unsent time.Time, limit int) (proto.AttachmentsSwept, error)
	// UnknownAttachments returns those of the ids that are no attachments.
	UnknownAttachments(ctx context.Context, ids []string) ([]string, error)
}

// Bucket keeps the bytes of chunks. Ids are of the form that Begin makes,
// numbers are from 0.
type Bucket interface {
	// Put keeps a chunk, in place of one with the same number. When it
	// returns, the chunk is there whole, or not at all.
	Put(ctx context.Context, id string, n int64, chunk []byte) error
	// Get returns a chunk; the error is fs.ErrNotExist if there is none.
	Get(ctx context.Context, id string, n int64) ([]byte, error)
	// Delete deletes all chunks of an attachment. None is no error.
	Delete(ctx context.Context, id string) error
	// IDs lists the attachments of which something is there, each once, in no
	// order. What is put or deleted meanwhile may or may not be among them.
	IDs(ctx context.Context) iter.Seq2[string, error]
}

// Policy says who may send what to whom.
type Policy interface {
	// Correspond is nil if every two of these people may write to each other.
	Correspond(ctx context.Context, asker string, ids []string) error
	// Attach is nil if all of them may send and get attachments.
	Attach(ctx context.Context, ids []string) error
}

// Deps is what the service needs of its neighbours.
type Deps struct {
	Policy Policy
	Log    *slog.Logger
}
