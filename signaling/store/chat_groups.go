package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"kinwire/signaling/proto"
)

// DecideConversation decides what becomes of a conversation, with its row held
// against every other change. devices are those of the conversation's leaves
// and those that were asked for, by id, as far as they exist. It may be called
// more than once. An error changes nothing, and comes back as it is.
type DecideConversation = func(c proto.ConversationRow, devices map[string]proto.ChatDeviceRow) (proto.ConversationChange, error)

// ChangeConversation lets decide change a conversation: who is in it, its MLS
// group, and what waits in queues because of it are one transaction. False if
// there is no conversation of that id.
func (s *Store) ChangeConversation(ctx context.Context, id string, deviceIDs []string, decide DecideConversation) (changed proto.ConversationChanged, found bool, err error) {
	var refused error
	err = s.chatTx(ctx, func(tx *sql.Tx) error {
		refused = nil
		c, there, err := holdConversation(ctx, tx, id)
		if found = there; err != nil || !there {
			return err
		}
		changed, refused, err = decideConversation(ctx, tx, c, deviceIDs, decide)
		if refused != nil {
			return refused
		}
		return err
	})
	if refused != nil {
		return proto.ConversationChanged{}, found, refused
	}
	if err != nil {
		return proto.ConversationChanged{}, false, fmt.Errorf("change a conversation: %w", err)
	}
	return changed, found, nil
}

// StartConversation makes a conversation, and decide what becomes of it first:
// with nobody in it, and no MLS group. If it is of two people (pair) who have
// one already, or there is one of its id, nothing happens, and existing is that
// one's id.
func (s *Store) StartConversation(ctx context.Context, c proto.ConversationRow, pair [2]string, deviceIDs []string, decide DecideConversation) (changed proto.ConversationChanged, existing string, err error) {
	var refused error
	err = s.chatTx(ctx, func(tx *sql.Tx) error {
		refused, existing = nil, ""
		// No index is named, so that every one of them is minded: two who start
		// at once may run into each other by the pair or, when one request
		// comes twice, by the id first.
		n, err := affected(tx.ExecContext(ctx, `
			INSERT INTO chat_conversations (id, kind, pair_low, pair_high, suite, generation, epoch, seq, group_info,
				committer, committed_id, created_by, created_at, last_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, '', '', $9, $10, 0)
			ON CONFLICT DO NOTHING`,
			c.ID, string(c.Kind), pair[0], pair[1], c.Suite, c.Generation, c.Epoch, []byte{}, c.CreatedBy, c.CreatedAt))
		if err != nil {
			return err
		}
		if n == 0 {
			return tx.QueryRowContext(ctx, `
				SELECT id FROM chat_conversations WHERE kind = 'direct' AND $2 <> '' AND pair_low = $2 AND pair_high = $3
				UNION ALL SELECT id FROM chat_conversations WHERE id = $1 LIMIT 1`, c.ID, pair[0], pair[1]).Scan(&existing)
		}
		changed, refused, err = decideConversation(ctx, tx, c, deviceIDs, decide)
		if refused != nil {
			return refused
		}
		return err
	})
	if refused != nil {
		return proto.ConversationChanged{}, "", refused
	}
	if err != nil {
		return proto.ConversationChanged{}, "", fmt.Errorf("start a conversation: %w", err)
	}
	return changed, existing, nil
}

// holdConversation reads a conversation whose row nobody else changes until the
// end of the transaction.
func holdConversation(ctx context.Context, tx *sql.Tx, id string) (c proto.ConversationRow, found bool, err error) {
	n, err := affected(tx.ExecContext(ctx, `UPDATE chat_conversations SET seq = seq WHERE id = $1`, id))
	if err != nil || n == 0 {
		return proto.ConversationRow{}, false, err
	}
	if err := tx.QueryRowContext(ctx, `SELECT `+conversationColumns+` FROM chat_conversations AS c WHERE c.id = $1`, id).
		Scan(conversationFields(&c)...); err != nil {
		return proto.ConversationRow{}, false, err
	}
	return c, true, fillConversation(ctx, tx, &c)
}

func decideConversation(ctx context.Context, tx *sql.Tx, c proto.ConversationRow, deviceIDs []string, decide DecideConversation) (changed proto.ConversationChanged, refused, err error) {
	ids := slices.Clone(deviceIDs)
	for _, l := range c.Leaves {
		ids = append(ids, l.DeviceID)
	}
	devices := map[string]proto.ChatDeviceRow{}
	if len(ids) > 0 {
		slices.Sort(ids)
		ids = slices.Compact(ids)
		rows, err := tx.QueryContext(ctx, `SELECT `+deviceColumns+` FROM chat_devices AS d WHERE d.id IN (`+numbered(len(ids))+`)`, anys(ids)...)
		all, err := collect(rows, err, scanDevice)
		if err != nil {
			return changed, nil, fmt.Errorf("read devices: %w", err)
		}
		for _, d := range all {
			devices[d.ID] = d
		}
	}
	change, refused := decide(c, devices)
	if refused != nil {
		return changed, refused, nil
	}
	changed, err = applyChange(ctx, tx, c, change)
	return changed, nil, err
}

