package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kinwire/signaling/proto"
)

const friendNames = `id, low_id, high_id, state, family, low_yes, high_yes, low_parent_yes, high_parent_yes, ` +
	`asked_by, via, declined_by, created_at, changed_at, expires_at, quiet_until, reminded_at`

// friendColumns are those of friendships as f.
var friendColumns = "f." + strings.ReplaceAll(friendNames, ", ", ", f.")

func friendFields(r *proto.FriendRow) []any {
	return []any{&r.ID, &r.IDs[0], &r.IDs[1], &r.State, &r.Family, &r.Yes[0], &r.Yes[1], &r.ParentYes[0], &r.ParentYes[1],
		&r.AskedBy, &r.Via, &r.DeclinedBy, &r.CreatedAt, &r.ChangedAt, &r.ExpiresAt, &r.QuietUntil, &r.RemindedAt}
}

// lowHigh is the order in which a pair is stored.
func lowHigh(a, b string) (low, high string) { return min(a, b), max(a, b) }

// ChangeFriendship lets change decide about what is between two people, with
// the row held against every other change until the end of the transaction.
// change gets the row (State empty where there is none yet) and both people;
// what it returns is kept, blocks included, together with the log. If it
// returns an error, nothing is changed and the error comes back as it is.
// found is false, and change is not called, if one of the two does not exist.
func (s *Store) ChangeFriendship(ctx context.Context, a, b string,
	change func(proto.FriendTie) (proto.FriendRow, []proto.AuditEntry, error)) (found bool, err error) {
	low, high := lowHigh(a, b)
	if low == high {
		return false, nil
	}
	var refused error
	err = s.tx(ctx, func(tx *sql.Tx) error {
		tie, there, err := holdFriendship(ctx, tx, low, high)
		if err != nil || !there {
			return err
		}
		found = true
		before := tie.Row
		after, log, err := change(tie)
		at := after.ChangedAt
		if len(log) > 0 {
			at = log[len(log)-1].At
		}
		if err != nil {
			refused = err
			return err
		}
		if err := writeFriendship(ctx, tx, before, after, at); err != nil {
			return err
		}
		return appendAudit(ctx, tx, log)
	})
	if refused != nil {
		return found, refused
	}
	if err != nil {
		return false, fmt.Errorf("change a friendship: %w", err)
	}
	return found, nil
}

// holdFriendship makes the row if need be and locks it. A row that was made
// here has an empty state and does not outlive the transaction as such. Its id
// until then is nobody else's: of two who make the same row at once, one must
// run into the pair, which is handled, and not into the id, which is not.
func holdFriendship(ctx context.Context, tx *sql.Tx, low, high string) (tie proto.FriendTie, found bool, err error) {
	found, err = present(tx.QueryRowContext(ctx, `
		INSERT INTO friendships (`+friendNames+`)
		SELECT $1, a.id, b.id, '', 0, 0, 0, '', '', '', '', '', 0, 0, 0, 0, 0
		FROM people AS a, people AS b WHERE a.id = $2 AND b.id = $3
		ON CONFLICT (low_id, high_id) DO UPDATE SET changed_at = friendships.changed_at
		RETURNING `+friendNames, "new:"+rand.Text(), low, high).Scan(friendFields(&tie.Row)...))
	if err != nil || !found {
		return proto.FriendTie{}, false, err
	}
	for i, id := range tie.Row.IDs {
		other := tie.Row.IDs[1-i]
		if err := friendSide(ctx, tx, id, &tie.Sides[i]); err != nil {
			return proto.FriendTie{}, false, err
		}
		if _, err := present(tx.QueryRowContext(ctx, blockOf, id, other).Scan(&tie.Row.BlockedBy[i])); err != nil {
			return proto.FriendTie{}, false, err
		}
	}
	v := &tie.Via
	_, err = present(tx.QueryRowContext(ctx, `SELECT id, name, avatar FROM people WHERE id = $1`, tie.Row.Via).Scan(&v.ID, &v.Name, &v.Avatar))
	return tie, err == nil, err
}

