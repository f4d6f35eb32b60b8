package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"kinwire/signaling/proto"
)

// GuardianPeople returns those who look after a child, suspended ones too, the
// longest-standing first.
func (s *Store) GuardianPeople(ctx context.Context, childID string) ([]proto.Person, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT `+personColumns+` FROM guardians JOIN people ON people.id = guardians.guardian_id
		WHERE guardians.child_id = $1 ORDER BY guardians.since, people.id`, childID)
	all, err := collect(rows, err, func(row scanner) (proto.Person, error) {
		p, _, err := scanPerson(row)
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("list guardians: %w", err)
	}
	return all, nil
}

// AddGuardian uses up a guardian ticket: the new parent looks after the
// invite's child and becomes family. It returns everybody who is part of that
// family now. Refused is unauthenticated if there is no such ticket at now, or
// if the inviter does not look after the child any more; not_allowed if the
// new one is no active parent, taken if they look after the child already.
// Then nothing is changed, and the ticket stays.
func (s *Store) AddGuardian(ctx context.Context, token string, invite proto.GuardianInvite, guardianID string, now time.Time,
	log ...proto.AuditEntry) (family []string, refused proto.Code, err error) {
	refused, err = s.decide(ctx, func(tx *sql.Tx) error {
		if err := useTicket(ctx, tx, proto.TicketGuardian, token, now); err != nil {
			return err
		}
		if err := needParent(ctx, tx, guardianID); err != nil {
			return err
		}
		// And of two who become parents of one child at once. Parents are held
		// before children everywhere, so that nobody waits in a circle.
		if err := lockPerson(ctx, tx, invite.ChildID); err != nil {
			return err
		}
		var inviter bool
		err := tx.QueryRowContext(ctx, `
			SELECT EXISTS (SELECT 1 FROM guardians JOIN people ON people.id = guardians.guardian_id
				WHERE child_id = $1 AND guardian_id = $2 AND people.state = 'active')`,
			invite.ChildID, invite.InviterID).Scan(&inviter)
		if err != nil {
			return err
		}
		if !inviter {
			return refusal(proto.CodeUnauthenticated)
		}
		added, err := insertGuardian(ctx, tx, guardianID, invite.ChildID, toMillis(now))
		if err != nil {
			return err
		}
		if !added {
			return refusal(proto.CodeTaken)
		}
		if family, err = bindFamily(ctx, tx, invite.ChildID, toMillis(now)); err != nil {
			return err
		}
		return appendAudit(ctx, tx, log)
	})
	if err != nil {
		return nil, "", fmt.Errorf("add a guardian: %w", err)
	}
	if refused != "" {
		return nil, refused, nil
	}
	return family, "", nil
}

func insertGuardian(ctx context.Context, tx *sql.Tx, guardianID, childID string, at int64) (added bool, err error) {
	n, err := affected(tx.ExecContext(ctx, `
		INSERT INTO guardians (guardian_id, child_id, since) VALUES ($1, $2, $3)
		ON CONFLICT (child_id, guardian_id) DO NOTHING`, guardianID, childID, at))
	return n > 0, err
}

// bindFamily makes friends for good of a child, its parents and its siblings:
// the child with each of them, and the parents with one another. Siblings are
// the other children of its parents. What was between two of them before, a
// request or an ended friendship, gives way; a block does not. It returns all
// of them.
func bindFamily(ctx context.Context, tx *sql.Tx, childID string, at int64) ([]string, error) {
	parents, err := texts(tx.QueryContext(ctx,
		`SELECT guardian_id FROM guardians WHERE child_id = $1 ORDER BY guardian_id`, childID))
	if err != nil {
		return nil, err
	}
	siblings, err := texts(tx.QueryContext(ctx, `
		SELECT DISTINCT theirs.child_id FROM guardians AS mine JOIN guardians AS theirs ON theirs.guardian_id = mine.guardian_id
		WHERE mine.child_id = $1 AND theirs.child_id <> $1 ORDER BY theirs.child_id`, childID))
	if err != nil {
		return nil, err
	}
	for i, parent := range parents {
		for _, other := range append(slices.Clone(parents[i+1:]), childID) {
			if err := befriend(ctx, tx, parent, other, at); err != nil {
				return nil, err
			}
		}
	}
	for _, sibling := range siblings {
		if err := befriend(ctx, tx, childID, sibling, at); err != nil {
			return nil, err
		}
	}
	return slices.Concat([]string{childID}, parents, siblings), nil
}

// befriend makes two people family.
func befriend(ctx context.Context, tx *sql.Tx, a, b string, at int64) error {
	low, high := min(a, b), max(a, b)
	_, err := tx.ExecContext(ctx, `
		INSERT INTO friendships (id, low_id, high_id, state, family, low_yes, high_yes, low_parent_yes, high_parent_yes,
			asked_by, via, declined_by, created_at, changed_at, expires_at, quiet_until, reminded_at)
		VALUES ($1, $2, $3, 'friends', 1, 1, 1, '', '', '', '', '', $4, $4, 0, 0, 0)
		ON CONFLICT (low_id, high_id) DO UPDATE SET
			state = 'friends', family = 1, low_yes = 1, high_yes = 1, declined_by = '', changed_at = excluded.changed_at,
			expires_at = 0, quiet_until = 0, reminded_at = 0
		WHERE friendships.family = 0 OR friendships.state <> 'friends'`,
		"f_"+strings.ToLower(rand.Text()), low, high, at)
	return err
}
