package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"kinwire/signaling/proto"
)

// AddTalk changes how much two people talk: next gets what is kept (0, 0 for
// two who never talked) and returns what to keep, with the row held against
// other changes. It does nothing if one of the two does not exist.
func (s *Store) AddTalk(ctx context.Context, a, b string, next func(seconds float64, at int64) (float64, int64)) error {
	low, high := lowHigh(a, b)
	err := s.tx(ctx, func(tx *sql.Tx) error {
		var seconds float64
		var at int64
		found, err := present(tx.QueryRowContext(ctx, `
			INSERT INTO talk (low_id, high_id, seconds, at)
			SELECT a.id, b.id, 0, 0 FROM people AS a, people AS b WHERE a.id = $1 AND b.id = $2
			ON CONFLICT (low_id, high_id) DO UPDATE SET at = talk.at
			RETURNING seconds, at`, low, high).Scan(&seconds, &at))
		if err != nil || !found {
			return err
		}
		seconds, at = next(seconds, at)
		_, err = tx.ExecContext(ctx, `UPDATE talk SET seconds = $3, at = $4 WHERE low_id = $1 AND high_id = $2`, low, high, seconds, at)
		return err
	})
	if err != nil {
		return fmt.Errorf("count talk: %w", err)
	}
	return nil
}

// listSource reads the friends on one side of friendships f; mine and theirs
// are the columns of the two.
func listSource(mine, theirs string) string {
	return `
	SELECT ` + personColumns + `, f.family, f.changed_at,
		COALESCE(st.presence, 'friends'), COALESCE(st.last_seen, 'friends'), people.last_seen_at,
		COALESCE(t.seconds, 0), COALESCE(t.at, 0)
	FROM friendships AS f
	JOIN people ON people.id = f.` + theirs + `
	LEFT JOIN settings AS st ON st.person_id = people.id
	LEFT JOIN talk AS t ON t.low_id = f.low_id AND t.high_id = f.high_id
	WHERE f.` + mine + ` = $1 AND f.state = 'friends' AND people.state = 'active'
	  AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker_id = f.low_id AND blocked_id = f.high_id)
	  AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker_id = f.high_id AND blocked_id = f.low_id)`
}

var (
	friendList  = listSource("low_id", "high_id") + ` UNION ALL ` + listSource("high_id", "low_id")
	orderByTalk = `SELECT order_by_talk FROM settings WHERE person_id = $1`
)

// FriendList returns a person's friends who are active and whom no block
// keeps away, in no particular order, and whether the person wants them
// ordered by talk.
func (s *Store) FriendList(ctx context.Context, userID string) (friends []proto.FriendListed, byTalk bool, err error) {
	byTalk = true // for somebody without settings
	if _, err := present(s.hotRow(ctx, orderByTalk, []any{userID}, &byTalk)); err != nil {
		return nil, false, fmt.Errorf("list friends: %w", err)
	}
	rows, err := s.hotRows(ctx, friendList, userID)
	if err != nil {
		return nil, false, fmt.Errorf("list friends: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var f proto.FriendListed
		p := &f.Person
		if err := rows.Scan(&p.ID, &p.Name, &p.Avatar, &p.Role, &p.Family, &f.Family, &f.Since,
			&f.Presence, &f.LastSeen, &f.LastSeenAt, &f.TalkSeconds, &f.TalkAt); err != nil {
			return nil, false, fmt.Errorf("list friends: %w", err)
		}
		friends = append(friends, f)
	}
	if err := rows.Err(); err != nil {
		return nil, false, fmt.Errorf("list friends: %w", err)
	}
	return friends, byTalk, nil
}
