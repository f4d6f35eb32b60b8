package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"kinwire/signaling/proto"
)

// lockPerson holds back every other writer that locks the same person, until
// the end of the transaction, on both engines.
func lockPerson(ctx context.Context, tx *sql.Tx, personID string) error {
	_, err := tx.ExecContext(ctx, `UPDATE people SET state = state WHERE id = $1`, personID)
	return err
}

// AddConsent adds a consent with its scopes. It does nothing and returns
// false where the guardian has maxOpen consents already that still wait for
// something.
func (s *Store) AddConsent(ctx context.Context, c proto.ConsentRow, maxOpen int, log ...proto.AuditEntry) (bool, error) {
	added := false
	err := s.tx(ctx, func(tx *sql.Tx) error {
		// Two that are started at once would each not count the other.
		if err := lockPerson(ctx, tx, c.GuardianID); err != nil {
			return err
		}
		n, err := affected(tx.ExecContext(ctx, `
			INSERT INTO consents (id, guardian_id, child_id, method, state, notice_version, reference,
				requested_at, next_at, expires_at, decided_at, decided_by, ended_at, ended_by, note)
			SELECT $1, $2, NULLIF($3, ''), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15
			WHERE (SELECT count(*) FROM consents WHERE guardian_id = $16 AND `+openConsent+`) < $17`,
			c.ID, c.GuardianID, c.ChildID, string(c.Method), string(c.State), c.NoticeVersion, c.Reference,
			c.RequestedAt, c.NextAt, c.ExpiresAt, c.DecidedAt, c.DecidedBy, c.EndedAt, c.EndedBy, c.Note,
			c.GuardianID, maxOpen))
		if err != nil || n == 0 {
			return err
		}
		for _, scope := range c.Scopes {
			if err := giveScope(ctx, tx, c.ID, scope, c.GuardianID, c.RequestedAt); err != nil {
				return err
			}
		}
		added = true
		return appendAudit(ctx, tx, log)
	})
	if err != nil {
		return false, fmt.Errorf("add a consent: %w", err)
	}
	return added, nil
}

