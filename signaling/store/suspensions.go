package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"kinwire/signaling/proto"
)

// suspendPerson shuts an account, open or shut before, unless it is one of the
// staff's; its sessions go. It returns their token hashes, and false if there
// is no account that could be shut.
func suspendPerson(ctx context.Context, tx *sql.Tx, p proto.Suspension) (ended []string, done bool, err error) {
	n, err := affected(tx.ExecContext(ctx,
		`UPDATE people SET state = 'suspended' WHERE id = $1 AND role <> 'staff'`, p.PersonID))
	if err != nil || n == 0 {
		return nil, false, err
	}
	// Not only marked: an account that is restored begins signed out.
	ended, err = texts(tx.QueryContext(ctx, `DELETE FROM sessions WHERE person_id = $1 RETURNING token_hash`, p.PersonID))
	if err != nil {
		return nil, false, fmt.Errorf("end the sessions: %w", err)
	}
	for _, mark := range p.Marks {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO suspensions (mark, person_id, report_id, since, until) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (mark, person_id) DO UPDATE SET report_id = excluded.report_id, until = excluded.until`,
			mark, p.PersonID, p.ReportID, toMillis(p.Since), toMillis(p.Until))
		if err != nil {
			return nil, false, fmt.Errorf("keep the marks: %w", err)
		}
	}
	return ended, true, noteSuspension(ctx, tx, "suspended", p)
}

func noteSuspension(ctx context.Context, tx *sql.Tx, action string, p proto.Suspension) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO suspension_notes (person_id, action, operator, report_id, note, at, until) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (person_id) DO UPDATE SET action = excluded.action, operator = excluded.operator, report_id = excluded.report_id,
			note = excluded.note, at = excluded.at, until = excluded.until`,
		p.PersonID, action, p.Operator, p.ReportID, p.Note, toMillis(p.Since), toMillis(p.Until))
	if err != nil {
		return fmt.Errorf("keep the note: %w", err)
	}
	return nil
}

// SuspendPerson shuts an open account and returns the token hashes of its
// sessions, which are gone. False, and nothing is done, if there is no such
// account, it is shut already, or it is one of the staff's.
func (s *Store) SuspendPerson(ctx context.Context, p proto.Suspension, log ...proto.AuditEntry) (ended []string, done bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		// The update that changes nothing holds the row, so that of two who do
		// this at once one finds it shut.
		n, err := affected(tx.ExecContext(ctx,
			`UPDATE people SET state = state WHERE id = $1 AND state = 'active'`, p.PersonID))
		if err != nil || n == 0 {
			return err
		}
		if ended, done, err = suspendPerson(ctx, tx, p); err != nil || !done {
			return err
		}
		return appendAudit(ctx, tx, log)
	})
	if err != nil {
		return nil, false, fmt.Errorf("suspend an account: %w", err)
	}
	return ended, done, nil
}

// RestorePerson opens a suspended account again and forgets its marks; Marks
// and ReportID of p are not looked at. False, and nothing is done, if there is
// no such account or it is not suspended.
func (s *Store) RestorePerson(ctx context.Context, p proto.Suspension, log ...proto.AuditEntry) (done bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx,
			`UPDATE people SET state = 'active' WHERE id = $1 AND state = 'suspended'`, p.PersonID))
		if err != nil || n == 0 {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM suspensions WHERE person_id = $1`, p.PersonID); err != nil {
			return fmt.Errorf("forget the marks: %w", err)
		}
		if err := noteSuspension(ctx, tx, "restored", p); err != nil {
			return err
		}
		done = true
		return appendAudit(ctx, tx, log)
	})
	if err != nil {
		return false, fmt.Errorf("restore an account: %w", err)
	}
	return done, nil
}

// SweepSuspensions deletes the marks and notes whose time has come at now, and
// returns how many those were. The accounts stay shut.
func (s *Store) SweepSuspensions(ctx context.Context, now time.Time) (n int64, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		marks, err := affected(tx.ExecContext(ctx, `DELETE FROM suspensions WHERE until <= $1`, toMillis(now)))
		if err != nil {
			return err
		}
		notes, err := affected(tx.ExecContext(ctx, `DELETE FROM suspension_notes WHERE until <= $1`, toMillis(now)))
		n = marks + notes
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("delete old records of suspensions: %w", err)
	}
	return n, nil
}
