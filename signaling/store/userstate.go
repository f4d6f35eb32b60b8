package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kinwire/signaling/proto"
)

// UserStates returns what an operator may know of these people, at now, in no
// order. Who does not exist is left out.
func (s *Store) UserStates(ctx context.Context, now time.Time, ids ...string) ([]proto.UserState, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	states, err := s.userFacts(ctx, now, ids)
	if err != nil {
		return nil, fmt.Errorf("read the state of accounts: %w", err)
	}
	if err := s.userFamilies(ctx, states, ids); err != nil {
		return nil, fmt.Errorf("read the families of accounts: %w", err)
	}
	return states, nil
}

func (s *Store) userFacts(ctx context.Context, now time.Time, ids []string) (states []proto.UserState, err error) {
	in, args := placeholders(ids)
	rows, err := s.read.QueryContext(ctx, `
		SELECT `+personColumns+`, people.state, people.country, people.birth_date, people.created_at, people.last_seen_at,
			(SELECT count(*) FROM friendships WHERE low_id = people.id AND state = 'friends')
				+ (SELECT count(*) FROM friendships WHERE high_id = people.id AND state = 'friends'),
			(SELECT count(*) FROM blocks WHERE blocked_id = people.id),
			(SELECT count(*) FROM reports WHERE about_id = people.id),
			(SELECT count(*) FROM reports WHERE about_id = people.id AND decision = 'warn'),
			COALESCE(notes.note, ''), COALESCE(notes.until, 0)
		FROM people LEFT JOIN suspension_notes AS notes ON notes.person_id = people.id
		WHERE people.id IN (`+in+`)`, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		u := proto.UserState{Guardians: []string{}, Children: []string{}}
		var born string
		err := rows.Scan(&u.Person.ID, &u.Person.Name, &u.Person.Avatar, &u.Person.Role, &u.Person.Family,
			&u.State, &u.Country, &born, &u.CreatedAt, &u.LastSeenAt,
			&u.Friends, &u.Blocks, &u.Reports, &u.Warnings, &u.Note, &u.SuspendedTil)
		if err != nil {
			return nil, err
		}
		if u.State != "suspended" {
			u.SuspendedTil = 0
		}
		u.Age = age(born, now)
		states = append(states, u)
	}
	return states, rows.Err()
}

// userFamilies fills in guardians and children.
func (s *Store) userFamilies(ctx context.Context, states []proto.UserState, ids []string) (err error) {
	in, args := placeholders(ids)
	rows, err := s.read.QueryContext(ctx, `
		SELECT guardian_id, child_id FROM guardians WHERE guardian_id IN (`+in+`) OR child_id IN (`+in+`)
		ORDER BY guardian_id, child_id`, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var guardian, child string
		if err := rows.Scan(&guardian, &child); err != nil {
			return err
		}
		for i := range states {
			u := &states[i]
			if u.Person.ID == child {
				u.Guardians = append(u.Guardians, guardian)
			}
			if u.Person.ID == guardian {
				u.Children = append(u.Children, child)
			}
		}
	}
	return rows.Err()
}

// placeholders returns $1, $2 … for each of values, and these as arguments.
func placeholders(values []string) (in string, args []any) {
	marks := make([]string, 0, len(values))
	for i, v := range values {
		marks = append(marks, "$"+strconv.Itoa(i+1))
		args = append(args, v)
	}
	return strings.Join(marks, ", "), args
}

// age is how many birthdays somebody has had, by the date in UTC; 0 without a
// date of birth.
func age(born string, now time.Time) int {
	day, err := time.Parse(time.DateOnly, born)
	if err != nil {
		return 0
	}
	now = now.UTC()
	years := now.Year() - day.Year()
	if now.Month() < day.Month() || (now.Month() == day.Month() && now.Day() < day.Day()) {
		years--
	}
	return max(0, years)
}

// LookUpPerson returns whose user id or login (in lower case) find is, empty
// if nobody's, and in the same transaction writes down that it was looked for.
func (s *Store) LookUpPerson(ctx context.Context, find string, entry func(userID string) proto.AuditEntry) (userID string, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		_, err := present(tx.QueryRowContext(ctx, `
			SELECT id FROM people WHERE id = $1 OR id = (SELECT person_id FROM logins WHERE login = $2)
			ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END LIMIT 1`, find, strings.ToLower(find)).Scan(&userID))
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, []proto.AuditEntry{entry(userID)})
	})
	if err != nil {
		return "", fmt.Errorf("look a person up: %w", err)
	}
	return userID, nil
}

// Recipients returns where to write to those of these people who have an
// e-mail address: children have none.
func (s *Store) Recipients(ctx context.Context, ids ...string) (to []proto.Recipient, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	in, args := placeholders(ids)
	rows, err := s.read.QueryContext(ctx, `
		SELECT people.id, logins.login, people.language
		FROM people JOIN logins ON logins.person_id = people.id
		WHERE people.role NOT IN ('child', 'staff') AND logins.login LIKE '%@%' AND people.id IN (`+in+`)
		ORDER BY people.id`, args...)
	if err != nil {
		return nil, fmt.Errorf("look up e-mail addresses: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r proto.Recipient
		if err := rows.Scan(&r.ID, &r.Email, &r.Language); err != nil {
			return nil, fmt.Errorf("look up e-mail addresses: %w", err)
		}
		to = append(to, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look up e-mail addresses: %w", err)
	}
	return to, nil
}
