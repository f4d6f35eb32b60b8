package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kinwire/signaling/proto"
)

const (
	queuedFor = `
		SELECT q.pos, m.conversation_id, m.seq, m.kind, m.generation, m.epoch, m.sender_id, m.device_id, m.at, m.size, m.body, m.franking, m.detail
		FROM chat_queue AS q JOIN chat_messages AS m ON m.conversation_id = q.conversation_id AND m.seq = q.seq
		WHERE q.device_id = $1 AND q.pos > $2 ORDER BY q.pos LIMIT $3`

	holdDevice = `
		UPDATE chat_devices SET queued = queued WHERE id = $1
		RETURNING person_id, next_pos, seen_at, COALESCE((SELECT MIN(q.pos) FROM chat_queue AS q WHERE q.device_id = chat_devices.id), next_pos)`
	seenDevice = `UPDATE chat_devices SET seen_at = $2 WHERE id = $1`
	ackQueue   = `DELETE FROM chat_queue WHERE device_id = $1 AND pos <= $2 RETURNING conversation_id, seq`
	markMember = `
		UPDATE chat_members SET delivered_seq = $3
		WHERE conversation_id = $1 AND person_id = $2 AND delivered_seq < $3`
)

const (
	// ackStep is how many deliveries one transaction acknowledges at most: a
	// queue is emptied in steps, so that nobody else waits for long.
	ackStep = 128
	// seenEvery is how exactly it is noted when a device was last here, in ms.
	seenEvery = 3600_000
)

// ChatQueue reads what waits for a device from the position after pos on, in
// order: at most limit, and no more once their bodies have more than maxBytes.
func (s *Store) ChatQueue(ctx context.Context, deviceID string, pos int64, limit int, maxBytes int64) (list []proto.ChatQueued, err error) {
	rows, err := s.hotRows(ctx, queuedFor, deviceID, pos, limit)
	if err != nil {
		return nil, fmt.Errorf("read a queue: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for bytes := int64(0); bytes <= maxBytes && rows.Next(); {
		q, err := scanQueued(rows)
		if err != nil {
			return nil, fmt.Errorf("read a queue: %w", err)
		}
		bytes += q.Size
		list = append(list, q)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read a queue: %w", err)
	}
	return list, nil
}

func scanQueued(row scanner) (q proto.ChatQueued, err error) {
	err = row.Scan(&q.Pos, &q.ConversationID, &q.Seq, &q.Kind, &q.Generation, &q.Epoch,
		&q.SenderID, &q.DeviceID, &q.At, &q.Size, &q.Body, &q.Franking, &q.Detail)
	return q, err
}

// AckChat deletes what a device has kept, up to pos, from its queue, and each
// message with it that nobody else waits for: both or neither. Marks are about
// other people's messages only. at is now, in UTC ms.
func (s *Store) AckChat(ctx context.Context, deviceID string, pos, at int64) (out proto.ChatAcked, err error) {
	for {
		var step proto.ChatAcked
		var upTo int64
		err := s.hotChatTx(ctx, func(tx hotTx) (err error) {
			step, upTo, err = ackChat(ctx, tx, deviceID, pos, at)
			return err
		})
		if err != nil {
			return out, fmt.Errorf("acknowledge: %w", err)
		}
		out.Known, out.Next = step.Known, step.Next
		out.Count += step.Count
		out.Marks = append(out.Marks, step.Marks...)
		if upTo >= pos {
			return out, nil
		}
	}
}

// placeIn is a message by its place.
type placeIn struct {
	conversation string
	seq          int64
}

func (p placeIn) compare(o placeIn) int {
	return cmp.Or(strings.Compare(p.conversation, o.conversation), cmp.Compare(p.seq, o.seq))
}

// ackChat acknowledges one step, and says how far it went.
func ackChat(ctx context.Context, tx querier, deviceID string, pos, at int64) (out proto.ChatAcked, upTo int64, err error) {
	var person string
	var seen, first int64
	out.Known, err = present(tx.QueryRowContext(ctx, holdDevice, deviceID).Scan(&person, &out.Next, &seen, &first))
	if err != nil || !out.Known || pos >= out.Next || pos < first {
		return out, pos, err
	}
	if at-seen > seenEvery {
		if _, err := tx.ExecContext(ctx, seenDevice, deviceID, at); err != nil {
			return out, 0, fmt.Errorf("note that a device is here: %w", err)
		}
	}
	upTo = min(pos, first+ackStep-1)
	rows, err := tx.QueryContext(ctx, ackQueue, deviceID, upTo)
	acked, err := collect(rows, err, func(row scanner) (p placeIn, err error) {
		err = row.Scan(&p.conversation, &p.seq)
		return p, err
	})
	if err != nil || len(acked) == 0 {
		return out, upTo, wrapped("delete from the queue", err)
	}
	out.Count = int64(len(acked))
	slices.SortFunc(acked, placeIn.compare)
	var freed int64
	for _, a := range acked {
		size, kind, sender, err := countMessageDown(ctx, tx, a, 1)
		if err != nil {
			return out, upTo, err
		}
		freed += size
		if kind == proto.DeliveryMessage && sender != person {
			out.Marks = mark(out.Marks, a, sender)
		}
	}
	if _, err := tx.ExecContext(ctx, countBack, deviceID, out.Count, freed); err != nil {
		return out, upTo, fmt.Errorf("count a queue: %w", err)
	}
	out.Marks, err = moveMarks(ctx, tx, person, out.Marks)
	return out, upTo, err
}

// mark adds a message to marks, which are in the order of conversations.
func mark(marks []proto.ChatMark, a placeIn, sender string) []proto.ChatMark {
	if n := len(marks); n == 0 || marks[n-1].ConversationID != a.conversation {
		marks = append(marks, proto.ChatMark{ConversationID: a.conversation})
	}
	last := &marks[len(marks)-1]
	last.Seq = a.seq
	if !slices.Contains(last.Senders, sender) {
		last.Senders = append(last.Senders, sender)
	}
	return marks
}

// moveMarks notes how far a person has each conversation, and leaves out those
// where another of their devices was faster.
func moveMarks(ctx context.Context, tx querier, person string, marks []proto.ChatMark) (moved []proto.ChatMark, err error) {
	for _, m := range marks {
		n, err := affected(tx.ExecContext(ctx, markMember, m.ConversationID, person, m.Seq))
		if err != nil {
			return nil, fmt.Errorf("note what has arrived: %w", err)
		}
		if n > 0 {
			moved = append(moved, m)
		}
	}
	return moved, nil
}

// countMessageDown takes n waits off a message, which goes with the last of
// them. A message that is not there has size 0.
func countMessageDown(ctx context.Context, tx querier, p placeIn, n int) (size int64, kind proto.DeliveryKind, sender string, err error) {
	var waits int64
	found, err := present(tx.QueryRowContext(ctx, countDown, p.conversation, p.seq, n).Scan(&waits, &size, &kind, &sender))
	if err != nil {
		return 0, "", "", fmt.Errorf("count down a message: %w", err)
	}
	if found && waits <= 0 {
		if _, err := tx.ExecContext(ctx, deleteMessage, p.conversation, p.seq); err != nil {
			return 0, "", "", fmt.Errorf("delete a message: %w", err)
		}
	}
	return size, kind, sender, nil
}
