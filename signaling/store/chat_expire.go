package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"kinwire/signaling/proto"
)

const (
	expiredChat  = `SELECT conversation_id, seq, kind FROM chat_messages WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2`
	waitingFor   = `SELECT device_id FROM chat_queue WHERE conversation_id = $1 AND seq = $2`
	takeFromAll  = `DELETE FROM chat_queue WHERE conversation_id = $1 AND seq = $2 RETURNING device_id, conversation_id, seq, peers`
	messageThere = `SELECT waits FROM chat_messages WHERE conversation_id = $1 AND seq = $2`
)

// expiring is a message whose time is over.
type expiring struct {
	placeIn
	kind proto.DeliveryKind
}

// ExpireChat deletes messages whose time was over at now (UTC ms), at most
// limit of them, from all queues, and tells those who sent them in notices that
// are kept until noticeUntil. Each conversation is a transaction of its own.
func (s *Store) ExpireChat(ctx context.Context, now, noticeUntil int64, limit int) (out proto.ChatExpired, err error) {
	rows, err := s.hotRows(ctx, expiredChat, now, limit)
	due, err := collect(rows, err, func(row scanner) (e expiring, err error) {
		err = row.Scan(&e.conversation, &e.seq, &e.kind)
		return e, err
	})
	if err != nil {
		return out, fmt.Errorf("find messages that expire: %w", err)
	}
	out.Found, out.Gone = len(due), map[proto.DeliveryKind]int64{}
	slices.SortFunc(due, func(a, b expiring) int { return a.compare(b.placeIn) })
	for len(due) > 0 {
		n := 1
		for n < len(due) && due[n].conversation == due[0].conversation {
			n++
		}
		var step proto.ChatExpired
		err := s.chatTx(ctx, func(tx *sql.Tx) (err error) {
			step, err = expireIn(ctx, tx, due[:n], now, noticeUntil)
			return err
		})
		if err != nil {
			return out, fmt.Errorf("let messages expire: %w", err)
		}
		for kind, n := range step.Gone {
			out.Gone[kind] += n
		}
		out.Lost += step.Lost
		out.Told = append(out.Told, step.Told...)
		due = due[n:]
	}
	return out, nil
}

// expireIn lets messages of one conversation expire.
func expireIn(ctx context.Context, tx querier, due []expiring, now, noticeUntil int64) (out proto.ChatExpired, err error) {
	conversation := due[0].conversation
	// What is left of a conversation that is gone expires as well.
	if _, err := nextSeq(ctx, tx, conversation, 0); err != nil && !errors.Is(err, ErrNotFound) {
		return out, err
	}
	var more []string
	for _, e := range due {
		ids, err := texts(tx.QueryContext(ctx, waitingFor, e.conversation, e.seq))
		if err != nil {
			return out, fmt.Errorf("find who waits: %w", err)
		}
		more = append(more, ids...)
	}
	slices.Sort(more)
	owners, err := lockDevices(ctx, tx, conversation, slices.Compact(more))
	if err != nil {
		return out, err
	}
	out.Gone = map[proto.DeliveryKind]int64{}
	var gone []taken
	for _, e := range due {
		rows, err := tx.QueryContext(ctx, takeFromAll, e.conversation, e.seq)
		some, err := collect(rows, err, scanTaken)
		if err != nil {
			return out, fmt.Errorf("empty queues: %w", err)
		}
		gone = append(gone, some...)
		there, err := present(tx.QueryRowContext(ctx, messageThere, e.conversation, e.seq).Scan(new(int64)))
		if err != nil {
			return out, fmt.Errorf("look at a message: %w", err)
		}
		if there { // and not acknowledged in the meantime
			out.Gone[e.kind]++
		}
	}
	lost, err := settleTaken(ctx, tx, gone, owners)
	if err != nil {
		return out, err
	}
	for _, e := range due {
		// Where devices are gone with their rows, nobody has counted down.
		if _, err := tx.ExecContext(ctx, deleteMessage, e.conversation, e.seq); err != nil {
			return out, fmt.Errorf("delete a message: %w", err)
		}
	}
	for _, l := range lost {
		out.Lost += int64(len(l.seqs))
	}
	out.Told, err = giveNotice(ctx, tx, lost, proto.UndeliveredExpired, owners, now, noticeUntil)
	slices.SortFunc(out.Told, func(a, b proto.ChatReceiver) int { return cmp.Compare(a.DeviceID, b.DeviceID) })
	return out, err
}
