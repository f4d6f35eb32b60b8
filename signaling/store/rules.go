package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"kinwire/signaling/proto"
)

const ruleColumns = `approve_friends, video, daily_minutes, time_zone, quiet_hours`

func scanRules(row scanner) (proto.Rules, bool, error) {
	var r proto.Rules
	var quiet string
	found, err := present(row.Scan(&r.ApproveFriends, &r.Video, &r.DailyMinutes, &r.TimeZone, &quiet))
	if err != nil || !found {
		return proto.Rules{}, false, err
	}
	if err := json.Unmarshal([]byte(quiet), &r.QuietHours); err != nil {
		return proto.Rules{}, false, fmt.Errorf("quiet hours: %w", err)
	}
	return r, true, nil
}

// ChildRules returns a child's rules; false if nobody by that id has rules.
func (s *Store) ChildRules(ctx context.Context, childID string) (proto.Rules, bool, error) {
	r, found, err := scanRules(s.read.QueryRowContext(ctx,
		`SELECT `+ruleColumns+` FROM rules WHERE child_id = $1`, childID))
	if err != nil {
		return proto.Rules{}, false, fmt.Errorf("read rules: %w", err)
	}
	return r, found, nil
}

// ChangeRules sets a child's rules to what change makes of the old ones, and
// appends the audit entries that it returns; without any entry nothing is
// done. It returns false, without asking change, if parentID does not look
// after childID. Changes of one child's rules wait for one another.
func (s *Store) ChangeRules(ctx context.Context, parentID, childID string, at time.Time,
	change func(old proto.Rules) (proto.Rules, []proto.AuditEntry),
) (found bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		// The update that changes nothing holds the row until the end.
		old, ok, err := scanRules(tx.QueryRowContext(ctx, `
			UPDATE rules SET changed_at = changed_at
			WHERE child_id = $1 AND EXISTS (SELECT 1 FROM guardians WHERE guardian_id = $2 AND child_id = $1)
			RETURNING `+ruleColumns, childID, parentID))
		if err != nil || !ok {
			return err
		}
		found = true
		now, log := change(old)
		if len(log) == 0 {
			return nil
		}
		if now.QuietHours == nil {
			now.QuietHours = []proto.QuietHours{}
		}
		quiet, err := json.Marshal(now.QuietHours)
		if err != nil {
			return fmt.Errorf("quiet hours: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE rules SET approve_friends = $1, video = $2, daily_minutes = $3, time_zone = $4, quiet_hours = $5,
				changed_at = $6, changed_by = $7
			WHERE child_id = $8`,
			zeroOne(now.ApproveFriends), zeroOne(now.Video), now.DailyMinutes, now.TimeZone, string(quiet),
			toMillis(at), parentID, childID); err != nil {
			return err
		}
		return appendAudit(ctx, tx, log)
	})
	if err != nil {
		return false, fmt.Errorf("change rules: %w", err)
	}
	return found, nil
}

// zeroOne is how a yes or no is written.
func zeroOne(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ChildGuardians returns the ids of those who look after a child.
func (s *Store) ChildGuardians(ctx context.Context, childID string) ([]string, error) {
	ids, err := texts(s.read.QueryContext(ctx,
		`SELECT guardian_id FROM guardians WHERE child_id = $1 ORDER BY guardian_id`, childID))
	if err != nil {
		return nil, fmt.Errorf("list guardians: %w", err)
	}
	return ids, nil
}

// AreFamily says whether two people are friends as one family.
func (s *Store) AreFamily(ctx context.Context, a, b string) (family bool, err error) {
	err = s.read.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM friendships WHERE low_id = $1 AND high_id = $2 AND family = 1)`,
		min(a, b), max(a, b)).Scan(&family)
	if err != nil {
		return false, fmt.Errorf("look up a family: %w", err)
	}
	return family, nil
}

// CountTalk adds what count makes of the time from, to to a child's days.
// count is given the child's time zone and the spans counted before that
// overlap or touch from, to, in order. Nothing happens if nobody by that id
// has rules. Counts for one child wait for one another.
func (s *Store) CountTalk(ctx context.Context, childID string, from, to time.Time,
	count func(zone string, counted [][2]time.Time) (map[string]time.Duration, error),
) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		var zone string
		child, err := present(tx.QueryRowContext(ctx, `
			UPDATE rules SET changed_at = changed_at WHERE child_id = $1 RETURNING time_zone`, childID).Scan(&zone))
		if err != nil || !child {
			return err
		}
		counted, err := talkSpans(ctx, tx, childID, from, to)
		if err != nil {
			return err
		}
		days, err := count(zone, counted)
		if err != nil {
			return err
		}
		if err := mergeSpan(ctx, tx, childID, from, to, counted); err != nil {
			return err
		}
		for _, day := range slices.Sorted(maps.Keys(days)) {
			if err := addTalk(ctx, tx, childID, day, days[day].Milliseconds()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("count a talk: %w", err)
	}
	return nil
}

func talkSpans(ctx context.Context, tx *sql.Tx, childID string, from, to time.Time) (spans [][2]time.Time, err error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT from_at, to_at FROM talk_spans
		WHERE child_id = $1 AND from_at <= $2 AND to_at >= $3
		ORDER BY from_at`, childID, toMillis(to), toMillis(from))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var from, to int64
		if err := rows.Scan(&from, &to); err != nil {
			return nil, err
		}
		spans = append(spans, [2]time.Time{fromMillis(from), fromMillis(to)})
	}
	return spans, rows.Err()
}

// mergeSpan puts one span in the place of those that from, to overlaps.
func mergeSpan(ctx context.Context, tx *sql.Tx, childID string, from, to time.Time, counted [][2]time.Time) error {
	first, last := toMillis(from), toMillis(to)
	for _, c := range counted {
		first, last = min(first, toMillis(c[0])), max(last, toMillis(c[1]))
		if _, err := tx.ExecContext(ctx,
			`DELETE FROM talk_spans WHERE child_id = $1 AND from_at = $2`, childID, toMillis(c[0])); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx,
		`INSERT INTO talk_spans (child_id, from_at, to_at) VALUES ($1, $2, $3)`, childID, first, last)
	return err
}

func addTalk(ctx context.Context, tx *sql.Tx, childID, day string, ms int64) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO talk_days (child_id, day, seconds, rest_ms) VALUES ($1, $2, $3, $4)
		ON CONFLICT (child_id, day) DO UPDATE SET
			seconds = talk_days.seconds + excluded.seconds + (talk_days.rest_ms + excluded.rest_ms) / 1000,
			rest_ms = (talk_days.rest_ms + excluded.rest_ms) % 1000`,
		childID, day, ms/1000, ms%1000)
	return err
}

// TalkSeconds returns how many seconds of a child's day (YYYY-MM-DD) were in
// calls that count.
func (s *Store) TalkSeconds(ctx context.Context, childID, day string) (seconds int64, err error) {
	_, err = present(s.read.QueryRowContext(ctx,
		`SELECT seconds FROM talk_days WHERE child_id = $1 AND day = $2`, childID, day).Scan(&seconds))
	if err != nil {
		return 0, fmt.Errorf("read a day's talk: %w", err)
	}
	return seconds, nil
}

// SweepTalk deletes the days before day (YYYY-MM-DD) and the spans that ended
// before then, and returns how many rows those were.
func (s *Store) SweepTalk(ctx context.Context, day string, then time.Time) (deleted int64, err error) {
	days, err := affected(s.write.ExecContext(ctx, `DELETE FROM talk_days WHERE day < $1`, day))
	if err != nil {
		return 0, fmt.Errorf("delete old days of talk: %w", err)
	}
	spans, err := affected(s.write.ExecContext(ctx, `DELETE FROM talk_spans WHERE to_at < $1`, toMillis(then)))
	if err != nil {
		return 0, fmt.Errorf("delete old spans of talk: %w", err)
	}
	return days + spans, nil
}
