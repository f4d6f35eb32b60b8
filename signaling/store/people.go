package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kinwire/signaling/proto"
)

// refusal ends a transaction with nothing done, for a reason that is an
// answer and no fault.
type refusal proto.Code

func (r refusal) Error() string { return "refused: " + string(r) }

// decide runs do in one transaction. A refusal undoes it and comes back as its
// code, which is empty if all went through.
func (s *Store) decide(ctx context.Context, do func(tx *sql.Tx) error) (refused proto.Code, err error) {
	err = s.tx(ctx, do)
	var r refusal
	if errors.As(err, &r) {
		return proto.Code(r), nil
	}
	return "", err
}

// AddPerson adds a person with their login and password hash (PHC format). It
// changes nothing and returns false if the id or the login is taken.
func (s *Store) AddPerson(ctx context.Context, p proto.Person, login, passwordHash string) (bool, error) {
	refused, err := s.decide(ctx, func(tx *sql.Tx) error {
		a := proto.AccountRow{Person: p, Login: login, Password: passwordHash, CreatedAt: fromMillis(0)}
		if err := insertPerson(ctx, tx, a); err != nil {
			return err
		}
		return insertLogin(ctx, tx, a)
	})
	if err != nil {
		return false, fmt.Errorf("add a person: %w", err)
	}
	return refused == "", nil
}

// AddAccount makes an account. With a kind, it uses up the ticket of that kind
// and token in the same transaction. Refused is unauthenticated if there is no
// such ticket any more, taken if the id or the login belongs to somebody; then
// nothing is changed, and the ticket stays.
func (s *Store) AddAccount(ctx context.Context, a proto.AccountRow, kind, token string) (refused proto.Code, err error) {
	refused, err = s.decide(ctx, func(tx *sql.Tx) error {
		if kind != "" {
			if err := useTicket(ctx, tx, kind, token, a.CreatedAt); err != nil {
				return err
			}
		}
		if err := insertPerson(ctx, tx, a); err != nil || a.Login == "" {
			return err
		}
		return insertLogin(ctx, tx, a)
	})
	if err != nil {
		return "", fmt.Errorf("add an account: %w", err)
	}
	return refused, nil
}

func insertPerson(ctx context.Context, tx *sql.Tx, a proto.AccountRow) error {
	n, err := affected(tx.ExecContext(ctx, `
		INSERT INTO people (id, name, avatar, role, family, country, birth_date, gender, language, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (id) DO NOTHING`,
		a.Person.ID, a.Person.Name, a.Person.Avatar, string(a.Person.Role), a.Person.Family,
		a.Country, a.BirthDate, string(a.Gender), a.Language, toMillis(a.CreatedAt)))
	if err == nil && n == 0 {
		return refusal(proto.CodeTaken)
	}
	return err
}

func insertLogin(ctx context.Context, tx *sql.Tx, a proto.AccountRow) error {
	n, err := affected(tx.ExecContext(ctx, `
		INSERT INTO logins (login, person_id, password) VALUES ($1, $2, $3)
		ON CONFLICT DO NOTHING`, a.Login, a.Person.ID, a.Password))
	if err == nil && n == 0 {
		return refusal(proto.CodeTaken)
	}
	return err
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

const accountColumns = personColumns + `, people.state = 'active', COALESCE(logins.login, ''), COALESCE(logins.password, ''),
	people.country, people.birth_date, people.gender, people.language, people.created_at`

// Account returns the account with that id, suspended ones too; false if there
// is none.
func (s *Store) Account(ctx context.Context, userID string) (proto.AccountRow, bool, error) {
	return s.account(ctx, `people.id = $1`, userID)
}

// AccountByLogin returns the account with that login, which is in lower case,
// suspended ones too; false if there is none.
func (s *Store) AccountByLogin(ctx context.Context, login string) (proto.AccountRow, bool, error) {
	return s.account(ctx, `logins.login = $1`, login)
}

func (s *Store) account(ctx context.Context, where, key string) (proto.AccountRow, bool, error) {
	a, err := scanAccount(s.read.QueryRowContext(ctx, `
		SELECT `+accountColumns+` FROM people LEFT JOIN logins ON logins.person_id = people.id WHERE `+where, key))
	found, err := present(err)
	if err != nil {
		return proto.AccountRow{}, false, fmt.Errorf("look up an account: %w", err)
	}
	return a, found, nil
}

// EditPerson gives a person another name and picture. Where a parent's family
// is called by the parent's name, it is called by the new one from now on, for
// the children too.
func (s *Store) EditPerson(ctx context.Context, userID, name, avatar string) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			UPDATE people SET family = $2
			WHERE (id = $1 OR id IN (SELECT child_id FROM guardians WHERE guardian_id = $1))
			  AND family = (SELECT parent.name FROM people AS parent WHERE parent.id = $1 AND parent.role = 'parent')`,
			userID, name); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE people SET name = $2, avatar = $3 WHERE id = $1`, userID, name, avatar)
		return err
	})
	if err != nil {
		return fmt.Errorf("edit a person: %w", err)
	}
	return nil
}

// Marked says whether somebody with that mark was suspended, and the record of
// it has not gone yet.
func (s *Store) Marked(ctx context.Context, mark string, now time.Time) (marked bool, err error) {
	err = s.read.QueryRowContext(ctx,
		`SELECT EXISTS (SELECT 1 FROM suspensions WHERE mark = $1 AND until > $2)`, mark, toMillis(now)).Scan(&marked)
	if err != nil {
		return false, fmt.Errorf("look up a suspension: %w", err)
	}
	return marked, nil
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

func scanAccount(row scanner) (proto.AccountRow, error) {
	var a proto.AccountRow
	var created int64
	err := row.Scan(&a.Person.ID, &a.Person.Name, &a.Person.Avatar, &a.Person.Role, &a.Person.Family,
		&a.Active, &a.Login, &a.Password, &a.Country, &a.BirthDate, &a.Gender, &a.Language, &created)
	a.CreatedAt = fromMillis(created)
	return a, err
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
