package store

import (
	"context"
	"fmt"

	"kinwire/signaling/proto"
)

// Settings returns what a person has decided for themselves; false if they
// never have.
func (s *Store) Settings(ctx context.Context, userID string) (proto.Settings, bool, error) {
	var v proto.Settings
	found, err := present(s.read.QueryRowContext(ctx,
		`SELECT presence, last_seen, call_waiting, order_by_talk FROM settings WHERE person_id = $1`, userID).
		Scan(&v.Presence, &v.LastSeen, &v.CallWaiting, &v.OrderByTalk))
	if err != nil {
		return proto.Settings{}, false, fmt.Errorf("read settings: %w", err)
	}
	return v, found, nil
}

// SetSettings keeps what a person has decided.
func (s *Store) SetSettings(ctx context.Context, userID string, v proto.Settings) error {
	_, err := s.write.ExecContext(ctx, `
		INSERT INTO settings (person_id, presence, last_seen, call_waiting, order_by_talk) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (person_id) DO UPDATE SET
			presence = excluded.presence, last_seen = excluded.last_seen,
			call_waiting = excluded.call_waiting, order_by_talk = excluded.order_by_talk`,
		userID, string(v.Presence), string(v.LastSeen), flag(v.CallWaiting), flag(v.OrderByTalk))
	if err != nil {
		return fmt.Errorf("keep settings: %w", err)
	}
	return nil
}
