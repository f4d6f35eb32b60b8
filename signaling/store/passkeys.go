package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"kinwire/signaling/proto"
)

// AddPasskey keeps a passkey of a person; credential is its WebAuthn
// credential record as JSON. It changes nothing and returns false if the
// person has limit passkeys already, or if one with that id is there,
// whoever it belongs to.
func (s *Store) AddPasskey(ctx context.Context, personID string, key proto.Passkey, credential string, limit int) (added bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		// The update holds back others who add to the same person until this
		// transaction ends, so two at once cannot both be the last one.
		if _, err := tx.ExecContext(ctx, `UPDATE people SET state = state WHERE id = $1`, personID); err != nil {
			return err
		}
		n, err := affected(tx.ExecContext(ctx, `
			INSERT INTO passkeys (id, person_id, name, credential, created_at, used_at)
			SELECT $1, $2, $3, $4, $5, $6
			WHERE (SELECT count(*) FROM passkeys WHERE person_id = $2) < $7
			ON CONFLICT (id) DO NOTHING`,
			key.ID, personID, key.Name, credential, key.CreatedAt, key.UsedAt, limit))
		added = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("add a passkey: %w", err)
	}
	return added, nil
}

// Passkeys returns the passkeys of a person, the oldest first.
func (s *Store) Passkeys(ctx context.Context, personID string) ([]proto.Passkey, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT id, name, created_at, used_at FROM passkeys
		WHERE person_id = $1 ORDER BY created_at, id`, personID)
	keys, err := collect(rows, err, func(row scanner) (k proto.Passkey, err error) {
		err = row.Scan(&k.ID, &k.Name, &k.CreatedAt, &k.UsedAt)
		return k, err
	})
	if err != nil {
		return nil, fmt.Errorf("list passkeys: %w", err)
	}
	return keys, nil
}

// PasskeyCredential returns whose passkey that is and its credential record;
// false if there is none, or if its person is not active.
func (s *Store) PasskeyCredential(ctx context.Context, id string) (personID, credential string, found bool, err error) {
	err = s.read.QueryRowContext(ctx, `
		SELECT passkeys.person_id, passkeys.credential
		FROM passkeys JOIN people ON people.id = passkeys.person_id
		WHERE passkeys.id = $1 AND people.state = 'active'`, id).
		Scan(&personID, &credential)
	if found, err = present(err); err != nil {
		return "", "", false, fmt.Errorf("look up a passkey: %w", err)
	}
	return personID, credential, found, nil
}

// UsePasskey replaces the credential record of a passkey that was used at
// used. It changes nothing and returns false if the record is not before any
// more: somebody else has used the passkey meanwhile, or it was deleted.
func (s *Store) UsePasskey(ctx context.Context, id, before, after string, used time.Time) (bool, error) {
	n, err := affected(s.write.ExecContext(ctx,
		`UPDATE passkeys SET credential = $1, used_at = $2 WHERE id = $3 AND credential = $4`,
		after, toMillis(used), id, before))
	if err != nil {
		return false, fmt.Errorf("stamp a passkey as used: %w", err)
	}
	return n == 1, nil
}

// DeletePasskey forgets a passkey of that person; false if they have none by
// that id.
func (s *Store) DeletePasskey(ctx context.Context, personID, id string) (bool, error) {
	n, err := affected(s.write.ExecContext(ctx,
		`DELETE FROM passkeys WHERE id = $1 AND person_id = $2`, id, personID))
	if err != nil {
		return false, fmt.Errorf("delete a passkey: %w", err)
	}
	return n == 1, nil
}
