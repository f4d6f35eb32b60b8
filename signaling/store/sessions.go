package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"kinwire/signaling/proto"
)

// AddSession signs a device in until expires. Sessions that have run out by
// created, of anybody, are deleted on the way: a sign-in is rare and the
// table needs no other sweeper.
func (s *Store) AddSession(ctx context.Context, tokenHash, userID string, d proto.Device, created, expires time.Time) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx,
			`DELETE FROM sessions WHERE expires_at <= $1`, toMillis(created)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO sessions (token_hash, person_id, device_model, device_os, device_app, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			tokenHash, userID, d.Model, d.OS, d.App, toMillis(created), toMillis(expires))
		return err
	})
	if err != nil {
		return fmt.Errorf("add a session: %w", err)
	}
	return nil
}

// SessionPerson returns the active person whose session has that token hash
// and has not run out at now; false if there is none.
func (s *Store) SessionPerson(ctx context.Context, tokenHash string, now time.Time) (proto.Person, bool, error) {
	p, found, err := scanPerson(s.read.QueryRowContext(ctx, `
		SELECT `+personColumns+`
		FROM sessions JOIN people ON people.id = sessions.person_id
		WHERE sessions.token_hash = $1 AND sessions.expires_at > $2 AND people.state = 'active'`,
		tokenHash, toMillis(now)))
	if err != nil {
		return proto.Person{}, false, fmt.Errorf("look up a session: %w", err)
	}
	return p, found, nil
}

// DeleteSession signs a device out. It is no error if there is no such
// session.
func (s *Store) DeleteSession(ctx context.Context, tokenHash string) error {
	if _, err := s.write.ExecContext(ctx,
		`DELETE FROM sessions WHERE token_hash = $1`, tokenHash); err != nil {
		return fmt.Errorf("delete a session: %w", err)
	}
	return nil
}
