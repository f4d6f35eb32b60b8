package audit

import (
	"context"
	"fmt"
	"slices"

	"kinwire/signaling/proto"
)

// pageSize is how many entries are in memory at once while a log is checked.
const pageSize = 500

// Report is what a check of a log found.
type Report struct {
	Entries  int64  // how many follow from one another, from the first on
	LastSeq  int64  // the number of the last of those
	LastHash string // its hash; empty in an empty log
	// Broken is where the chain does not hold; nil: it holds.
	Broken *Break
	// Unknown are those of the hashes given to Verify that no sound entry
	// has. They were in the log once, so it was cut off or written anew.
	Unknown []string
}

// Sound reports whether the whole log holds and every known hash is in it.
func (r Report) Sound() bool { return r.Broken == nil && len(r.Unknown) == 0 }

// Break is the first place where a chain does not hold.
type Break struct {
	Seq int64  // the number of the entry that is wrong or missing
	Why string // in words
}

// Verify reads the whole log from the first entry on, a page at a time, and
// stops at the first place where it does not hold. known are hashes that an
// earlier check printed; they must be in the log. An error is a failure to
// read; a log that does not hold is a [Report].
func Verify(ctx context.Context, source Source, known ...string) (Report, error) {
	c := &check{unknown: slices.Clone(known)}
	// Read before the entries: what is appended meanwhile comes after it.
	var err error
	if c.headSeq, c.headHash, err = source.AuditHead(ctx); err != nil {
		return Report{}, fmt.Errorf("verify the audit log: %w", err)
	}
	for c.broken == nil {
		page, err := source.AuditAfter(ctx, c.seq, pageSize)
		if err != nil {
			return Report{}, fmt.Errorf("verify the audit log: %w", err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if !c.follow(e) {
				break
			}
		}
	}
	if c.broken == nil {
		seq, hash, err := source.AuditHead(ctx)
		if err != nil {
			return Report{}, fmt.Errorf("verify the audit log: %w", err)
		}
		c.end(seq, hash)
	}
	return Report{Entries: c.seq, LastSeq: c.seq, LastHash: c.hash, Broken: c.broken, Unknown: c.unknown}, nil
}

// check is how far a check has come.
type check struct {
	seq      int64 // of the last sound entry
	hash     string
	headSeq  int64 // as the head was at the start
	headHash string
	unknown  []string
	broken   *Break
}

// follow takes the next entry; false if it does not follow.
func (c *check) follow(e proto.AuditEntry) bool {
	want := c.seq + 1
	switch {
	case e.Seq != want:
		c.broken = &Break{Seq: want, Why: fmt.Sprintf("it is missing: the next one is %d", e.Seq)}
	case e.Hash != Hash(c.hash, e):
		c.broken = &Break{Seq: want, Why: "its hash does not fit: the entry was changed, or it is not the one that followed the entry before"}
	case e.Seq == c.headSeq && e.Hash != c.headHash:
		c.broken = &Break{Seq: want, Why: "its hash is not the one that the log's head has for it"}
	default:
		c.seq, c.hash = e.Seq, e.Hash
		c.unknown = slices.DeleteFunc(c.unknown, func(h string) bool { return h == e.Hash })
		return true
	}
	return false
}

// end compares the last entry with the head: seq and hash are of the head as
// it is after the last entry was read, so it can only be further on.
func (c *check) end(seq int64, hash string) {
	switch {
	case c.seq < c.headSeq:
		c.broken = &Break{Seq: c.seq + 1, Why: fmt.Sprintf("it is missing: the log's head is at %d", c.headSeq)}
	case c.seq > seq:
		c.broken = &Break{Seq: seq + 1, Why: fmt.Sprintf("it was slipped in: the log's head is at %d", seq)}
	case c.seq == seq && c.hash != hash:
		c.broken = &Break{Seq: c.seq, Why: "its hash is not the one that the log's head has for it"}
	}
}