// giveScope leaves a scope alone that is given already: who gave it stays.
func giveScope(ctx context.Context, tx *sql.Tx, consentID string, scope proto.Scope, by string, at int64) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO consent_scopes (consent_id, scope, given, changed_at, changed_by) VALUES ($1, $2, 1, $3, $4)
		ON CONFLICT (consent_id, scope) DO UPDATE SET
			given = 1, changed_at = excluded.changed_at, changed_by = excluded.changed_by
		WHERE consent_scopes.given = 0`,
		consentID, string(scope), at, by)
	return err
}

// openConsent is the condition for those that still wait for something.
const openConsent = `state IN ('pending', 'waiting', 'review')`

const consentColumns = `
	id, guardian_id, COALESCE(child_id, ''), method, state, notice_version, reference,
	requested_at, next_at, expires_at, decided_at, decided_by, ended_at, ended_by, note,
	COALESCE((SELECT string_agg(scope, ',') FROM consent_scopes WHERE consent_id = consents.id AND given = 1), '')`

// Consents finds consents. Their scopes are those that are given, in no
// particular order.
func (s *Store) Consents(ctx context.Context, find proto.ConsentFind) ([]proto.ConsentRow, error) {
	query, args := consentQuery(find)
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("find consents: %w", err)
	}
	defer rows.Close()
	var found []proto.ConsentRow
	for rows.Next() {
		var c proto.ConsentRow
		var scopes string
		if err := rows.Scan(&c.ID, &c.GuardianID, &c.ChildID, &c.Method, &c.State, &c.NoticeVersion, &c.Reference,
			&c.RequestedAt, &c.NextAt, &c.ExpiresAt, &c.DecidedAt, &c.DecidedBy, &c.EndedAt, &c.EndedBy, &c.Note,
			&scopes); err != nil {
			return nil, fmt.Errorf("find consents: %w", err)
		}
		for scope := range strings.SplitSeq(scopes, ",") {
			if scope != "" {
				c.Scopes = append(c.Scopes, proto.Scope(scope))
			}
		}
		found = append(found, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find consents: %w", err)
	}
	return found, nil
}

func consentQuery(find proto.ConsentFind) (string, []any) {
	var where []string
	var args []any
	narrow := func(value, condition string) {
		if value != "" {
			args = append(args, value)
			where = append(where, strings.ReplaceAll(condition, "?", fmt.Sprint("$", len(args))))
		}
	}
	narrow(find.ID, `id = ?`)
	narrow(find.Reference, `reference = ?`)
	narrow(find.ChildID, `child_id = ?`)
	narrow(find.Family, `(guardian_id = ? OR child_id IN (SELECT child_id FROM guardians WHERE guardian_id = ?))`)
	narrow(string(find.State), `state = ?`)
	order := `requested_at DESC, id DESC`
	if find.Open {
		where = append(where, openConsent)
		order = `CASE WHEN next_at > 0 AND next_at < expires_at THEN next_at ELSE expires_at END, id`
	}
	query := `SELECT ` + consentColumns + ` FROM consents`
	if len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, ` AND `)
	}
	query += ` ORDER BY ` + order
	if find.Limit > 0 {
		args = append(args, find.Limit)
		query += fmt.Sprint(` LIMIT $`, len(args))
	}
	return query, args
}

// MoveConsent takes a consent one step further, with everything that belongs
// to the step, or does nothing and returns false where the consent is no
// longer as m.Was says: somebody else moved it first.
func (s *Store) MoveConsent(ctx context.Context, m proto.ConsentMove, log ...proto.AuditEntry) (bool, error) {
	moved := false
	err := s.tx(ctx, func(tx *sql.Tx) error {
		replaces := m.Is.State == proto.ConsentGranted && m.Is.ChildID != ""
		if replaces {
			// Of two consents for one child that are granted at once, the
			// later one must see the earlier.
			if err := lockPerson(ctx, tx, m.Is.ChildID); err != nil {
				return err
			}
		}
		n, err := affected(tx.ExecContext(ctx, `
			UPDATE consents SET state = $1, next_at = $2, expires_at = $3, decided_at = $4, decided_by = $5,
				ended_at = $6, ended_by = $7, note = $8
			WHERE id = $9 AND state = $10 AND next_at = $11 AND COALESCE(child_id, '') = $12`,
			string(m.Is.State), m.Is.NextAt, m.Is.ExpiresAt, m.Is.DecidedAt, m.Is.DecidedBy,
			m.Is.EndedAt, m.Is.EndedBy, m.Is.Note,
			m.Was.ID, string(m.Was.State), m.Was.NextAt, m.Was.ChildID))
		if err != nil || n == 0 {
			return err
		}
		if replaces {
			replaced, err := replaceConsents(ctx, tx, m)
			if err != nil {
				return err
			}
			log = append(log, replaced...)
		}
		if err := moveEvidence(ctx, tx, m); err != nil {
			return err
		}
		if m.Is.State == proto.ConsentWithdrawn {
			if err := takeScopes(ctx, tx, proto.ScopesMove{ID: m.Was.ID, By: m.By, At: m.At}); err != nil {
				return err
			}
		}
		moved = true
		return appendAudit(ctx, tx, log)
	})
	if err != nil {
		return false, fmt.Errorf("move consent %s to %s: %w", m.Was.ID, m.Is.State, err)
	}
	return moved, nil
}

// replaceConsents ends every other granted consent of the same child.
func replaceConsents(ctx context.Context, tx *sql.Tx, m proto.ConsentMove) ([]proto.AuditEntry, error) {
	rows, err := tx.QueryContext(ctx, `
		UPDATE consents SET state = 'expired', ended_at = $1, ended_by = $2
		WHERE child_id = $3 AND state = 'granted' AND id <> $4
		RETURNING id`, m.At, m.By, m.Is.ChildID, m.Was.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var log []proto.AuditEntry
	for rows.Next() {
		entry := m.Replaced
		if err := rows.Scan(&entry.Subject); err != nil {
			return nil, err
		}
		log = append(log, entry)
	}
	return log, rows.Err()
}

// moveEvidence stores what comes in with a step. Every other step deletes
// what is there: it has been looked at, or nobody will.
func moveEvidence(ctx context.Context, tx *sql.Tx, m proto.ConsentMove) error {
	if m.Store == nil {
		_, err := tx.ExecContext(ctx, `DELETE FROM consent_evidence WHERE consent_id = $1`, m.Was.ID)
		return err
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO consent_evidence (consent_id, media_type, body, stored_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (consent_id) DO UPDATE SET
			media_type = excluded.media_type, body = excluded.body, stored_at = excluded.stored_at`,
		m.Was.ID, m.Store.MediaType, m.Store.Body, m.Store.StoredAt)
	return err
}

