package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"strings"

	"kinwire/signaling/proto"
)

// Pseudonym returns the name under which a person stands in call records, and
// makes it if there is none yet: pn_ and 26 random characters. It stays the
// same while the account exists. An error if there is no such person.
func (s *Store) Pseudonym(ctx context.Context, personID string) (pseudonym string, err error) {
	found, err := present(s.read.QueryRowContext(ctx, `SELECT pseudonym FROM pseudonyms WHERE person_id = $1`, personID).Scan(&pseudonym))
	if err == nil && !found {
		// The update that changes nothing gives what somebody else made at the
		// same time.
		err = s.write.QueryRowContext(ctx, `
			INSERT INTO pseudonyms (pseudonym, person_id) VALUES ($1, $2)
			ON CONFLICT (person_id) DO UPDATE SET person_id = excluded.person_id
			RETURNING pseudonym`, "pn_"+strings.ToLower(rand.Text()), personID).Scan(&pseudonym)
	}
	if err != nil {
		return "", fmt.Errorf("find a pseudonym: %w", err)
	}
	return pseudonym, nil
}

// PersonOfPseudonym returns whose pseudonym it is, suspended or not; false if
// nobody's, or nobody's any more. That somebody asked is written down in the
// same transaction.
func (s *Store) PersonOfPseudonym(ctx context.Context, pseudonym string, entry func(found bool) proto.AuditEntry) (p proto.Person, found bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		p, found, err = scanPerson(tx.QueryRowContext(ctx, `
			SELECT `+personColumns+` FROM people JOIN pseudonyms ON pseudonyms.person_id = people.id
			WHERE pseudonyms.pseudonym = $1`, pseudonym))
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, []proto.AuditEntry{entry(found)})
	})
	if err != nil {
		return proto.Person{}, false, fmt.Errorf("look up whose pseudonym it is: %w", err)
	}
	return p, found, nil
}
