package store

import (
	"context"
	"database/sql"
	"fmt"
)

// OIDCPerson returns who signs in as that subject of that provider, and
// whether they are active; false if nobody does.
func (s *Store) OIDCPerson(ctx context.Context, provider, subject string) (personID string, active, found bool, err error) {
	err = s.read.QueryRowContext(ctx, `
		SELECT people.id, people.state = 'active'
		FROM oidc_links JOIN people ON people.id = oidc_links.person_id
		WHERE oidc_links.provider = $1 AND oidc_links.subject = $2`, provider, subject).
		Scan(&personID, &active)
	if found, err = present(err); err != nil {
		return "", false, false, fmt.Errorf("look up a link to an OpenID Connect provider: %w", err)
	}
	return personID, active, found, nil
}

// AddOIDCLink lets a person sign in as that subject of that provider. Doing it
// again is no error. It changes nothing and returns false if the subject
// stands for another person, or the person is another subject there.
func (s *Store) AddOIDCLink(ctx context.Context, provider, subject, personID string) (linked bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		// Holds back others who link the same person until this transaction
		// ends, so that two subjects at once cannot both be the first.
		if _, err := tx.ExecContext(ctx, `UPDATE people SET state = state WHERE id = $1`, personID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO oidc_links (provider, subject, person_id)
			SELECT $1, $2, $3
			WHERE NOT EXISTS (SELECT 1 FROM oidc_links WHERE provider = $1 AND person_id = $3)
			ON CONFLICT (provider, subject) DO NOTHING`, provider, subject, personID); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `
			SELECT EXISTS (SELECT 1 FROM oidc_links WHERE provider = $1 AND subject = $2 AND person_id = $3)`,
			provider, subject, personID).Scan(&linked)
	})
	if err != nil {
		return false, fmt.Errorf("link a person to an OpenID Connect provider: %w", err)
	}
	return linked, nil
}
