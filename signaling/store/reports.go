package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kinwire/signaling/proto"
)

// ReportSubject returns whom personID means by about, a user id or the id of
// a friendship of theirs: false unless that is somebody whom personID knows,
// because there is or was something between the two (a friendship or a
// request), a call in the history, or a block. It is one statement, so that
// the time it takes does not tell who exists.
func (s *Store) ReportSubject(ctx context.Context, personID, about string) (aboutID string, known bool, err error) {
	known, err = present(s.read.QueryRowContext(ctx, `
		SELECT p.id FROM people AS p
		WHERE p.id <> $1
		  AND (p.id = $2 OR p.id = (
			SELECT CASE WHEN low_id = $1 THEN high_id ELSE low_id END
			FROM friendships WHERE id = $2 AND (low_id = $1 OR high_id = $1)))
		  AND (EXISTS (SELECT 1 FROM friendships WHERE low_id = $1 AND high_id = p.id)
			OR EXISTS (SELECT 1 FROM friendships WHERE high_id = $1 AND low_id = p.id)
			OR EXISTS (SELECT 1 FROM blocks WHERE blocker_id = $1 AND blocked_id = p.id)
			OR EXISTS (SELECT 1 FROM history WHERE person_id = $1
				AND replace(' ' || with_ids || ' ', ' ' || p.id || ' ', '') <> ' ' || with_ids || ' '))`,
		personID, about).Scan(&aboutID))
	if err != nil {
		return "", false, fmt.Errorf("look up whom a report is about: %w", err)
	}
	return aboutID, known, nil
}

// AddReport keeps an open report, of whose two people only the ids are looked
// at, with its evidence, sealed; empty if there is none. It changes nothing and
// returns false if the reporter has made most reports since then already.
func (s *Store) AddReport(ctx context.Context, c proto.CaseReport, evidence []byte, since time.Time, most int, log ...proto.AuditEntry) (added bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		// The update that changes nothing lines up one person's reports.
		if _, err := tx.ExecContext(ctx, `UPDATE people SET state = state WHERE id = $1`, c.Reporter.Person.ID); err != nil {
			return err
		}
		n, err := affected(tx.ExecContext(ctx, `
			INSERT INTO reports (id, reporter_id, on_behalf_of, about_id, call_id, kind, body, at, state, decision, decided_by, decided_at, note, evidence)
			SELECT $1, $2, $3, $4, $5, $6, $7, $8, 'open', '', '', 0, '', $11
			WHERE (SELECT count(*) FROM reports WHERE reporter_id = $2 AND at > $9) < $10`,
			c.ID, c.Reporter.Person.ID, c.OnBehalfOf, c.About.Person.ID, c.CallID, string(c.Kind), c.Text, c.At,
			toMillis(since), most, filled(evidence)))
		if err != nil || n == 0 {
			return err
		}
		added = true
		return appendAudit(ctx, tx, log)
	})
	if err != nil {
		return false, fmt.Errorf("add a report: %w", err)
	}
	return added, nil
}

