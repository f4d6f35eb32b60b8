package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"kinwire/signaling/proto"
)

// WasInConversation says whether somebody is or was in a conversation.
func (s *Store) WasInConversation(ctx context.Context, conversationID, personID string) (was bool, err error) {
	err = s.read.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM chat_members WHERE conversation_id = $1 AND person_id = $2)`, conversationID, personID).Scan(&was)
	if err != nil {
		return false, fmt.Errorf("look who is in a conversation: %w", err)
	}
	return was, nil
}

// ReportEvidence returns the sealed evidence of a report, empty if there is
// none (any more), and until when it stays, 0 as long as the report is open.
// That somebody looked is written down in the same transaction, if there was
// something to see.
func (s *Store) ReportEvidence(ctx context.Context, id string, now time.Time, log ...proto.AuditEntry) (sealed []byte, until int64, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		found, err := present(tx.QueryRowContext(ctx, `
			SELECT evidence, evidence_until FROM reports
			WHERE id = $1 AND length(evidence) > 0 AND (evidence_until = 0 OR evidence_until > $2)`, id, toMillis(now)).Scan(&sealed, &until))
		if err != nil || !found {
			return err
		}
		return appendAudit(ctx, tx, log)
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read the evidence of a report: %w", err)
	}
	return sealed, until, nil
}

// keepEvidence says how long the evidence of a report that is decided stays;
// with a zero time it goes at once.
func keepEvidence(ctx context.Context, tx *sql.Tx, id string, until time.Time) error {
	if until.IsZero() {
		_, err := tx.ExecContext(ctx, `UPDATE reports SET evidence = $2 WHERE id = $1`, id, []byte{})
		return wrapped("delete evidence", err)
	}
	_, err := tx.ExecContext(ctx, `UPDATE reports SET evidence_until = $2 WHERE id = $1 AND length(evidence) > 0`, id, toMillis(until))
	return wrapped("keep evidence", err)
}

// SweepEvidence deletes evidence whose time has come, and returns of how many
// reports. The reports stay.
func (s *Store) SweepEvidence(ctx context.Context, now time.Time) (int64, error) {
	n, err := affected(s.write.ExecContext(ctx, `
		UPDATE reports SET evidence = $2, evidence_until = 0 WHERE evidence_until > 0 AND evidence_until <= $1`, toMillis(now), []byte{}))
	if err != nil {
		return 0, fmt.Errorf("delete old evidence: %w", err)
	}
	return n, nil
}
