package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"kinwire/signaling/proto"
)

// AddHistory keeps what people's histories say of a call. A row of the same
// person and call is replaced; rows of people who are no more are left out.
func (s *Store) AddHistory(ctx context.Context, rows []proto.HistoryRow) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		for _, r := range rows {
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO history (person_id, call_id, with_ids, outgoing, video, at, seconds, reason, expires_at)
				SELECT id, $2, $3, $4, $5, $6, $7, $8, $9 FROM people WHERE id = $1
				ON CONFLICT (person_id, call_id) DO UPDATE SET
					with_ids = excluded.with_ids, outgoing = excluded.outgoing, video = excluded.video, at = excluded.at,
					seconds = excluded.seconds, reason = excluded.reason, expires_at = excluded.expires_at`,
				r.PersonID, r.CallID, strings.Join(r.With, " "), flag(r.Outgoing), flag(r.Video),
				toMillis(r.At), r.Seconds, string(r.Reason), toMillis(r.ExpiresAt)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep call history: %w", err)
	}
	return nil
}

// History returns a person's calls before a time, the newest first, at most
// limit.
func (s *Store) History(ctx context.Context, personID string, before time.Time, limit int) ([]proto.HistoryRow, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT call_id, with_ids, outgoing, video, at, seconds, reason, expires_at
		FROM history WHERE person_id = $1 AND at < $2
		ORDER BY at DESC, call_id DESC LIMIT $3`, personID, toMillis(before), limit)
	calls, err := collect(rows, err, func(row scanner) (proto.HistoryRow, error) {
		r := proto.HistoryRow{PersonID: personID}
		var with string
		var at, expires int64
		err := row.Scan(&r.CallID, &with, &r.Outgoing, &r.Video, &at, &r.Seconds, &r.Reason, &expires)
		r.With, r.At, r.ExpiresAt = strings.Fields(with), fromMillis(at), fromMillis(expires)
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("read call history: %w", err)
	}
	return calls, nil
}

// DeleteHistory takes a call out of one person's history; it stays in the
// others'. It returns false if there is no such row.
func (s *Store) DeleteHistory(ctx context.Context, personID, callID string) (bool, error) {
	n, err := affected(s.write.ExecContext(ctx,
		`DELETE FROM history WHERE person_id = $1 AND call_id = $2`, personID, callID))
	if err != nil {
		return false, fmt.Errorf("delete call history: %w", err)
	}
	return n > 0, nil
}

// SweepHistory deletes what has run out at now and returns how many rows
// those were.
func (s *Store) SweepHistory(ctx context.Context, now time.Time) (int64, error) {
	n, err := affected(s.write.ExecContext(ctx, `DELETE FROM history WHERE expires_at <= $1`, toMillis(now)))
	if err != nil {
		return 0, fmt.Errorf("delete old call history: %w", err)
	}
	return n, nil
}