// takeScopes takes back every scope that is given and not in m.Scopes.
func takeScopes(ctx context.Context, tx *sql.Tx, m proto.ScopesMove) error {
	query := `UPDATE consent_scopes SET given = 0, changed_at = $1, changed_by = $2 WHERE consent_id = $3 AND given = 1`
	args := []any{m.At, m.By, m.ID}
	for _, scope := range m.Scopes {
		args = append(args, string(scope))
		query += fmt.Sprint(` AND scope <> $`, len(args))
	}
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}

// SetConsentScopes sets the scopes of a granted consent. It does nothing and
// returns false where the consent is not granted any more.
func (s *Store) SetConsentScopes(ctx context.Context, m proto.ScopesMove, log ...proto.AuditEntry) (bool, error) {
	set := false
	err := s.tx(ctx, func(tx *sql.Tx) error {
		// The row is locked, so that a withdrawal comes before or after.
		n, err := affected(tx.ExecContext(ctx, `UPDATE consents SET state = state WHERE id = $1 AND state = 'granted'`, m.ID))
		if err != nil || n == 0 {
			return err
		}
		if err := takeScopes(ctx, tx, m); err != nil {
			return err
		}
		for _, scope := range m.Scopes {
			if err := giveScope(ctx, tx, m.ID, scope, m.By, m.At); err != nil {
				return err
			}
		}
		set = true
		return appendAudit(ctx, tx, log)
	})
	if err != nil {
		return false, fmt.Errorf("set the scopes of consent %s: %w", m.ID, err)
	}
	return set, nil
}

// ConsentEvidence returns what a consent is to be checked by; false if
// nothing was handed in, or if it has been checked.
func (s *Store) ConsentEvidence(ctx context.Context, consentID string) (proto.ConsentEvidence, bool, error) {
	var e proto.ConsentEvidence
	found, err := present(s.read.QueryRowContext(ctx,
		`SELECT media_type, body, stored_at FROM consent_evidence WHERE consent_id = $1`, consentID).
		Scan(&e.MediaType, &e.Body, &e.StoredAt))
	if err != nil {
		return proto.ConsentEvidence{}, false, fmt.Errorf("read the evidence of a consent: %w", err)
	}
	return e, found, nil
}

// ConsentGuardians returns the ids of those who look after a child and may
// decide about its consent: nobody who is suspended.
func (s *Store) ConsentGuardians(ctx context.Context, childID string) ([]string, error) {
	ids, err := texts(s.read.QueryContext(ctx, `
		SELECT people.id FROM guardians JOIN people ON people.id = guardians.guardian_id
		WHERE guardians.child_id = $1 AND people.state = 'active' ORDER BY people.id`, childID))
	if err != nil {
		return nil, fmt.Errorf("find who may decide about a consent: %w", err)
	}
	return ids, nil
}
