package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kinwire/signaling/proto"
)

const (
	helloDevice = `
		UPDATE chat_devices SET seen_at = $4, login_hash = CASE WHEN $5 = '' THEN login_hash ELSE $5 END
		WHERE id = $1 AND person_id = $2 AND secret_hash = $3
		RETURNING queued, last_n`
	rosterHead   = `SELECT generation, epoch, drops FROM chat_conversations WHERE id = $1`
	rosterPeople = `SELECT person_id FROM chat_members WHERE conversation_id = $1 AND state = 'in' ORDER BY person_id`
	rosterLeaves = `
		SELECT l.device_id, COALESCE(d.person_id, ''), l.state
		FROM chat_leaves AS l LEFT JOIN chat_devices AS d ON d.id = l.device_id
		WHERE l.conversation_id = $1 ORDER BY l.device_id`
	sentBefore = `SELECT n, seq, at, tag FROM chat_sent WHERE device_id = $1 AND n = $2`

	// Taking a message.
	takeSeq = `UPDATE chat_conversations SET seq = seq + 1, last_at = $2 WHERE id = $1 RETURNING generation, epoch, drops, seq`
	takeN   = `
		UPDATE chat_devices SET last_n = $2, settled = CASE WHEN settled < $3 THEN $3 ELSE settled END
		WHERE id = $1 AND last_n + 1 = $2 RETURNING settled`
	lastNOf    = `SELECT last_n, settled FROM chat_devices WHERE id = $1`
	addSent    = `INSERT INTO chat_sent (device_id, n, conversation_id, seq, at, tag) VALUES ($1, $2, $3, $4, $5, $6)`
	settleSent = `DELETE FROM chat_sent WHERE device_id = $1 AND n <= $2`
)

// SealChat seals the body of the message that is at place seq of its
// conversation and makes its tag. It is called while others wait.
type SealChat = func(seq int64) (sealed, tag []byte, err error)

// HelloChatDevice notes that a device is here, if that is its secret and its
// person, and with which login. It returns how much waits for it and the highest n that it has sent.
func (s *Store) HelloChatDevice(ctx context.Context, in proto.ChatHello) (out proto.ChatAttached, found bool, err error) {
	err = s.chatTx(ctx, func(tx *sql.Tx) error {
		found, err = present(tx.QueryRowContext(ctx, helloDevice, in.DeviceID, in.UserID, in.SecretHash, in.At, in.LoginHash).Scan(&out.Waiting, &out.LastN))
		return err
	})
	if err != nil {
		return out, false, fmt.Errorf("attach a device: %w", err)
	}
	return out, found, nil
}

// ChatRoster reads what has to be known of a conversation before anything is
// taken for it.
func (s *Store) ChatRoster(ctx context.Context, conversationID string) (r proto.ChatRoster, found bool, err error) {
	// The head comes first: whatever changes after it changes what it says, too.
	found, err = present(s.hotRow(ctx, rosterHead, []any{conversationID}, &r.Generation, &r.Epoch, &r.Drops))
	if err != nil || !found {
		return r, false, wrapped("read a conversation", err)
	}
	if r.People, err = texts(s.hotRows(ctx, rosterPeople, conversationID)); err != nil {
		return r, false, fmt.Errorf("read a conversation's people: %w", err)
	}
	rows, err := s.hotRows(ctx, rosterLeaves, conversationID)
	if r.Leaves, err = collect(rows, err, scanLeaf); err != nil {
		return r, false, fmt.Errorf("read a conversation's devices: %w", err)
	}
	return r, true, nil
}

