package store

import (
	"context"
	"fmt"
	"slices"

	"kinwire/signaling/proto"
)

// attachmentsOf is the message that names attachments: they stay no longer than
// it does.
type attachmentsOf struct {
	conversation, owner string
	until               int64 // ms
}

// grantAttachments lets devices fetch the attachments that a message of
// ownerID names, in the transaction that takes the message. Each has to be the
// owner's, of this conversation, whole, and named by no message before; else
// nothing may be kept of the transaction, and the error is a *proto.Error:
// not_found for what is not theirs here, wrong_state for what is not whole or
// was sent already. Rows are locked in the order of their ids.
func grantAttachments(ctx context.Context, tx querier, of attachmentsOf, ids, devices []string) error {
	for _, id := range slices.Sorted(slices.Values(ids)) {
		n, err := affected(tx.ExecContext(ctx, `
			UPDATE chat_attachments SET state = 'sent', expires_at = CASE WHEN expires_at > $4 THEN $4 ELSE expires_at END
			WHERE id = $1 AND owner_id = $2 AND conversation_id = $3 AND state = 'done'`, id, of.owner, of.conversation, of.until))
		if err != nil {
			return fmt.Errorf("send an attachment: %w", err)
		}
		if n == 0 {
			return notSendable(ctx, tx, of.conversation, of.owner, id)
		}
		for _, device := range devices {
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO chat_grants (attachment_id, device_id) VALUES ($1, $2)
				ON CONFLICT (attachment_id, device_id) DO NOTHING`, id, device); err != nil {
				return fmt.Errorf("grant an attachment: %w", err)
			}
		}
	}
	return nil
}

// notSendable says why an attachment cannot be named by a message.
func notSendable(ctx context.Context, tx querier, conversationID, ownerID, id string) error {
	var state string
	found, err := present(tx.QueryRowContext(ctx, `
		SELECT state FROM chat_attachments WHERE id = $1 AND owner_id = $2 AND conversation_id = $3`,
		id, ownerID, conversationID).Scan(&state))
	if err != nil {
		return fmt.Errorf("look at an attachment: %w", err)
	}
	if !found {
		return &proto.Error{Code: proto.CodeNotFound, Message: fmt.Sprintf(
			"attachment %.64q is not there: an upload of one's own in this very conversation can be sent", id)}
	}
	return &proto.Error{Code: proto.CodeWrongState, Message: fmt.Sprintf(
		"attachment %.64q is in state %s: one that is done, with all its chunks, can be sent, and once only", id, state)}
}
