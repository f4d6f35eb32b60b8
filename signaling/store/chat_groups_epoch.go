package store

import (
	"context"
	"database/sql"
	"fmt"

	"kinwire/signaling/proto"
)

// endEpoch carries out a commit that has won: the conversation's new state, the
// leaves of its MLS group, and what goes to whom. It returns the place of the
// first thing that was sent.
func endEpoch(ctx context.Context, tx *sql.Tx, c proto.ConversationRow, change proto.ConversationChange, told map[proto.ChatReceiver]bool) (first int64, err error) {
	e := change.Epoch
	if err := writeLeaves(ctx, tx, c, e); err != nil {
		return 0, err
	}
	if first, err = nextSeq(ctx, tx, c.ID, int64(len(e.Send))); err != nil {
		return 0, err
	}
	info, err := e.SealInfo()
	if err != nil {
		return 0, fmt.Errorf("seal a group info: %w", err)
	}
	// The row is held and was looked at; that the epoch is still the one that
	// ends is asked once more where it is decided.
	n, err := affected(tx.ExecContext(ctx, `
		UPDATE chat_conversations SET generation = $4, epoch = $5, group_info = $6, committer = $7, committed_id = $8, committed_seq = $9
		WHERE id = $1 AND generation = $2 AND epoch = $3`,
		c.ID, c.Generation, c.Epoch, e.Generation, e.Epoch, filled(info), e.DeviceID, e.ID, first))
	if err != nil {
		return 0, fmt.Errorf("end an epoch: %w", err)
	}
	if n != 1 {
		return 0, fmt.Errorf("end epoch %d of generation %d: it has ended already", c.Epoch, c.Generation)
	}
	owner := map[string]string{}
	for _, l := range e.Leaves {
		owner[l.DeviceID] = l.PersonID
	}
	for i, send := range e.Send {
		seq := first + int64(i)
		body, err := send.Seal(seq)
		if err != nil {
			return 0, fmt.Errorf("seal a %s: %w", send.Kind, err)
		}
		m := outgoing{
			conversationID: c.ID, kind: send.Kind, generation: send.Generation, epoch: send.Epoch, senderID: e.UserID, deviceID: e.DeviceID,
			at: change.At, expiresAt: change.ExpiresAt, body: body, size: send.Size, detail: send.Detail,
		}
		if err := enqueue(ctx, tx, m, seq, send.To); err != nil {
			return 0, err
		}
		for _, device := range send.To {
			if who := owner[device]; who != "" {
				told[proto.ChatReceiver{DeviceID: device, UserID: who}] = true
			}
		}
	}
	return first, nil
}

// writeLeaves makes the leaves of a conversation what they are after a commit.
// Those that stay as they were are left alone.
func writeLeaves(ctx context.Context, tx *sql.Tx, c proto.ConversationRow, e *proto.EpochChange) error {
	before := make(map[string]proto.LeafRow, len(c.Leaves))
	for _, l := range c.Leaves {
		before[l.DeviceID] = l
	}
	for _, l := range e.Leaves {
		was, there := before[l.DeviceID]
		delete(before, l.DeviceID)
		if there && was.In == l.In {
			continue
		}
		state := "out"
		if l.In {
			state = "in"
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO chat_leaves (conversation_id, device_id, state, since_epoch) VALUES ($1, $2, $3, $4)
			ON CONFLICT (conversation_id, device_id) DO UPDATE SET state = excluded.state, since_epoch = excluded.since_epoch`,
			c.ID, l.DeviceID, state, e.Epoch); err != nil {
			return fmt.Errorf("keep a leaf: %w", err)
		}
	}
	for id := range before {
		if _, err := tx.ExecContext(ctx, `DELETE FROM chat_leaves WHERE conversation_id = $1 AND device_id = $2`, c.ID, id); err != nil {
			return fmt.Errorf("forget a leaf: %w", err)
		}
	}
	return nil
}

// dropSent is dropQueued by who sent it: no message of a person waits for
// anybody else in this conversation any more. The person gets a notice.
func dropSent(ctx context.Context, tx *sql.Tx, conversationID, personID string, at, expiresAt int64) ([]proto.ChatReceiver, error) {
	owners, err := lockDevices(ctx, tx, conversationID, nil)
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, `
		DELETE FROM chat_queue WHERE conversation_id = $1 AND seq IN (
			SELECT seq FROM chat_messages WHERE conversation_id = $1 AND sender_id = $2 AND kind = 'message')
		RETURNING device_id, conversation_id, seq, peers`, conversationID, personID)
	gone, err := collect(rows, err, scanTaken)
	if err != nil {
		return nil, fmt.Errorf("take back what waits: %w", err)
	}
	lost, err := settleTaken(ctx, tx, gone, owners)
	if err != nil {
		return nil, err
	}
	return giveNotice(ctx, tx, lost, proto.UndeliveredStopped, owners, at, expiresAt)
}
