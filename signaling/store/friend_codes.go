package store

import (
	"context"
	"fmt"
	"time"

	"kinwire/signaling/proto"
)

// FriendCode returns a person's friend code; false if they have none yet.
func (s *Store) FriendCode(ctx context.Context, userID string) (code string, found bool, err error) {
	found, err = present(s.read.QueryRowContext(ctx, `SELECT code FROM friend_codes WHERE person_id = $1`, userID).Scan(&code))
	if err != nil {
		return "", false, fmt.Errorf("look up a friend code: %w", err)
	}
	return code, found, nil
}

// SetFriendCode gives a person a code. Somebody who has one keeps it unless
// replace is set. It changes nothing and returns false if the code is
// somebody's already.
func (s *Store) SetFriendCode(ctx context.Context, userID, code string, at time.Time, replace bool) (bool, error) {
	n, err := affected(s.write.ExecContext(ctx, `
		INSERT INTO friend_codes (person_id, code, made_at)
		SELECT id, $2, CAST($3 AS BIGINT) FROM people
		WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM friend_codes WHERE code = $2)
		ON CONFLICT (person_id) DO UPDATE SET
			code    = CASE WHEN $4 = 1 THEN excluded.code ELSE friend_codes.code END,
			made_at = CASE WHEN $4 = 1 THEN excluded.made_at ELSE friend_codes.made_at END`,
		userID, code, toMillis(at), flag(replace)))
	if err != nil {
		return false, fmt.Errorf("set a friend code: %w", err)
	}
	return n > 0, nil
}

const codeOwner = `
	SELECT ` + personColumns + `
	FROM friend_codes JOIN people ON people.id = friend_codes.person_id
	WHERE friend_codes.code = $1 AND people.state = 'active' AND people.role <> 'staff'
	  AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker_id = people.id AND blocked_id = $2)`

// FriendCodeOwner returns whose code it is, for asker: nobody's if its owner
// is suspended, has blocked asker, or is of the staff. One statement answers for every case, so
// the time it takes does not tell them apart.
func (s *Store) FriendCodeOwner(ctx context.Context, code, asker string) (proto.Person, bool, error) {
	p, found, err := scanPerson(s.read.QueryRowContext(ctx, codeOwner, code, asker))
	if err != nil {
		return proto.Person{}, false, fmt.Errorf("look up a friend code: %w", err)
	}
	return p, found, nil
}