func friendSide(ctx context.Context, tx *sql.Tx, id string, side *proto.FriendSide) (err error) {
	p := &side.Person
	err = tx.QueryRowContext(ctx, `
		SELECT `+personColumns+`, people.state = 'active', people.role = 'child' AND COALESCE(rules.approve_friends, 1) = 1
		FROM people LEFT JOIN rules ON rules.child_id = people.id WHERE people.id = $1`, id).
		Scan(&p.ID, &p.Name, &p.Avatar, &p.Role, &p.Family, &side.Active, &side.Approve)
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT guardian_id FROM guardians WHERE child_id = $1 ORDER BY guardian_id`, id)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var guardian string
		if err := rows.Scan(&guardian); err != nil {
			return err
		}
		side.Guardians = append(side.Guardians, guardian)
	}
	return rows.Err()
}

func writeFriendship(ctx context.Context, tx *sql.Tx, before, after proto.FriendRow, at int64) error {
	low, high := before.IDs[0], before.IDs[1]
	if after.State == "" {
		if _, err := tx.ExecContext(ctx, `DELETE FROM friendships WHERE low_id = $1 AND high_id = $2`, low, high); err != nil {
			return err
		}
	} else if _, err := tx.ExecContext(ctx, `
		UPDATE friendships SET id = $3, state = $4, family = $5, low_yes = $6, high_yes = $7, low_parent_yes = $8, high_parent_yes = $9,
			asked_by = $10, via = $11, declined_by = $12, created_at = $13, changed_at = $14, expires_at = $15, quiet_until = $16,
			reminded_at = $17
		WHERE low_id = $1 AND high_id = $2`,
		low, high, after.ID, string(after.State), flag(after.Family), flag(after.Yes[0]), flag(after.Yes[1]),
		after.ParentYes[0], after.ParentYes[1], after.AskedBy, after.Via, after.DeclinedBy,
		after.CreatedAt, after.ChangedAt, after.ExpiresAt, after.QuietUntil, after.RemindedAt); err != nil {
		return err
	}
	for i, id := range before.IDs {
		if before.BlockedBy[i] == after.BlockedBy[i] {
			continue
		}
		if err := setBlock(ctx, tx, id, before.IDs[1-i], after.BlockedBy[i], at); err != nil {
			return err
		}
	}
	return nil
}

// friendPerson is what of the two people's columns FriendTie wants, by the
// table's name: an alias of people joined with one of rules.
func friendPerson(people, rules string) string {
	return fmt.Sprintf(`%[1]s.id, %[1]s.name, %[1]s.avatar, %[1]s.role, %[1]s.family, %[1]s.state = 'active',
		%[1]s.role = 'child' AND COALESCE(%[2]s.approve_friends, 1) = 1`, people, rules)
}

// tieSource reads friendships f with both people, who introduced them and
// both blocks; what it is about comes after it.
var tieSource = `
	SELECT ` + friendColumns + `,
		` + blockColumns + `,
		` + friendPerson("lp", "lr") + `, ` + friendPerson("hp", "hr") + `,
		COALESCE(via.id, ''), COALESCE(via.name, ''), COALESCE(via.avatar, '')
	FROM friendships AS f
	JOIN people AS lp ON lp.id = f.low_id
	JOIN people AS hp ON hp.id = f.high_id
	LEFT JOIN rules AS lr ON lr.child_id = f.low_id
	LEFT JOIN rules AS hr ON hr.child_id = f.high_id
	LEFT JOIN blocks AS lb ON lb.blocker_id = f.low_id AND lb.blocked_id = f.high_id
	LEFT JOIN blocks AS hb ON hb.blocker_id = f.high_id AND hb.blocked_id = f.low_id
	LEFT JOIN people AS via ON via.id = f.via `

func scanTie(row scanner) (proto.FriendTie, error) {
	var t proto.FriendTie
	into := append(friendFields(&t.Row), &t.Row.BlockedBy[0], &t.Row.BlockedBy[1])
	for i := range t.Sides {
		p := &t.Sides[i].Person
		into = append(into, &p.ID, &p.Name, &p.Avatar, &p.Role, &p.Family, &t.Sides[i].Active, &t.Sides[i].Approve)
	}
	into = append(into, &t.Via.ID, &t.Via.Name, &t.Via.Avatar)
	return t, row.Scan(into...)
}

// The queries of friendships, here so that tests can look at their plans.
var (
	tieByID     = tieSource + `WHERE f.id = $1`
	tiesPending = tieSource + `WHERE f.low_id = $1 AND f.state = 'pending'
		UNION ALL ` + tieSource + `WHERE f.high_id = $1 AND f.state = 'pending'`
	tiesOfChildren = tieSource + `JOIN guardians AS g ON g.child_id = f.low_id WHERE g.guardian_id = $1 AND f.state = 'pending'
		UNION ALL ` + tieSource + `JOIN guardians AS g ON g.child_id = f.high_id WHERE g.guardian_id = $1 AND f.state = 'pending'`
	childrenOf = `SELECT child_id FROM guardians WHERE guardian_id = $1`
	tiesDue    = tieSource + `WHERE f.state = 'pending' AND f.expires_at <= $1 ORDER BY f.expires_at LIMIT $2`
	introOpen  = `SELECT count(*) FROM friendships WHERE via = $1 AND via <> '' AND state = 'pending'`
)

// FriendTie returns the friendship or request with that id; false if there is
// none. Guardians are not filled in.
func (s *Store) FriendTie(ctx context.Context, id string) (proto.FriendTie, bool, error) {
	t, err := scanTie(s.read.QueryRowContext(ctx, tieByID, id))
	found, err := present(err)
	if err != nil {
		return proto.FriendTie{}, false, fmt.Errorf("look up a friendship: %w", err)
	}
	return t, found, nil
}

// PendingTies returns the requests that a person is one side of, in no
// particular order, run out or not. Guardians are not filled in.
func (s *Store) PendingTies(ctx context.Context, userID string) ([]proto.FriendTie, error) {
	return s.ties(ctx, tiesPending, userID)
}

// PendingTiesOfChildren returns the requests that a child of this parent is
// one side of, each once. Guardians holds this parent alone, on each side that
// is a child of theirs.
func (s *Store) PendingTiesOfChildren(ctx context.Context, guardianID string) ([]proto.FriendTie, error) {
	children, err := s.texts(ctx, childrenOf, guardianID)
	if err != nil {
		return nil, fmt.Errorf("list a parent's children: %w", err)
	}
	twice, err := s.ties(ctx, tiesOfChildren, guardianID)
	if err != nil {
		return nil, err
	}
	var ties []proto.FriendTie
	for _, t := range twice {
		if slices.ContainsFunc(ties, func(seen proto.FriendTie) bool { return seen.Row.ID == t.Row.ID }) {
			continue // a child on both sides
		}
		for i, id := range t.Row.IDs {
			if slices.Contains(children, id) {
				t.Sides[i].Guardians = []string{guardianID}
			}
		}
		ties = append(ties, t)
	}
	return ties, nil
}

// texts reads one column.
func (s *Store) texts(ctx context.Context, query string, args ...any) (all []string, err error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}

// DueTies returns at most limit requests that have run out at now, the
// oldest first. Guardians are not filled in.
func (s *Store) DueTies(ctx context.Context, now time.Time, limit int) ([]proto.FriendTie, error) {
	return s.ties(ctx, tiesDue, toMillis(now), limit)
}

func (s *Store) ties(ctx context.Context, query string, args ...any) ([]proto.FriendTie, error) {
	rows, err := s.hotRows(ctx, query, args...)
	ties, err := collect(rows, err, scanTie)
	if err != nil {
		return nil, fmt.Errorf("list friendships: %w", err)
	}
	return ties, nil
}

// OpenIntroductions is how many requests that this person has introduced wait
// for an answer.
func (s *Store) OpenIntroductions(ctx context.Context, userID string) (n int, err error) {
	if err := s.read.QueryRowContext(ctx, introOpen, userID).Scan(&n); err != nil {
		return 0, fmt.Errorf("count introductions: %w", err)
	}
	return n, nil
}

// flag is how a bool is stored.
func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
