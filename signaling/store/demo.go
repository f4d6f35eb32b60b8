package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"kinwire/signaling/proto"
)

// SettleDemo makes of a demo family's people, who are there, a family as
// AddChild would: dates, consent, rules, friendships. It may be repeated, and
// gives an older demo database what it lacks. What somebody has changed since
// stays as it is; a consent that still holds follows the notice. The log is
// written when the consent is made.
func (s *Store) SettleDemo(ctx context.Context, f proto.DemoFamily, log ...proto.AuditEntry) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		for _, a := range []proto.AccountRow{f.Guardian, f.Child} {
			if _, err := tx.ExecContext(ctx, `
				UPDATE people SET country = $2, birth_date = $3, created_at = $4 WHERE id = $1 AND country = ''`,
				a.Person.ID, a.Country, a.BirthDate, toMillis(a.CreatedAt)); err != nil {
				return err
			}
		}
		made, err := demoConsent(ctx, tx, f)
		if err != nil {
			return err
		}
		if _, err := settleChild(ctx, tx, f.Child, f.Birth); err != nil {
			return err
		}
		if !made {
			return nil
		}
		return appendAudit(ctx, tx, log)
	})
	if err != nil {
		return fmt.Errorf("settle a demo family: %w", err)
	}
	return nil
}

func demoConsent(ctx context.Context, tx *sql.Tx, f proto.DemoFamily) (made bool, err error) {
	at := toMillis(f.Child.CreatedAt)
	n, err := affected(tx.ExecContext(ctx, `
		INSERT INTO consents (id, guardian_id, child_id, method, state, notice_version, reference,
			requested_at, next_at, expires_at, decided_at, decided_by)
		VALUES ($1, $2, $3, 'demo', 'granted', $4, '', $5, 0, 0, $5, 'system')
		ON CONFLICT (id) DO NOTHING`,
		f.Birth.ConsentID, f.Birth.GuardianID, f.Child.Person.ID, f.Birth.NoticeVersion, at))
	if err != nil {
		return false, err
	}
	if n == 0 {
		_, err := tx.ExecContext(ctx, `UPDATE consents SET notice_version = $2 WHERE id = $1 AND state = 'granted'`,
			f.Birth.ConsentID, f.Birth.NoticeVersion)
		return false, err
	}
	for _, scope := range f.Scopes {
		if err := giveScope(ctx, tx, f.Birth.ConsentID, scope, f.Birth.GuardianID, at); err != nil {
			return false, err
		}
	}
	return true, nil
}

// AddCrowd adds accounts of the demo's crowd, all of them or none. A login or an
// id that is taken is an error.
func (s *Store) AddCrowd(ctx context.Context, rows []proto.AccountRow) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		for _, a := range rows {
			if err := insertPerson(ctx, tx, a); err != nil {
				return err
			}
			if err := insertLogin(ctx, tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("add demo people: %w", err)
	}
	return nil
}

// BefriendDemo makes friends of people among whom there is nothing yet: no
// friendship, no request and none that has ended.
func (s *Store) BefriendDemo(ctx context.Context, ids []string, now time.Time) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		for i, a := range ids {
			for _, b := range ids[i+1:] {
				if _, err := tx.ExecContext(ctx, `
					INSERT INTO friendships (id, low_id, high_id, state, family, low_yes, high_yes, low_parent_yes, high_parent_yes,
						asked_by, via, declined_by, created_at, changed_at, expires_at, quiet_until, reminded_at)
					VALUES ($1, $2, $3, 'friends', 0, 1, 1, '', '', '', '', '', $4, $4, 0, 0, 0)
					ON CONFLICT (low_id, high_id) DO NOTHING`,
					"f_"+strings.ToLower(rand.Text()), min(a, b), max(a, b), toMillis(now)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("befriend the demo's people: %w", err)
	}
	return nil
}
