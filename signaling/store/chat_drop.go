package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kinwire/signaling/proto"
)

const (
	devicesIn = `
		SELECT d.id FROM chat_members AS m JOIN chat_devices AS d ON d.person_id = m.person_id
		WHERE m.conversation_id = $1`
	devicesBeside = `SELECT id FROM chat_devices WHERE person_id IN (SELECT person_id FROM chat_devices WHERE id = $1)`
	holdOwned     = `UPDATE chat_devices SET queued = queued WHERE id = $1 RETURNING person_id`
	countDrop     = `UPDATE chat_conversations SET drops = drops + 1 WHERE id = $1`
	// A queue is short: see the bounds of the relay.
	dropOfConversation = `
		DELETE FROM chat_queue
		WHERE device_id = $1 AND conversation_id = $2 AND NOT EXISTS (
			SELECT 1 FROM chat_messages AS m
			WHERE m.conversation_id = chat_queue.conversation_id AND m.seq = chat_queue.seq AND m.kind = 'notice')
		RETURNING device_id, conversation_id, seq, peers`
	dropOfDevice = `DELETE FROM chat_queue WHERE device_id = $1 RETURNING device_id, conversation_id, seq, peers`
)

// lockDevices holds the rows of all devices of a conversation's people, and of
// the people whose are the others given, until the end of the transaction, in
// the order in which everybody takes them. It returns whose they are.
func lockDevices(ctx context.Context, tx querier, conversationID string, more []string) (owners map[string]string, err error) {
	ids, err := texts(tx.QueryContext(ctx, devicesIn, conversationID))
	if err != nil {
		return nil, fmt.Errorf("find the devices of a conversation: %w", err)
	}
	for _, id := range more {
		same, err := texts(tx.QueryContext(ctx, devicesBeside, id))
		if err != nil {
			return nil, fmt.Errorf("find the devices of a person: %w", err)
		}
		ids = append(ids, same...)
	}
	slices.Sort(ids)
	owners = make(map[string]string, len(ids))
	for _, id := range slices.Compact(ids) {
		var person string
		found, err := present(tx.QueryRowContext(ctx, holdOwned, id).Scan(&person))
		if err != nil {
			return nil, fmt.Errorf("hold a device: %w", err)
		}
		if found {
			owners[id] = person
		}
	}
	return owners, nil
}

// dropQueued deletes what waits for these devices of this conversation, but
// for the server's own notices. Who sent what did not reach a person by any
// device gets a notice `stopped` in the queues of all their devices. It also
// voids sends that were checked before it and are not in yet: they are checked
// again. So it has to be called, with no devices if need be, whenever a
// conversation's people may not write to each other any more. It returns who got
// a notice, to be told when the transaction is through.
//
// It takes the conversation's row, then those of devices: in a transaction that
// is about several conversations, nextSeq takes all of them first, by 0 places
// and in the order of their ids.
func dropQueued(ctx context.Context, tx querier, conversationID string, deviceIDs []string, at, expiresAt int64) (told []proto.ChatReceiver, err error) {
	if _, err := tx.ExecContext(ctx, countDrop, conversationID); err != nil {
		return nil, fmt.Errorf("stop a conversation: %w", err)
	}
	if len(deviceIDs) == 0 {
		return nil, nil
	}
	owners, err := lockDevices(ctx, tx, conversationID, deviceIDs)
	if err != nil {
		return nil, err
	}
	var gone []taken
	for _, device := range slices.Compact(slices.Sorted(slices.Values(deviceIDs))) {
		rows, err := tx.QueryContext(ctx, dropOfConversation, device, conversationID)
		some, err := collect(rows, err, scanTaken)
		if err != nil {
			return nil, fmt.Errorf("empty a queue: %w", err)
		}
		gone = append(gone, some...)
	}
	lost, err := settleTaken(ctx, tx, gone, owners)
	if err != nil {
		return nil, err
	}
	return giveNotice(ctx, tx, lost, proto.UndeliveredStopped, owners, at, expiresAt)
}

// forgetQueued deletes all that waits for devices that are about to be deleted
// themselves, and tells nobody: call dropQueued first for the conversations
// that they are in.
func forgetQueued(ctx context.Context, tx querier, deviceIDs []string) error {
	owners, err := lockDevices(ctx, tx, "", deviceIDs)
	if err != nil {
		return err
	}
	var gone []taken
	for _, device := range slices.Compact(slices.Sorted(slices.Values(deviceIDs))) {
		rows, err := tx.QueryContext(ctx, dropOfDevice, device)
		some, err := collect(rows, err, scanTaken)
		if err != nil {
			return fmt.Errorf("empty a queue: %w", err)
		}
		gone = append(gone, some...)
	}
	_, err = settleTaken(ctx, tx, gone, owners)
	return err
}

// lostSeqs is what did not reach a person.
type lostSeqs struct {
	conversation, sender, person string
	seqs                         []int64
}

func (l lostSeqs) compare(o lostSeqs) int {
	return strings.Compare(l.conversation+" "+l.sender+" "+l.person, o.conversation+" "+o.sender+" "+o.person)
}

const noticeSeqs = 500 // in one notice at most

// giveNotice tells senders, on all their devices, what did not arrive. The rows
// of conversation and devices are held already.
func giveNotice(ctx context.Context, tx querier, lost []lostSeqs, reason proto.Undelivered, owners map[string]string, at, expiresAt int64) (told []proto.ChatReceiver, err error) {
	for _, l := range lost {
		var devices []string
		for id, owner := range owners {
			if owner == l.sender {
				devices = append(devices, id)
				told = append(told, proto.ChatReceiver{DeviceID: id, UserID: owner})
			}
		}
		for seqs := range slices.Chunk(l.seqs, noticeSeqs) {
			detail, err := json.Marshal(proto.ChatNotice{Reason: reason, UserID: l.person, Seqs: seqs})
			if err != nil {
				return nil, fmt.Errorf("write a notice: %w", err)
			}
			seq, err := nextSeq(ctx, tx, l.conversation, 1)
			if errors.Is(err, ErrNotFound) {
				break // the conversation is gone, and with it those who would ask
			}
			if err != nil {
				return nil, err
			}
			m := outgoing{conversationID: l.conversation, kind: proto.DeliveryNotice, at: at, expiresAt: expiresAt, size: int64(len(detail)), detail: string(detail)}
			if err := enqueue(ctx, tx, m, seq, devices); err != nil {
				return nil, err
			}
		}
	}
	return told, nil
}
