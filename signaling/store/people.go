package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"kinwire/signaling/proto"
)

// AddPerson adds a person with their login and password hash (PHC format). It
// changes nothing and returns false if the id or the login is taken.
func (s *Store) AddPerson(ctx context.Context, p proto.Person, login, passwordHash string) (bool, error) {
	added := false
	err := s.tx(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, `
			INSERT INTO people (id, name, avatar, role, family)
			SELECT $1, $2, $3, $4, $5
			WHERE NOT EXISTS (SELECT 1 FROM logins WHERE login = $6)
			ON CONFLICT (id) DO NOTHING`,
			p.ID, p.Name, p.Avatar, string(p.Role), p.Family, login))
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx,
			`INSERT INTO logins (login, person_id, password) VALUES ($1, $2, $3)`,
			login, p.ID, passwordHash)
		added = err == nil
		return err
	})
	if err != nil {
		return false, fmt.Errorf("add a person: %w", err)
	}
	return added, nil
}

// Credentials returns the id and the password hash of the active person with
// that login; false if there is none.
func (s *Store) Credentials(ctx context.Context, login string) (userID, passwordHash string, found bool, err error) {
	err = s.read.QueryRowContext(ctx, `
		SELECT people.id, logins.password
		FROM logins JOIN people ON people.id = logins.person_id
		WHERE logins.login = $1 AND people.state = 'active'`, login).
		Scan(&userID, &passwordHash)
	if found, err = present(err); err != nil {
		return "", "", false, fmt.Errorf("look up a login: %w", err)
	}
	return userID, passwordHash, found, nil
}

const personColumns = `people.id, people.name, people.avatar, people.role, people.family`

// Person returns the active person with that id; false if there is none.
func (s *Store) Person(ctx context.Context, userID string) (proto.Person, bool, error) {
	p, found, err := scanPerson(s.read.QueryRowContext(ctx,
		`SELECT `+personColumns+` FROM people WHERE id = $1 AND state = 'active'`, userID))
	if err != nil {
		return proto.Person{}, false, fmt.Errorf("look up a person: %w", err)
	}
	return p, found, nil
}

// AddContact lets from call to; the other direction is a row of its own. It is
// no error if from may already.
func (s *Store) AddContact(ctx context.Context, from, to string) error {
	_, err := s.write.ExecContext(ctx, `
		INSERT INTO contacts (person_id, contact_id) VALUES ($1, $2)
		ON CONFLICT (person_id, contact_id) DO NOTHING`, from, to)
	if err != nil {
		return fmt.Errorf("add a contact: %w", err)
	}
	return nil
}

// Contacts returns the active people whom an active person may call, ordered
// by name.
func (s *Store) Contacts(ctx context.Context, userID string) (people []proto.Person, err error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT `+personColumns+`
		FROM contacts
		JOIN people ON people.id = contacts.contact_id
		JOIN people AS self ON self.id = contacts.person_id
		WHERE contacts.person_id = $1 AND people.state = 'active' AND self.state = 'active'
		ORDER BY people.name, people.id`, userID)
	if err != nil {
		return nil, fmt.Errorf("list contacts: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		p, _, err := scanPerson(rows)
		if err != nil {
			return nil, fmt.Errorf("list contacts: %w", err)
		}
		people = append(people, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list contacts: %w", err)
	}
	return people, nil
}

// CallFacts returns what has to be known to say whether from may call to:
// whether each is an active person, and whether to is a contact of from. One
// statement answers for every case, so the time it takes does not tell
// somebody who guesses ids whether a person exists.
func (s *Store) CallFacts(ctx context.Context, from, to string) (fromActive, toActive, contact bool, err error) {
	err = s.read.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM people WHERE id = $1 AND state = 'active'),
		       EXISTS (SELECT 1 FROM people WHERE id = $2 AND state = 'active'),
		       EXISTS (SELECT 1 FROM contacts WHERE person_id = $1 AND contact_id = $2)`,
		from, to).Scan(&fromActive, &toActive, &contact)
	if err != nil {
		return false, false, false, fmt.Errorf("look up who may call whom: %w", err)
	}
	return fromActive, toActive, contact, nil
}

type scanner interface{ Scan(dest ...any) error }

func scanPerson(row scanner) (proto.Person, bool, error) {
	var p proto.Person
	found, err := present(row.Scan(&p.ID, &p.Name, &p.Avatar, &p.Role, &p.Family))
	if err != nil || !found {
		return proto.Person{}, false, err
	}
	return p, true, nil
}

// present turns "no rows" from a failure into an answer.
func present(err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func affected(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}
