package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"kinwire/signaling/proto"
)

// SetPassword sets somebody's password hash; their sessions go on.
func (s *Store) SetPassword(ctx context.Context, userID, passwordHash string) error {
	err := s.tx(ctx, func(tx *sql.Tx) error { return setPassword(ctx, tx, userID, passwordHash) })
	if err != nil {
		return fmt.Errorf("set a password: %w", err)
	}
	return nil
}

// ReplacePassword sets somebody's password hash and ends their sessions but
// the one with the token hash except. It returns the token hashes of those
// that ended.
func (s *Store) ReplacePassword(ctx context.Context, userID, passwordHash, except string) (ended []string, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		if err := setPassword(ctx, tx, userID, passwordHash); err != nil {
			return err
		}
		ended, err = endSessions(ctx, tx, userID, except)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("replace a password: %w", err)
	}
	return ended, nil
}

// ResetPassword uses up a reset ticket, sets the password hash of its person
// and ends all of their sessions. False, and nothing done, if there is no such
// ticket at now.
func (s *Store) ResetPassword(ctx context.Context, token, passwordHash string, now time.Time) (userID string, ended []string, found bool, err error) {
	refused, err := s.decide(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT person_id FROM tickets WHERE hash = $1`, ticketHash(proto.TicketReset, token)).Scan(&userID)
		if _, err = present(err); err != nil {
			return err
		}
		if err := useTicket(ctx, tx, proto.TicketReset, token, now); err != nil {
			return err
		}
		if err := setPassword(ctx, tx, userID, passwordHash); err != nil {
			return err
		}
		ended, err = endSessions(ctx, tx, userID, "")
		return err
	})
	if err != nil {
		return "", nil, false, fmt.Errorf("reset a password: %w", err)
	}
	if refused != "" {
		return "", nil, false, nil
	}
	return userID, ended, true, nil
}

// setPassword makes what was mailed to set a password worth nothing any more.
func setPassword(ctx context.Context, tx *sql.Tx, userID, passwordHash string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE logins SET password = $2 WHERE person_id = $1`, userID, passwordHash); err != nil {
		return err
	}
	return deleteTickets(ctx, tx, proto.TicketReset, userID)
}
