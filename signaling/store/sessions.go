package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"kinwire/signaling/proto"
)

// AddSession signs a device in until expires. Sessions that have run out by
// created, of anybody, are deleted on the way.
func (s *Store) AddSession(ctx context.Context, tokenHash, userID string, d proto.Device, created, expires time.Time) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx,
			`DELETE FROM sessions WHERE expires_at <= $1`, toMillis(created)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO sessions (token_hash, id, person_id, device_model, device_os, device_app, created_at, seen_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)`,
			tokenHash, "s_"+strings.ToLower(rand.Text()), userID, d.Model, d.OS, d.App, toMillis(created), toMillis(expires))
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

// LoginSessions lists somebody's sessions that have not run out at now: the
// one with the token hash current first, then the most recently used.
func (s *Store) LoginSessions(ctx context.Context, userID, current string, now time.Time) (all []proto.LoginSession, err error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT id, device_model, device_os, device_app, created_at, seen_at, token_hash = $2
		FROM sessions WHERE person_id = $1 AND expires_at > $3
		ORDER BY token_hash = $2 DESC, seen_at DESC, id`, userID, current, toMillis(now))
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	all = []proto.LoginSession{}
	for rows.Next() {
		var l proto.LoginSession
		if err := rows.Scan(&l.ID, &l.Device.Model, &l.Device.OS, &l.Device.App, &l.CreatedAt, &l.LastSeenAt, &l.Current); err != nil {
			return nil, fmt.Errorf("list sessions: %w", err)
		}
		all = append(all, l)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return all, nil
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

// EndSession ends one of somebody's sessions by its id and returns its token
// hash; false if they have none of that id.
func (s *Store) EndSession(ctx context.Context, userID, id string) (tokenHash string, found bool, err error) {
	found, err = present(s.write.QueryRowContext(ctx,
		`DELETE FROM sessions WHERE person_id = $1 AND id = $2 RETURNING token_hash`, userID, id).Scan(&tokenHash))
	if err != nil {
		return "", false, fmt.Errorf("end a session: %w", err)
	}
	return tokenHash, found, nil
}

// EndSessions ends all of somebody's sessions but the one with the token hash
// except, and returns the token hashes of those that ended.
func (s *Store) EndSessions(ctx context.Context, userID, except string) (ended []string, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		ended, err = endSessions(ctx, tx, userID, except)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("end sessions: %w", err)
	}
	return ended, nil
}

func endSessions(ctx context.Context, tx *sql.Tx, userID, except string) ([]string, error) {
	return texts(tx.QueryContext(ctx,
		`DELETE FROM sessions WHERE person_id = $1 AND token_hash <> $2 RETURNING token_hash`, userID, except))
}

// Seen notes that a person, and the session with that token hash if there is
// one of theirs, is here at now. An earlier time never replaces a later one.
func (s *Store) Seen(ctx context.Context, userID, tokenHash string, now time.Time) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx,
			`UPDATE people SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2`, userID, toMillis(now)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			UPDATE sessions SET seen_at = $3 WHERE token_hash = $2 AND person_id = $1 AND seen_at < $3`,
			userID, tokenHash, toMillis(now))
		return err
	})
	if err != nil {
		return fmt.Errorf("note that somebody is here: %w", err)
	}
	return nil
}

// SetPushHandle keeps by which handle a device can be woken; an empty one
// unsets. A handle is one device's: whoever was signed in there before is not
// woken by it any more. False if there is no session with that token hash.
func (s *Store) SetPushHandle(ctx context.Context, tokenHash, handle string) (found bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		if handle != "" {
			if _, err := tx.ExecContext(ctx,
				`UPDATE sessions SET push_handle = '' WHERE push_handle = $1 AND token_hash <> $2`, handle, tokenHash); err != nil {
				return err
			}
		}
		n, err := affected(tx.ExecContext(ctx, `UPDATE sessions SET push_handle = $2 WHERE token_hash = $1`, tokenHash, handle))
		found = n > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("keep a push handle: %w", err)
	}
	return found, nil
}

// PushHandles returns by which handles an active person's devices can be
// woken at now.
func (s *Store) PushHandles(ctx context.Context, userID string, now time.Time) ([]string, error) {
	handles, err := texts(s.read.QueryContext(ctx, `
		SELECT DISTINCT push_handle FROM sessions JOIN people ON people.id = sessions.person_id
		WHERE sessions.person_id = $1 AND push_handle <> '' AND expires_at > $2 AND people.state = 'active'
		ORDER BY push_handle`, userID, toMillis(now)))
	if err != nil {
		return nil, fmt.Errorf("list push handles: %w", err)
	}
	return handles, nil
}
