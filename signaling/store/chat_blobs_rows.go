package store

import (
	"context"
	"database/sql"
	"fmt"

	"kinwire/signaling/proto"
)

// ChatPeople returns the ids of those who are in a conversation, ascending;
// none if there is no such conversation.
func (s *Store) ChatPeople(ctx context.Context, conversationID string) ([]string, error) {
	people, err := texts(s.hotRows(ctx, rosterPeople, conversationID))
	if err != nil {
		return nil, fmt.Errorf("list who is in a conversation: %w", err)
	}
	return people, nil
}

// AddAttachment keeps that an upload begins. It changes nothing and returns
// false if its owner would have more here than the quota; had is what they
// have without it, in bytes and as a number.
func (s *Store) AddAttachment(ctx context.Context, a proto.AttachmentRow, quota proto.AttachmentQuota) (had proto.AttachmentQuota, added bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		// The update that changes nothing lines up one person's uploads.
		if _, err := tx.ExecContext(ctx, `UPDATE people SET state = state WHERE id = $1`, a.OwnerID); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx, `
			SELECT CAST(COALESCE(sum(size), 0) AS BIGINT), count(*) FROM chat_attachments WHERE owner_id = $1`, a.OwnerID).Scan(&had.Bytes, &had.Count)
		if err != nil {
			return err
		}
		if had.Bytes+a.Size > quota.Bytes || had.Count+1 > quota.Count {
			return nil
		}
		added = true
		_, err = tx.ExecContext(ctx, `
			INSERT INTO chat_attachments (id, owner_id, conversation_id, size, chunk_bytes, state, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, 'open', $6, $7)`,
			a.ID, a.OwnerID, a.ConversationID, a.Size, a.ChunkBytes, a.CreatedAt, a.ExpiresAt)
		return err
	})
	if err != nil {
		return had, false, fmt.Errorf("begin an upload: %w", err)
	}
	return had, added, nil
}

// grantOf holds for a grant g of attachment a to a device d of person $2, as
// long as device and person are in the conversation.
const grantOf = `
	FROM chat_grants AS g
	JOIN chat_devices AS d ON d.id = g.device_id
	JOIN chat_leaves AS l ON l.device_id = g.device_id AND l.conversation_id = a.conversation_id AND l.state = 'in'
	JOIN chat_members AS m ON m.person_id = d.person_id AND m.conversation_id = a.conversation_id AND m.state = 'in'
	WHERE g.attachment_id = a.id AND d.person_id = $2`

// Attachment returns an attachment as personID may ask for it; false if there
// is none by that id.
func (s *Store) Attachment(ctx context.Context, id, personID string) (a proto.AttachmentRow, found bool, err error) {
	a.ID = id
	found, err = present(s.read.QueryRowContext(ctx, `
		SELECT a.owner_id, a.conversation_id, a.size, a.chunk_bytes, a.state, a.created_at, a.expires_at, EXISTS (SELECT 1 `+grantOf+`)
		FROM chat_attachments AS a WHERE a.id = $1`, id, personID).
		Scan(&a.OwnerID, &a.ConversationID, &a.Size, &a.ChunkBytes, &a.State, &a.CreatedAt, &a.ExpiresAt, &a.Granted))
	if err != nil || !found {
		return proto.AttachmentRow{}, false, wrapped("read an attachment", err)
	}
	rows, err := s.read.QueryContext(ctx, `SELECT n FROM chat_chunks WHERE attachment_id = $1 ORDER BY n`, id)
	a.Have, err = collect(rows, err, func(row scanner) (n int64, err error) {
		err = row.Scan(&n)
		return n, err
	})
	if err != nil {
		return proto.AttachmentRow{}, false, fmt.Errorf("list the chunks of an attachment: %w", err)
	}
	if a.Members, err = s.ChatPeople(ctx, a.ConversationID); err != nil {
		return proto.AttachmentRow{}, false, err
	}
	return a, true, nil
}

// AddChunk keeps that a chunk is in the blob store; with the last one the
// attachment is done. The same chunk again changes nothing. It returns false if
// the attachment is gone.
func (s *Store) AddChunk(ctx context.Context, id string, n, size int64) (there bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		// The update that changes nothing holds the row until the chunk is in:
		// of the last two chunks one sees the other.
		rows, err := affected(tx.ExecContext(ctx, `UPDATE chat_attachments SET state = state WHERE id = $1`, id))
		if err != nil || rows == 0 {
			return err
		}
		there = true
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO chat_chunks (attachment_id, n, size) VALUES ($1, $2, $3)
			ON CONFLICT (attachment_id, n) DO NOTHING`, id, n, size); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE chat_attachments SET state = 'done'
			WHERE id = $1 AND state = 'open' AND size = (SELECT sum(c.size) FROM chat_chunks AS c WHERE c.attachment_id = $1)`, id)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("keep a chunk: %w", err)
	}
	return there, nil
}

// DropAttachment gives up what personID has in an attachment: the grant of a
// device of theirs, or their own upload that no message has named yet, for
// which the device does not count. Dropped is false if they have no such
// thing; gone says that with it the attachment is gone, and its bytes can go.
func (s *Store) DropAttachment(ctx context.Context, id, personID, deviceID string) (dropped, gone bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		// The update that changes nothing holds the row: of the last two
		// devices one sees that the other has been.
		rows, err := affected(tx.ExecContext(ctx, `UPDATE chat_attachments SET state = state WHERE id = $1`, id))
		if err != nil || rows == 0 {
			return err
		}
		rows, err = affected(tx.ExecContext(ctx, `
			DELETE FROM chat_attachments WHERE id = $1 AND owner_id = $2 AND state <> 'sent'`, id, personID))
		if err != nil || rows > 0 {
			dropped, gone = rows > 0, rows > 0
			return err
		}
		rows, err = affected(tx.ExecContext(ctx, `
			DELETE FROM chat_grants WHERE attachment_id = $1 AND device_id = $2
			AND EXISTS (SELECT 1 FROM chat_devices WHERE id = $2 AND person_id = $3)`, id, deviceID, personID))
		if err != nil || rows == 0 {
			return err
		}
		dropped = true
		rows, err = affected(tx.ExecContext(ctx, `
			DELETE FROM chat_attachments WHERE id = $1 AND state = 'sent'
			AND NOT EXISTS (SELECT 1 FROM chat_grants WHERE attachment_id = $1)`, id))
		gone = rows > 0
		return err
	})
	if err != nil {
		return false, false, fmt.Errorf("give an attachment up: %w", err)
	}
	return dropped, gone, nil
}