// wrapped says in what an error came up; nil stays nil.
func wrapped(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func scanLeaf(row scanner) (l proto.ChatLeaf, err error) {
	var state string
	err = row.Scan(&l.DeviceID, &l.UserID, &state)
	l.In = state == "in" && l.UserID != ""
	return l, err
}

// ChatSentBefore returns the answer to what a device has sent as number n, as
// long as it is remembered.
func (s *Store) ChatSentBefore(ctx context.Context, deviceID string, n int64) (sent proto.ChatSent, found bool, err error) {
	found, err = present(s.hotRow(ctx, sentBefore, []any{deviceID, n}, &sent.N, &sent.Seq, &sent.At, &sent.Tag))
	return sent, found, wrapped("look up what was sent", err)
}

// staleError undoes what was begun for a message that was checked against a
// conversation that has changed since.
type staleError struct{}

func (staleError) Error() string { return "the conversation has changed" }

// againError undoes what was begun for a message that had been taken before.
type againError struct{ sent proto.ChatSent }

func (*againError) Error() string { return "taken before" }

// TakeChat takes a message into the queues of all other devices of its
// conversation, once for each n of a device. What forbids it is a *proto.Error,
// and then nothing has changed.
func (s *Store) TakeChat(ctx context.Context, in proto.ChatLoad, seal SealChat) (out proto.ChatTaken, err error) {
	err = s.hotChatTx(ctx, func(tx hotTx) error {
		out, err = takeChat(ctx, tx, in, seal)
		return err
	})
	if err == nil {
		return out, nil
	}
	if _, ok := errors.AsType[staleError](err); ok {
		return proto.ChatTaken{Stale: true}, nil
	}
	if again, ok := errors.AsType[*againError](err); ok {
		return proto.ChatTaken{Sent: again.sent, Again: true}, nil
	}
	if full, ok := errors.AsType[*fullError](err); ok {
		return proto.ChatTaken{}, &proto.Error{Code: proto.CodeQueueFull, Message: fmt.Sprintf(
			"a recipient's device would have %d messages with %d bytes waiting; allowed are %d with %d: try again when it has fetched some",
			full.waiting, full.bytes, in.QueueMessages, in.QueueBytes)}
	}
	return proto.ChatTaken{}, fmt.Errorf("take a message: %w", err)
}

func takeChat(ctx context.Context, tx hotTx, in proto.ChatLoad, seal SealChat) (out proto.ChatTaken, err error) {
	conversation := in.Send.ConversationID
	var generation, epoch, drops, seq int64
	found, err := present(tx.QueryRowContext(ctx, takeSeq, conversation, in.At).Scan(&generation, &epoch, &drops, &seq))
	if err != nil {
		return out, fmt.Errorf("number it: %w", err)
	}
	if !found || generation != in.Generation || epoch != in.Epoch || drops != in.Drops {
		return out, staleError{}
	}
	rows, err := tx.QueryContext(ctx, rosterLeaves, conversation)
	leaves, err := collect(rows, err, scanLeaf)
	if err != nil {
		return out, fmt.Errorf("read the devices: %w", err)
	}
	p := places{limit: bounds{in.QueueMessages, in.QueueBytes}}
	if err := takeChatPlaces(ctx, tx, in, leaves, &p); err != nil {
		return out, err
	}
	body, tag, err := seal(seq)
	if err != nil {
		return out, fmt.Errorf("seal it: %w", err)
	}
	m := outgoing{
		conversationID: conversation, kind: proto.DeliveryMessage, generation: generation, epoch: epoch,
		senderID: in.UserID, deviceID: in.DeviceID, at: in.At, expiresAt: in.ExpiresAt,
		body: body, size: in.Size, franking: slices.Concat(in.Send.Commitment, tag),
	}
	if err := p.fill(ctx, tx, m, seq); err != nil {
		return out, err
	}
	if _, err := tx.ExecContext(ctx, addSent, in.DeviceID, in.Send.N, conversation, seq, in.At, tag); err != nil {
		return out, fmt.Errorf("remember its number: %w", err)
	}
	out = proto.ChatTaken{Sent: proto.ChatSent{N: in.Send.N, Seq: seq, At: in.At, Tag: tag}}
	ids := make([]string, 0, len(p.taken))
	for _, one := range p.taken {
		ids = append(ids, one.device)
		out.To = append(out.To, proto.ChatPlace{ChatReceiver: proto.ChatReceiver{DeviceID: one.device, UserID: one.person}, Pos: one.pos})
	}
	if len(in.Send.Attachments) == 0 {
		return out, nil
	}
	return out, grantAttachments(ctx, tx.Tx, attachmentsOf{conversation, in.UserID, in.ExpiresAt}, in.Send.Attachments, ids)
}

// takeChatPlaces counts the message of its sender and takes a place for it in
// each other device's queue, in the order of the devices' ids.
func takeChatPlaces(ctx context.Context, tx querier, in proto.ChatLoad, leaves []proto.ChatLeaf, p *places) error {
	slices.SortFunc(leaves, func(a, b proto.ChatLeaf) int { return strings.Compare(a.DeviceID, b.DeviceID) })
	counted := false
	for _, l := range leaves {
		if !l.In {
			return staleError{}
		}
		if l.DeviceID != in.DeviceID {
			if err := p.take(ctx, tx, l.DeviceID, in.Size); err != nil {
				return err
			}
			continue
		}
		counted = true
		if err := countSent(ctx, tx, in); err != nil {
			return err
		}
	}
	if !counted || len(p.taken) == 0 {
		return staleError{}
	}
	return nil
}

// countSent makes sure that a device sends each n once, and forgets what it
// knows to have been taken.
func countSent(ctx context.Context, tx querier, in proto.ChatLoad) error {
	var settled int64
	found, err := present(tx.QueryRowContext(ctx, takeN, in.DeviceID, in.Send.N, in.Send.Settled).Scan(&settled))
	if err != nil {
		return fmt.Errorf("count what the device sent: %w", err)
	}
	if !found {
		return notNext(ctx, tx, in)
	}
	if settled == 0 {
		return nil
	}
	_, err = tx.ExecContext(ctx, settleSent, in.DeviceID, settled)
	return wrapped("forget what is settled", err)
}

// notNext finds the reply to a number that is not the next one.
func notNext(ctx context.Context, tx querier, in proto.ChatLoad) error {
	var sent proto.ChatSent
	found, err := present(tx.QueryRowContext(ctx, sentBefore, in.DeviceID, in.Send.N).Scan(&sent.N, &sent.Seq, &sent.At, &sent.Tag))
	if err != nil {
		return fmt.Errorf("look up what was sent: %w", err)
	}
	if found {
		return &againError{sent}
	}
	var last, settled int64
	if found, err = present(tx.QueryRowContext(ctx, lastNOf, in.DeviceID).Scan(&last, &settled)); err != nil {
		return fmt.Errorf("look up what was sent last: %w", err)
	}
	if !found {
		return staleError{}
	}
	return &proto.Error{Code: proto.CodeWrongState, Message: fmt.Sprintf(
		"n: given %d; allowed is %d, the next of this device, or again one of those after %d, which it has settled", in.Send.N, last+1, settled)}
}