// ReportsBy returns the reports that a person made, the newest first, at most
// limit of them.
func (s *Store) ReportsBy(ctx context.Context, reporterID string, limit int) (reports []proto.Report, err error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT reports.id, reports.about_id, COALESCE(people.name, ''), COALESCE(people.avatar, ''), reports.kind, reports.at, reports.state,
			EXISTS (SELECT 1 FROM blocks WHERE blocked_id = reports.about_id
				AND blocker_id = CASE WHEN reports.on_behalf_of = '' THEN reports.reporter_id ELSE reports.on_behalf_of END)
		FROM reports LEFT JOIN people ON people.id = reports.about_id
		WHERE reports.reporter_id = $1
		ORDER BY reports.at DESC, reports.id DESC LIMIT $2`, reporterID, limit)
	if err != nil {
		return nil, fmt.Errorf("list a person's reports: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r proto.Report
		if err := rows.Scan(&r.ID, &r.About.ID, &r.About.Name, &r.About.Avatar, &r.Kind, &r.At, &r.State, &r.Blocked); err != nil {
			return nil, fmt.Errorf("list a person's reports: %w", err)
		}
		reports = append(reports, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list a person's reports: %w", err)
	}
	return reports, nil
}

const caseColumns = `id, reporter_id, on_behalf_of, about_id, call_id, kind, body, at, state, decision, decided_by, decided_at, note`

func scanCase(row scanner) (proto.CaseReport, bool, error) {
	var c proto.CaseReport
	found, err := present(row.Scan(&c.ID, &c.Reporter.Person.ID, &c.OnBehalfOf, &c.About.Person.ID, &c.CallID, &c.Kind, &c.Text, &c.At,
		&c.State, &c.Decision, &c.DecidedBy, &c.DecidedAt, &c.Note))
	return c, found, err
}

// Case returns a report; of its two people only the ids. False if there is no
// such report.
func (s *Store) Case(ctx context.Context, id string) (proto.CaseReport, bool, error) {
	c, found, err := scanCase(s.read.QueryRowContext(ctx, `SELECT `+caseColumns+` FROM reports WHERE id = $1`, id))
	if err != nil {
		return proto.CaseReport{}, false, fmt.Errorf("read a report: %w", err)
	}
	return c, found, nil
}

// Cases returns the reports in a state, or with an empty one all: first those
// that are open, the oldest first, then those that are decided, the newest
// decision first. There are at most limit; of their people only the ids.
func (s *Store) Cases(ctx context.Context, state proto.ReportState, limit int) ([]proto.CaseReport, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT `+caseColumns+` FROM reports WHERE $1 = '' OR state = $1
		ORDER BY CASE WHEN state = 'open' THEN 0 ELSE 1 END, CASE WHEN state = 'open' THEN at ELSE -decided_at END, id
		LIMIT $2`, string(state), limit)
	cases, err := collect(rows, err, func(row scanner) (proto.CaseReport, error) {
		c, _, err := scanCase(row)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("list reports: %w", err)
	}
	return cases, nil
}

// errUndone takes a transaction back without being a failure.
var errUndone = errors.New("undone")

// DecideReport decides the open report c.ID as its Decision, DecidedBy,
// DecidedAt and Note say. Its evidence, if there is any, stays until then; with
// a zero time it is deleted at once. With a suspension, the account is shut in
// the same transaction: ended are the token hashes of its sessions, which are
// gone. False, and nothing is done, if the report is not there or not open any
// more, or the account cannot be shut.
func (s *Store) DecideReport(ctx context.Context, c proto.CaseReport, evidence time.Time, shut *proto.Suspension, log ...proto.AuditEntry) (ended []string, done bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, `
			UPDATE reports SET state = 'decided', decision = $1, decided_by = $2, decided_at = $3, note = $4
			WHERE id = $5 AND state = 'open'`,
			string(c.Decision), c.DecidedBy, c.DecidedAt, c.Note, c.ID))
		if err != nil || n == 0 {
			return err
		}
		if err := keepEvidence(ctx, tx, c.ID, evidence); err != nil {
			return err
		}
		if shut != nil {
			var ok bool
			if ended, ok, err = suspendPerson(ctx, tx, *shut); err != nil {
				return err
			}
			if !ok {
				return errUndone
			}
		}
		done = true
		return appendAudit(ctx, tx, log)
	})
	if errors.Is(err, errUndone) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("decide a report: %w", err)
	}
	return ended, done, nil
}

// SweepReports deletes reports that were decided before then, and returns how
// many those were. Open ones stay until they are decided.
func (s *Store) SweepReports(ctx context.Context, then time.Time) (int64, error) {
	n, err := affected(s.write.ExecContext(ctx,
		`DELETE FROM reports WHERE state = 'decided' AND decided_at < $1`, toMillis(then)))
	if err != nil {
		return 0, fmt.Errorf("delete old reports: %w", err)
	}
	return n, nil
}
