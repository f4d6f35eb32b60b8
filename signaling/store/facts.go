package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kinwire/signaling/proto"
)

// The queries behind policy, each for n people whose ids are $1 to $n, here so
// that tests can look at their plans.

// factPeople: whoever has no rules and is a child has the strict ones.
func factPeople(n int) string {
	return `
	SELECT ` + personColumns + `, people.state = 'active',
		EXISTS (SELECT 1 FROM consents AS c WHERE c.guardian_id = people.id AND c.method = 'video_call' AND c.state = 'review'),
		COALESCE(r.approve_friends, 1), COALESCE(r.video, 1), COALESCE(r.daily_minutes, 0), COALESCE(r.time_zone, 'UTC'),
		COALESCE(r.quiet_hours, '[]')
	FROM people LEFT JOIN rules AS r ON r.child_id = people.id
	WHERE people.id IN (` + numbered(n) + `)`
}

func factConsents(n int) string {
	return `
	SELECT c.child_id, s.scope, c.notice_version
	FROM consents AS c JOIN consent_scopes AS s ON s.consent_id = c.id
	WHERE c.child_id IN (` + numbered(n) + `) AND c.state = 'granted' AND s.given = 1`
}

func factTalk(n int) string {
	return fmt.Sprintf(`SELECT child_id, day, seconds FROM talk_days WHERE child_id IN (%s) AND day >= $%d AND day <= $%d`,
		numbered(n), n+1, n+2)
}

func factTies(n int) string {
	return `
	SELECT ` + friendColumns + `, ` + blockColumns + `
	FROM friendships AS f
	LEFT JOIN blocks AS lb ON lb.blocker_id = f.low_id AND lb.blocked_id = f.high_id
	LEFT JOIN blocks AS hb ON hb.blocker_id = f.high_id AND hb.blocked_id = f.low_id
	WHERE f.low_id IN (` + numbered(n) + `) AND f.high_id IN (` + numbered(n) + `)`
}

const factGuards = `
	SELECT EXISTS (SELECT 1 FROM guardians AS g JOIN people ON people.id = g.guardian_id
		WHERE g.child_id = $2 AND g.guardian_id = $1 AND people.state = 'active')`

// numbered is $1,$2 … $n.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "$%d", i+1)
	}
	return b.String()
}

func anys(ids []string) []any {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return args
}

// PeopleFacts returns what policy has to know about these people, those who do
// not exist left out. Talk is looked up from fromDay to toDay (YYYY-MM-DD,
// both included), for children with an allowance only.
func (s *Store) PeopleFacts(ctx context.Context, ids []string, fromDay, toDay string) ([]proto.PersonFacts, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	people, err := s.factPeople(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("look up facts about people: %w", err)
	}
	var children, limited []string
	for _, p := range people {
		if p.Person.Role == proto.RoleChild {
			children = append(children, p.Person.ID)
			if p.Rules.DailyMinutes > 0 {
				limited = append(limited, p.Person.ID)
			}
		}
	}
	if err := s.factConsents(ctx, children, people); err != nil {
		return nil, fmt.Errorf("look up consents: %w", err)
	}
	if err := s.factTalk(ctx, limited, fromDay, toDay, people); err != nil {
		return nil, fmt.Errorf("look up how long people were in calls: %w", err)
	}
	return people, nil
}

func (s *Store) factPeople(ctx context.Context, ids []string) (people []proto.PersonFacts, err error) {
	rows, err := s.hotRows(ctx, factPeople(len(ids)), anys(ids)...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var f proto.PersonFacts
		var r proto.Rules
		var quiet string
		p := &f.Person
		if err := rows.Scan(&p.ID, &p.Name, &p.Avatar, &p.Role, &p.Family, &f.Active, &f.InReview,
			&r.ApproveFriends, &r.Video, &r.DailyMinutes, &r.TimeZone, &quiet); err != nil {
			return nil, err
		}
		if p.Role == proto.RoleChild {
			if err := json.Unmarshal([]byte(quiet), &r.QuietHours); err != nil {
				return nil, fmt.Errorf("quiet hours of %s: %w", p.ID, err)
			}
			f.Rules = r
		}
		people = append(people, f)
	}
	return people, rows.Err()
}

func (s *Store) factConsents(ctx context.Context, children []string, people []proto.PersonFacts) (err error) {
	if len(children) == 0 {
		return nil
	}
	rows, err := s.hotRows(ctx, factConsents(len(children)), anys(children)...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id string
		var given proto.GivenScope
		if err := rows.Scan(&id, &given.Scope, &given.NoticeVersion); err != nil {
			return err
		}
		if p := factOf(people, id); p != nil {
			p.Given = append(p.Given, given)
		}
	}
	return rows.Err()
}

func (s *Store) factTalk(ctx context.Context, children []string, fromDay, toDay string, people []proto.PersonFacts) (err error) {
	if len(children) == 0 {
		return nil
	}
	rows, err := s.hotRows(ctx, factTalk(len(children)), append(anys(children), fromDay, toDay)...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id, day string
		var seconds int64
		if err := rows.Scan(&id, &day, &seconds); err != nil {
			return err
		}
		if p := factOf(people, id); p != nil {
			if p.Used == nil {
				p.Used = map[string]int64{}
			}
			p.Used[day] = seconds
		}
	}
	return rows.Err()
}

func factOf(people []proto.PersonFacts, id string) *proto.PersonFacts {
	if i := slices.IndexFunc(people, func(p proto.PersonFacts) bool { return p.Person.ID == id }); i >= 0 {
		return &people[i]
	}
	return nil
}

// FriendRows returns what is between these people, every pair of them that
// there is a row about, with blocks.
func (s *Store) FriendRows(ctx context.Context, ids []string) (ties []proto.FriendRow, err error) {
	if len(ids) < 2 {
		return nil, nil
	}
	rows, err := s.hotRows(ctx, factTies(len(ids)), anys(ids)...)
	if err != nil {
		return nil, fmt.Errorf("look up friendships: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r proto.FriendRow
		if err := rows.Scan(append(friendFields(&r), &r.BlockedBy[0], &r.BlockedBy[1])...); err != nil {
			return nil, fmt.Errorf("look up friendships: %w", err)
		}
		ties = append(ties, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look up friendships: %w", err)
	}
	return ties, nil
}

// Guards says whether the first is an active parent of the second.
func (s *Store) Guards(ctx context.Context, parentID, childID string) (guards bool, err error) {
	if err := s.hotRow(ctx, factGuards, []any{parentID, childID}, &guards); err != nil {
		return false, fmt.Errorf("look up who looks after whom: %w", err)
	}
	return guards, nil
}