// applyChange writes what was decided. People come in first and leaves follow
// them, so that what is dropped and what is sent finds all of them.
func applyChange(ctx context.Context, tx *sql.Tx, c proto.ConversationRow, change proto.ConversationChange) (changed proto.ConversationChanged, err error) {
	if err := moveMembers(ctx, tx, c.ID, change); err != nil {
		return changed, err
	}
	for _, device := range change.Flag {
		if _, err := tx.ExecContext(ctx, `
			UPDATE chat_leaves SET state = 'out' WHERE conversation_id = $1 AND device_id = $2`, c.ID, device); err != nil {
			return changed, fmt.Errorf("flag a device: %w", err)
		}
	}
	if err := writeConversation(ctx, tx, c, change); err != nil {
		return changed, err
	}
	told := map[proto.ChatReceiver]bool{}
	if err := stopConversation(ctx, tx, c.ID, change, told); err != nil {
		return changed, err
	}
	if change.Epoch != nil {
		if changed.Seq, err = endEpoch(ctx, tx, c, change, told); err != nil {
			return changed, err
		}
	}
	changed.Told = slices.Collect(maps.Keys(told))
	return changed, nil
}

// stopConversation empties queues as far as that was decided.
func stopConversation(ctx context.Context, tx *sql.Tx, id string, change proto.ConversationChange, told map[proto.ChatReceiver]bool) error {
	devices := slices.Clone(change.Drop)
	for _, person := range change.DropOf {
		theirs, err := texts(tx.QueryContext(ctx, `SELECT id FROM chat_devices WHERE person_id = $1`, person))
		if err != nil {
			return fmt.Errorf("find the devices of a person: %w", err)
		}
		devices = append(devices, theirs...)
	}
	if change.Void || len(devices) > 0 {
		some, err := dropQueued(ctx, tx, id, devices, change.At, change.ExpiresAt)
		if err != nil {
			return err
		}
		note(told, some)
	}
	for _, person := range change.Unsend {
		some, err := dropSent(ctx, tx, id, person, change.At, change.ExpiresAt)
		if err != nil {
			return err
		}
		note(told, some)
	}
	return nil
}

func note(told map[proto.ChatReceiver]bool, some []proto.ChatReceiver) {
	for _, one := range some {
		told[one] = true
	}
}

func moveMembers(ctx context.Context, tx *sql.Tx, id string, change proto.ConversationChange) error {
	for _, m := range change.In {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO chat_members (conversation_id, person_id, state, since) VALUES ($1, $2, 'in', $3)
			ON CONFLICT (conversation_id, person_id) DO UPDATE SET state = 'in', since = excluded.since`,
			id, m.Person.ID, m.Since); err != nil {
			return fmt.Errorf("take in a member: %w", err)
		}
	}
	for _, person := range change.Out {
		if _, err := tx.ExecContext(ctx, `
			UPDATE chat_members SET state = 'out' WHERE conversation_id = $1 AND person_id = $2`, id, person); err != nil {
			return fmt.Errorf("let a member go: %w", err)
		}
	}
	return nil
}

func writeConversation(ctx context.Context, tx *sql.Tx, c proto.ConversationRow, change proto.ConversationChange) error {
	if change.Shut != nil {
		if _, err := tx.ExecContext(ctx, `UPDATE chat_conversations SET shut = $2 WHERE id = $1`, c.ID, string(*change.Shut)); err != nil {
			return fmt.Errorf("note that a conversation is shut: %w", err)
		}
	}
	if change.Creator != nil {
		if _, err := tx.ExecContext(ctx, `UPDATE chat_conversations SET created_by = $2 WHERE id = $1`, c.ID, *change.Creator); err != nil {
			return fmt.Errorf("note who made a conversation: %w", err)
		}
	}
	return nil
}

// DropConversation deletes a conversation with all that waits of it.
func (s *Store) DropConversation(ctx context.Context, id string) error {
	err := s.chatTx(ctx, func(tx *sql.Tx) error {
		c, found, err := holdConversation(ctx, tx, id)
		if err != nil || !found {
			return err
		}
		devices, err := texts(tx.QueryContext(ctx, `
			SELECT DISTINCT q.device_id FROM chat_messages AS m JOIN chat_queue AS q ON q.conversation_id = m.conversation_id AND q.seq = m.seq
			WHERE m.conversation_id = $1`, c.ID))
		if err != nil {
			return err
		}
		owners, err := lockDevices(ctx, tx, c.ID, devices)
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `
			DELETE FROM chat_queue WHERE (conversation_id, seq) IN (SELECT conversation_id, seq FROM chat_messages WHERE conversation_id = $1)
			RETURNING device_id, conversation_id, seq, peers`, c.ID)
		gone, err := collect(rows, err, scanTaken)
		if err != nil {
			return err
		}
		if _, err := settleTaken(ctx, tx, gone, owners); err != nil {
			return err
		}
		// Those whose devices were deleted wait for nobody and stay behind.
		if _, err := tx.ExecContext(ctx, `DELETE FROM chat_messages WHERE conversation_id = $1`, c.ID); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM chat_conversations WHERE id = $1`, c.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete a conversation: %w", err)
	}
	return nil
}
