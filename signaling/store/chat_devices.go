package store

import (
	"context"
	"database/sql"
	"fmt"

	"kinwire/signaling/proto"
)

const deviceColumns = `d.id, d.person_id, d.name, d.secret_hash, d.login_hash, d.signature_key, d.created_at, d.seen_at`

func scanDevice(row scanner) (d proto.ChatDeviceRow, err error) {
	err = row.Scan(&d.ID, &d.PersonID, &d.Name, &d.SecretHash, &d.LoginHash, &d.SignatureKey, &d.CreatedAt, &d.SeenAt)
	return d, err
}

// AddChatDevice adds a device, if its person has fewer than most; had is how
// many there were. False, too, if there is no such person.
func (s *Store) AddChatDevice(ctx context.Context, d proto.ChatDeviceRow, most int64) (had int64, added bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		// The person's row holds back others who add one for them.
		n, err := affected(tx.ExecContext(ctx, `UPDATE people SET state = state WHERE id = $1`, d.PersonID))
		if err != nil || n == 0 {
			return err
		}
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM chat_devices WHERE person_id = $1`, d.PersonID).Scan(&had); err != nil {
			return err
		}
		if had >= most {
			return nil
		}
		added = true
		_, err = tx.ExecContext(ctx, `
			INSERT INTO chat_devices (id, person_id, name, secret_hash, login_hash, signature_key, created_at, seen_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			d.ID, d.PersonID, d.Name, d.SecretHash, d.LoginHash, filled(d.SignatureKey), d.CreatedAt, d.SeenAt)
		return err
	})
	if err != nil {
		return 0, false, fmt.Errorf("add a device: %w", err)
	}
	return had, added, nil
}

// ChatDevices lists a person's devices, the oldest first.
func (s *Store) ChatDevices(ctx context.Context, personID string) ([]proto.ChatDeviceRow, error) {
	return s.chatDevices(ctx, `WHERE d.person_id = $1 ORDER BY d.created_at, d.id`, personID)
}

// ChatDevicesByID returns those of ids that there are.
func (s *Store) ChatDevicesByID(ctx context.Context, ids []string) ([]proto.ChatDeviceRow, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.chatDevices(ctx, `WHERE d.id IN (`+numbered(len(ids))+`) ORDER BY d.id`, anys(ids)...)
}

// ChatDevicesAround lists the devices of all people who are in a conversation
// with a person, the person's own among them; or of those in one conversation
// only.
func (s *Store) ChatDevicesAround(ctx context.Context, personID, conversationID string) ([]proto.ChatDeviceRow, error) {
	return s.chatDevices(ctx, `
		WHERE d.person_id IN (
			SELECT them.person_id FROM chat_members AS me
			JOIN chat_members AS them ON them.conversation_id = me.conversation_id AND them.state = 'in'
			WHERE me.person_id = $1 AND me.state = 'in' AND ($2 = '' OR me.conversation_id = $2))
		ORDER BY d.created_at, d.id`, personID, conversationID)
}

// ChatDevicesOfLogins lists a person's devices that came with these logins.
func (s *Store) ChatDevicesOfLogins(ctx context.Context, personID string, loginHashes []string) (all []proto.ChatDeviceRow, err error) {
	for _, hash := range loginHashes {
		some, err := s.chatDevices(ctx, `WHERE d.person_id = $1 AND d.login_hash = $2 ORDER BY d.id`, personID, hash)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// IdleChatDevices lists devices that were last seen before, limit at most.
func (s *Store) IdleChatDevices(ctx context.Context, before int64, limit int) ([]proto.ChatDeviceRow, error) {
	return s.chatDevices(ctx, `WHERE d.seen_at < $1 ORDER BY d.seen_at, d.id LIMIT $2`, before, limit)
}

func (s *Store) chatDevices(ctx context.Context, where string, args ...any) ([]proto.ChatDeviceRow, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+deviceColumns+` FROM chat_devices AS d `+where, args...)
	all, err := collect(rows, err, scanDevice)
	if err != nil {
		return nil, fmt.Errorf("list devices: %w", err)
	}
	return all, nil
}

// ChatLeafOf lists the conversations in whose MLS groups a device is, in the
// order of their ids.
func (s *Store) ChatLeafOf(ctx context.Context, deviceID string) ([]string, error) {
	ids, err := texts(s.read.QueryContext(ctx, `SELECT conversation_id FROM chat_leaves WHERE device_id = $1 ORDER BY conversation_id`, deviceID))
	if err != nil {
		return nil, fmt.Errorf("list the conversations of a device: %w", err)
	}
	return ids, nil
}

// RemoveChatDevices deletes devices with their key packages and all that waits
// for them. Whose leaves they are in conversations has to be settled before: see
// [Store.ChangeConversation].
func (s *Store) RemoveChatDevices(ctx context.Context, ids []string) error {
	err := s.chatTx(ctx, func(tx *sql.Tx) error {
		if err := forgetQueued(ctx, tx, ids); err != nil {
			return err
		}
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, `DELETE FROM chat_devices WHERE id = $1`, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remove devices: %w", err)
	}
	return nil
}
