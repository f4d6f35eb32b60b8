package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"kinwire/signaling/proto"
)

// AddChild makes a child's account with all that belongs to it: the consent is
// bound to it, the parent looks after it, it has its rules, and it is friends
// with its family. It returns everybody who is part of that family now. All of
// it happens, or nothing and it is refused: not_allowed if the parent is no
// active parent, needs_consent if there is no such consent of theirs that is
// granted, unused and for the notice asked for, taken if the login or the id
// belongs to somebody.
func (s *Store) AddChild(ctx context.Context, child proto.AccountRow, birth proto.ChildBirth,
	log ...proto.AuditEntry) (family []string, refused proto.Code, err error) {
	refused, err = s.decide(ctx, func(tx *sql.Tx) error {
		if err := needParent(ctx, tx, birth.GuardianID); err != nil {
			return err
		}
		if err := insertPerson(ctx, tx, child); err != nil {
			return err
		}
		// Before the login: who has no consent does not learn which are taken.
		if err := bindConsent(ctx, tx, child.Person.ID, birth); err != nil {
			return err
		}
		if err := insertLogin(ctx, tx, child); err != nil {
			return err
		}
		if family, err = settleChild(ctx, tx, child, birth); err != nil {
			return err
		}
		return appendAudit(ctx, tx, log)
	})
	if err != nil {
		return nil, "", fmt.Errorf("add a child: %w", err)
	}
	if refused != "" {
		return nil, refused, nil
	}
	return family, "", nil
}

// settleChild gives a child that is there a parent, rules and family. What is
// there already stays.
func settleChild(ctx context.Context, tx *sql.Tx, child proto.AccountRow, birth proto.ChildBirth) ([]string, error) {
	at := toMillis(child.CreatedAt)
	if _, err := insertGuardian(ctx, tx, birth.GuardianID, child.Person.ID, at); err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO rules (child_id, approve_friends, video, daily_minutes, time_zone, quiet_hours, changed_at, changed_by)
		VALUES ($1, $2, 1, 0, 'UTC', '[]', $3, $4)
		ON CONFLICT (child_id) DO NOTHING`,
		child.Person.ID, flag(birth.ApproveFriends), at, birth.GuardianID); err != nil {
		return nil, err
	}
	return bindFamily(ctx, tx, child.Person.ID, at)
}

// needParent refuses with not_allowed who is no active parent. It holds back
// everybody else who changes this parent's family until the end of the
// transaction: of two children that are made at once, each must see the other.
func needParent(ctx context.Context, tx *sql.Tx, userID string) error {
	n, err := affected(tx.ExecContext(ctx,
		`UPDATE people SET state = state WHERE id = $1 AND role = 'parent' AND state = 'active'`, userID))
	if err == nil && n == 0 {
		return refusal(proto.CodeNotAllowed)
	}
	return err
}

// bindConsent gives an unused consent its child.
func bindConsent(ctx context.Context, tx *sql.Tx, childID string, birth proto.ChildBirth) error {
	n, err := affected(tx.ExecContext(ctx, `
		UPDATE consents SET child_id = $1
		WHERE id = $2 AND guardian_id = $3 AND state = 'granted' AND child_id IS NULL AND notice_version = $4`,
		childID, birth.ConsentID, birth.GuardianID, birth.NoticeVersion))
	if err == nil && n == 0 {
		return refusal(proto.CodeNeedsConsent)
	}
	return err
}

// ChildAccounts returns the children of a parent in the order in which they
// were made, suspended ones too.
func (s *Store) ChildAccounts(ctx context.Context, guardianID string) (all []proto.AccountRow, err error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT `+accountColumns+`
		FROM guardians JOIN people ON people.id = guardians.child_id LEFT JOIN logins ON logins.person_id = people.id
		WHERE guardians.guardian_id = $1 ORDER BY people.created_at, people.id`, guardianID)
	if err != nil {
		return nil, fmt.Errorf("list children: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		a, err := scanAccount(rows)
		if err != nil {
			return nil, fmt.Errorf("list children: %w", err)
		}
		all = append(all, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list children: %w", err)
	}
	return all, nil
}

// EditChild changes what is held about a child: all but its login, password,
// role and family. False if that parent does not look after that child.
func (s *Store) EditChild(ctx context.Context, guardianID string, child proto.AccountRow, log ...proto.AuditEntry) (found bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, `
			UPDATE people SET name = $3, avatar = $4, country = $5, birth_date = $6, gender = $7
			WHERE id = $2 AND EXISTS (SELECT 1 FROM guardians WHERE child_id = $2 AND guardian_id = $1)`,
			guardianID, child.Person.ID, child.Person.Name, child.Person.Avatar, child.Country, child.BirthDate, string(child.Gender)))
		if err != nil || n == 0 {
			return err
		}
		found = true
		return appendAudit(ctx, tx, log)
	})
	if err != nil {
		return false, fmt.Errorf("edit a child: %w", err)
	}
	return found, nil
}
