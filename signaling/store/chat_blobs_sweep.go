package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"kinwire/signaling/proto"
)

// attachmentSweep is one reason for which attachments go: those that where
// holds for, at the time $2.
type attachmentSweep struct {
	where string
	at    time.Time
	into  *[]string
}

// SweepAttachments deletes attachments that have expired, uploads begun before
// unsent that no message has named, and what was sent to devices that are all
// out of the conversation by now; at most limit for each reason. Their bytes
// can go after it; with an error, too, those of what it returns.
func (s *Store) SweepAttachments(ctx context.Context, now, unsent time.Time, limit int) (swept proto.AttachmentsSwept, err error) {
	if err := s.dropDeadGrants(ctx); err != nil {
		return swept, err
	}
	for _, sweep := range []attachmentSweep{
		{`state = 'sent' AND expires_at <= $2`, now, &swept.Expired},
		{`state <> 'sent' AND created_at <= $2`, unsent, &swept.Unsent},
		{`state = 'sent' AND expires_at > $2 AND NOT EXISTS (
			SELECT 1 FROM chat_grants AS g WHERE g.attachment_id = chat_attachments.id)`, now, &swept.Abandoned},
	} {
		if err := s.sweepAttachments(ctx, sweep, limit); err != nil {
			return swept, err
		}
	}
	return swept, nil
}

// deadGrant holds for a grant g of a device that is gone, or whose leaf or
// person is out of the conversation.
const deadGrant = `NOT EXISTS (
	SELECT 1 FROM chat_attachments AS a
	JOIN chat_devices AS d ON d.id = g.device_id
	JOIN chat_leaves AS l ON l.device_id = d.id AND l.conversation_id = a.conversation_id AND l.state = 'in'
	JOIN chat_members AS m ON m.person_id = d.person_id AND m.conversation_id = a.conversation_id AND m.state = 'in'
	WHERE a.id = g.attachment_id)`

// dropDeadGrants deletes one after the other, each by itself: so it never
// holds one row while it waits for another.
func (s *Store) dropDeadGrants(ctx context.Context) error {
	rows, err := s.read.QueryContext(ctx, `SELECT attachment_id, device_id FROM chat_grants AS g WHERE `+deadGrant)
	dead, err := collect(rows, err, func(row scanner) (g [2]string, err error) {
		err = row.Scan(&g[0], &g[1])
		return g, err
	})
	for _, g := range dead {
		if err == nil {
			_, err = s.write.ExecContext(ctx, `
				DELETE FROM chat_grants AS g WHERE attachment_id = $1 AND device_id = $2 AND `+deadGrant, g[0], g[1])
		}
	}
	return wrapped("take attachments from devices that are gone", err)
}

// sweepAttachments deletes one after the other, each by itself, too. What has
// changed in the meantime stays.
func (s *Store) sweepAttachments(ctx context.Context, sweep attachmentSweep, limit int) error {
	rows, err := s.read.QueryContext(ctx, `
		SELECT id FROM chat_attachments WHERE `+sweep.where+` ORDER BY id LIMIT $1`, limit, toMillis(sweep.at))
	ids, err := texts(rows, err)
	if err != nil {
		return fmt.Errorf("find attachments to delete: %w", err)
	}
	for _, id := range ids {
		n, err := affected(s.write.ExecContext(ctx, `DELETE FROM chat_attachments WHERE id = $1 AND `+sweep.where, id, toMillis(sweep.at)))
		if err != nil {
			return fmt.Errorf("delete an attachment: %w", err)
		}
		if n > 0 {
			*sweep.into = append(*sweep.into, id)
		}
	}
	return nil
}

// UnknownAttachments returns those of the ids, of which there are at most a few
// hundred, that are no attachments (any more).
func (s *Store) UnknownAttachments(ctx context.Context, ids []string) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	rows, err := s.read.QueryContext(ctx, `SELECT id FROM chat_attachments WHERE id IN (`+numbered(len(ids))+`)`, args...)
	known, err := texts(rows, err)
	if err != nil {
		return nil, fmt.Errorf("look which attachments there are: %w", err)
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(known, id) }), nil
}
