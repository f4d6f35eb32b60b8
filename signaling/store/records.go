package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Record is the record of one call that has ended.
type Record struct {
	CallID    string
	StartedAt time.Time // UTC, whole milliseconds
	EndedAt   time.Time // UTC, whole milliseconds
	Reason    string    // why it ended
	// Participants is how many people the record tells of.
	Participants int
	// Document is the whole record, kept byte for byte.
	Document json.RawMessage
}

// SaveRecord keeps r. Saving a call again replaces what was kept of it, so a
// writer that is not sure whether it succeeded may simply repeat.
func (s *Store) SaveRecord(ctx context.Context, r Record) error {
	if r.CallID == "" {
		return fmt.Errorf("save a call record: no call id given")
	}
	if !json.Valid(r.Document) {
		return fmt.Errorf("save the record of call %s: its document is not JSON", r.CallID)
	}
	_, err := s.write.ExecContext(ctx, `
		INSERT INTO records (call_id, started_at, ended_at, reason, participants, document)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (call_id) DO UPDATE SET
			started_at = excluded.started_at, ended_at = excluded.ended_at, reason = excluded.reason,
			participants = excluded.participants, document = excluded.document`,
		r.CallID, toMillis(r.StartedAt), toMillis(r.EndedAt), r.Reason, r.Participants, string(r.Document))
	if err != nil {
		return fmt.Errorf("save the record of call %s: %w", r.CallID, err)
	}
	return nil
}

// Record returns the record of a call, or an error that is [ErrNotFound].
func (s *Store) Record(ctx context.Context, callID string) (Record, error) {
	r := Record{CallID: callID}
	var started, ended int64
	var document string
	found, err := present(s.read.QueryRowContext(ctx, `
		SELECT started_at, ended_at, reason, participants, document
		FROM records WHERE call_id = $1`, callID).
		Scan(&started, &ended, &r.Reason, &r.Participants, &document))
	if err != nil {
		return Record{}, fmt.Errorf("read a call record: %w", err)
	}
	if !found {
		return Record{}, fmt.Errorf("read a call record: %w", ErrNotFound)
	}
	r.StartedAt, r.EndedAt, r.Document = fromMillis(started), fromMillis(ended), json.RawMessage(document)
	return r, nil
}

// DeleteRecordsBefore deletes the records of calls that ended before then and
// returns how many those were.
func (s *Store) DeleteRecordsBefore(ctx context.Context, endedBefore time.Time) (int64, error) {
	n, err := affected(s.write.ExecContext(ctx,
		`DELETE FROM records WHERE ended_at < $1`, toMillis(endedBefore)))
	if err != nil {
		return 0, fmt.Errorf("delete old call records: %w", err)
	}
	return n, nil
}
