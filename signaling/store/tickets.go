package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"time"

	"kinwire/signaling/proto"
)

// AddTicket keeps a one-time token or code of some kind until expires. Only
// its hash is kept. personID is empty where there is no account yet; data is
// for whoever takes the ticket. Adding the same token again replaces what was
// kept with it.
func (s *Store) AddTicket(ctx context.Context, kind, token string, personID, data string, expires time.Time) error {
	_, err := s.write.ExecContext(ctx, `
		INSERT INTO tickets (hash, kind, person_id, data, expires_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (hash) DO UPDATE SET
			person_id = excluded.person_id, data = excluded.data, expires_at = excluded.expires_at`,
		ticketHash(kind, token), kind, personID, data, toMillis(expires))
	if err != nil {
		return fmt.Errorf("add a %s ticket: %w", kind, err)
	}
	return nil
}

// TakeTicket takes a ticket out: of any number who come with the same token at
// once, one gets it. False if there is none, or if it has run out by now.
// Tickets that have run out, of any kind, are deleted on the way.
func (s *Store) TakeTicket(ctx context.Context, kind, token string, now time.Time) (personID, data string, found bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM tickets WHERE expires_at <= $1`, toMillis(now)); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx,
			`DELETE FROM tickets WHERE hash = $1 RETURNING person_id, data`, ticketHash(kind, token)).
			Scan(&personID, &data)
		found, err = present(err)
		return err
	})
	if err != nil {
		return "", "", false, fmt.Errorf("take a %s ticket: %w", kind, err)
	}
	return personID, data, found, nil
}

// SeeTicket returns what is kept with a ticket and leaves it; false if there
// is none, or if it has run out by now.
func (s *Store) SeeTicket(ctx context.Context, kind, token string, now time.Time) (personID, data string, found bool, err error) {
	found, err = present(s.read.QueryRowContext(ctx,
		`SELECT person_id, data FROM tickets WHERE hash = $1 AND expires_at > $2`, ticketHash(kind, token), toMillis(now)).
		Scan(&personID, &data))
	if err != nil {
		return "", "", false, fmt.Errorf("look at a %s ticket: %w", kind, err)
	}
	return personID, data, found, nil
}

// ReplaceTicket is AddTicket for a person who has one ticket of that kind at
// most: those before are worth nothing any more.
func (s *Store) ReplaceTicket(ctx context.Context, kind, token, personID, data string, expires time.Time) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		if err := deleteTickets(ctx, tx, kind, personID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO tickets (hash, kind, person_id, data, expires_at) VALUES ($1, $2, $3, $4, $5)`,
			ticketHash(kind, token), kind, personID, data, toMillis(expires))
		return err
	})
	if err != nil {
		return fmt.Errorf("replace a %s ticket: %w", kind, err)
	}
	return nil
}

// SweepLogins deletes tickets and sessions that have run out by now. Both go
// in passing too; this is for a server where nobody passes.
func (s *Store) SweepLogins(ctx context.Context, now time.Time) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{"tickets", "sessions"} {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE expires_at <= $1`, toMillis(now)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete what has run out: %w", err)
	}
	return nil
}

// useTicket takes a ticket out in the transaction of what it is good for, and
// refuses with unauthenticated if there is none at now.
func useTicket(ctx context.Context, tx *sql.Tx, kind, token string, now time.Time) error {
	n, err := affected(tx.ExecContext(ctx,
		`DELETE FROM tickets WHERE hash = $1 AND expires_at > $2`, ticketHash(kind, token), toMillis(now)))
	if err == nil && n == 0 {
		return refusal(proto.CodeUnauthenticated)
	}
	return err
}

func deleteTickets(ctx context.Context, tx *sql.Tx, kind, personID string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM tickets WHERE person_id = $1 AND kind = $2`, personID, kind)
	return err
}

func ticketHash(kind, token string) string {
	sum := sha256.Sum256([]byte(kind + ":" + token))
	return hex.EncodeToString(sum[:])
}
