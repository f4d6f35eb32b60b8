package store

import (
	"context"
	"database/sql"
	"fmt"

	"kinwire/signaling/audit"
	"kinwire/signaling/proto"
)

// appendAudit writes entries to the audit log in the transaction of the
// decision that they tell of: either both are there or neither. It fills Seq
// and Hash.
func appendAudit(ctx context.Context, tx *sql.Tx, entries []proto.AuditEntry) error {
	for _, e := range entries {
		var prev string
		// The update comes first: it holds other writers back until the end of
		// the transaction.
		err := tx.QueryRowContext(ctx, `UPDATE audit_head SET seq = seq + 1 WHERE id = 1 RETURNING seq, hash`).Scan(&e.Seq, &prev)
		if err != nil {
			return fmt.Errorf("append to the audit log: %w", err)
		}
		e.Hash = audit.Hash(prev, e)
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO audit_log (seq, at, actor, action, subject, detail, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			e.Seq, e.At, e.Actor, e.Action, e.Subject, e.Detail, e.Hash); err != nil {
			return fmt.Errorf("append to the audit log: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE audit_head SET hash = $1 WHERE id = 1`, e.Hash); err != nil {
			return fmt.Errorf("append to the audit log: %w", err)
		}
	}
	return nil
}

// Audit writes entries that belong to no other change, such as a look-up.
func (s *Store) Audit(ctx context.Context, entries ...proto.AuditEntry) error {
	return s.tx(ctx, func(tx *sql.Tx) error { return appendAudit(ctx, tx, entries) })
}

const auditColumns = `seq, at, actor, action, subject, detail, hash`

// AuditAfter returns entries of the audit log from the one after seq on, the
// oldest first, at most limit.
func (s *Store) AuditAfter(ctx context.Context, seq int64, limit int) ([]proto.AuditEntry, error) {
	return s.auditPage(ctx, `SELECT `+auditColumns+` FROM audit_log WHERE seq > $1 ORDER BY seq LIMIT $2`, seq, limit)
}

// AuditBefore returns entries of the audit log from the one before seq on,
// the newest first, at most limit.
func (s *Store) AuditBefore(ctx context.Context, seq int64, limit int) ([]proto.AuditEntry, error) {
	return s.auditPage(ctx, `SELECT `+auditColumns+` FROM audit_log WHERE seq < $1 ORDER BY seq DESC LIMIT $2`, seq, limit)
}

func (s *Store) auditPage(ctx context.Context, query string, args ...any) ([]proto.AuditEntry, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	page, err := collect(rows, err, func(row scanner) (e proto.AuditEntry, err error) {
		err = row.Scan(&e.Seq, &e.At, &e.Actor, &e.Action, &e.Subject, &e.Detail, &e.Hash)
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	return page, nil
}

// AuditHead returns the number and the hash of the newest entry as the next
// one to be written will see them: 0 and empty where there is none.
func (s *Store) AuditHead(ctx context.Context) (seq int64, hash string, err error) {
	if err := s.read.QueryRowContext(ctx, `SELECT seq, hash FROM audit_head WHERE id = 1`).Scan(&seq, &hash); err != nil {
		return 0, "", fmt.Errorf("read the end of the audit log: %w", err)
	}
	return seq, hash, nil
}
