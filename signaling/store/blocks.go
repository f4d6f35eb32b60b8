package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"kinwire/signaling/proto"
)

// setBlock keeps or forgets that one person has blocked another. It is part of
// [Store.ChangeFriendship]: a block and what it ends are one decision. by is
// who has decided, empty to forget.
func setBlock(ctx context.Context, tx *sql.Tx, blocker, blocked, by string, at int64) error {
	query, args := `DELETE FROM blocks WHERE blocker_id = $1 AND blocked_id = $2`, []any{blocker, blocked}
	if by != "" {
		query = `
			INSERT INTO blocks (blocker_id, blocked_id, by_id, at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (blocker_id, blocked_id) DO UPDATE SET by_id = excluded.by_id, at = excluded.at`
		args = append(args, by, at)
	}
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}

// A block without by_id is the blocker's own.
const (
	blockOf      = `SELECT COALESCE(NULLIF(by_id, ''), blocker_id) FROM blocks WHERE blocker_id = $1 AND blocked_id = $2`
	blockColumns = `COALESCE(NULLIF(lb.by_id, ''), lb.blocker_id, ''), COALESCE(NULLIF(hb.by_id, ''), hb.blocker_id, '')`
)

const blockedBy = `
	SELECT ` + personColumns + `
	FROM blocks JOIN people ON people.id = blocks.blocked_id
	WHERE blocks.blocker_id = $1
	ORDER BY blocks.at DESC, people.id`

// Blocked returns those whom a person has blocked, the last one first;
// suspended ones too.
func (s *Store) Blocked(ctx context.Context, userID string) (people []proto.Person, err error) {
	rows, err := s.read.QueryContext(ctx, blockedBy, userID)
	if err != nil {
		return nil, fmt.Errorf("list blocks: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		p, _, err := scanPerson(rows)
		if err != nil {
			return nil, fmt.Errorf("list blocks: %w", err)
		}
		people = append(people, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list blocks: %w", err)
	}
	return people, nil
}
