package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"kinwire/signaling/proto"
)

// querier runs statements in a transaction: *sql.Tx, or one that keeps them
// prepared.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// outgoing is something for the queues of devices. Times are UTC ms.
type outgoing struct {
	conversationID    string
	kind              proto.DeliveryKind
	generation, epoch int64
	senderID          string // person; empty for a notice
	deviceID          string // of the sender
	at, expiresAt     int64
	body              []byte // sealed
	size              int64  // before it was sealed
	franking          []byte
	detail            string // JSON
}

// bounds are of one device's queue; 0 is none.
type bounds struct{ messages, bytes int64 }

// fullError says whose queue has no room. Nothing was put into any.
type fullError struct {
	deviceID, personID string
	waiting, bytes     int64 // what would be in it
}

func (e *fullError) Error() string {
	return fmt.Sprintf("the queue of device %s would hold %d messages and %d bytes", e.deviceID, e.waiting, e.bytes)
}

const (
	lockConversation = `UPDATE chat_conversations SET seq = seq + $2 WHERE id = $1 RETURNING seq - $2 + 1`
	placeInQueue     = `
		UPDATE chat_devices SET next_pos = next_pos + 1, queued = queued + 1, queued_bytes = queued_bytes + $2
		WHERE id = $1 RETURNING next_pos - 1, person_id, queued, queued_bytes`
	addMessage = `
		INSERT INTO chat_messages (conversation_id, seq, kind, generation, epoch, sender_id, device_id, at, expires_at, waits, size, body, franking, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	addToQueue = `INSERT INTO chat_queue (device_id, pos, conversation_id, seq, peers) VALUES ($1, $2, $3, $4, $5)`
)

// nextSeq takes the next n places in a conversation and returns the first of
// them. Its row is held until the end of the transaction, which puts all that
// goes through a conversation into one order. n may be 0: then it is only held.
func nextSeq(ctx context.Context, tx querier, conversationID string, n int64) (first int64, err error) {
	err = tx.QueryRowContext(ctx, lockConversation, conversationID, n).Scan(&first)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("conversation %s: %w", conversationID, ErrNotFound)
	}
	if err != nil {
		return 0, fmt.Errorf("number a message: %w", err)
	}
	return first, nil
}

// enqueue puts m, as place seq of its conversation (see nextSeq), into the
// queues of devices, of which those that do not exist are passed over. Where
// none is left, it does nothing.
func enqueue(ctx context.Context, tx querier, m outgoing, seq int64, devices []string) error {
	var p places
	for _, id := range slices.Compact(slices.Sorted(slices.Values(devices))) {
		if err := p.take(ctx, tx, id, m.size); err != nil {
			return err
		}
	}
	return p.fill(ctx, tx, m, seq)
}

// places are those that a message takes in queues: first one with each device,
// in the order of their ids, then the message itself.
type places struct {
	limit bounds
	taken []place
	peers map[string]int64 // by person
}

type place struct {
	device, person string
	pos            int64
}

// take takes a place in a device's queue, whose row is held from then on. One
// that does not exist is passed over; a queue that would go over the bounds is a
// *fullError, after which the transaction has to be rolled back.
func (p *places) take(ctx context.Context, tx querier, device string, size int64) error {
	one := place{device: device}
	var waiting, bytes int64
	found, err := present(tx.QueryRowContext(ctx, placeInQueue, device, size).Scan(&one.pos, &one.person, &waiting, &bytes))
	if err != nil {
		return fmt.Errorf("take a place in a queue: %w", err)
	}
	if !found {
		return nil
	}
	if p.limit.messages > 0 && waiting > p.limit.messages || p.limit.bytes > 0 && bytes > p.limit.bytes {
		return &fullError{deviceID: device, personID: one.person, waiting: waiting, bytes: bytes}
	}
	p.taken = append(p.taken, one)
	if p.peers == nil {
		p.peers = map[string]int64{}
	}
	p.peers[one.person]++
	return nil
}

// fill puts the message into its places. Where there are none, it does nothing.
func (p *places) fill(ctx context.Context, tx querier, m outgoing, seq int64) error {
	if len(p.taken) == 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, addMessage,
		m.conversationID, seq, string(m.kind), m.generation, m.epoch, m.senderID, m.deviceID, m.at, m.expiresAt,
		len(p.taken), m.size, filled(m.body), filled(m.franking), m.detail); err != nil {
		return fmt.Errorf("keep a message: %w", err)
	}
	for _, one := range p.taken {
		if _, err := tx.ExecContext(ctx, addToQueue, one.device, one.pos, m.conversationID, seq, p.peers[one.person]); err != nil {
			return fmt.Errorf("queue a message: %w", err)
		}
	}
	return nil
}

// filled is b, and never NULL.
func filled(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
