package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"kinwire/signaling/proto"
)

const (
	// A message's row goes with the last of its waits. Two statements, because
	// on PostgreSQL the first holds the row while others count it down, too.
	countDown     = `UPDATE chat_messages SET waits = waits - $3 WHERE conversation_id = $1 AND seq = $2 RETURNING waits, size, kind, sender_id`
	deleteMessage = `DELETE FROM chat_messages WHERE conversation_id = $1 AND seq = $2`
	fewer         = `UPDATE chat_queue SET peers = peers - $4 WHERE conversation_id = $1 AND seq = $2 AND device_id = $3`
	countBack     = `UPDATE chat_devices SET queued = queued - $2, queued_bytes = queued_bytes - $3 WHERE id = $1`
)

// taken is a row that was deleted from a queue without having been delivered.
type taken struct {
	placeIn
	device string
	peers  int64 // to how many devices of this person it went
}

func scanTaken(row scanner) (t taken, err error) {
	err = row.Scan(&t.device, &t.conversation, &t.seq, &t.peers)
	return t, err
}

// settleTaken brings in order what rows deleted from queues leave behind: the
// counts of the devices, and messages that wait for nobody any more, which it
// deletes. The devices' rows are held already. It returns what did not reach a
// person by any of their devices.
func settleTaken(ctx context.Context, tx querier, gone []taken, owners map[string]string) (lost []lostSeqs, err error) {
	slices.SortFunc(gone, func(a, b taken) int { return a.compare(b.placeIn) })
	freed := map[string]*bounds{} // by device
	for len(gone) > 0 {
		first := gone[0]
		n := 1
		for n < len(gone) && gone[n].placeIn == first.placeIn {
			n++
		}
		some, err := settleMessage(ctx, tx, gone[:n], owners, freed)
		if err != nil {
			return nil, err
		}
		lost = append(lost, some...)
		gone = gone[n:]
	}
	for id, f := range freed { // held already: in any order
		if _, err := tx.ExecContext(ctx, countBack, id, f.messages, f.bytes); err != nil {
			return nil, fmt.Errorf("count a queue: %w", err)
		}
	}
	return join(lost), nil
}

// settleMessage is settleTaken for one message and the devices that it does not
// wait for any more.
func settleMessage(ctx context.Context, tx querier, gone []taken, owners map[string]string, freed map[string]*bounds) (lost []lostSeqs, err error) {
	m := gone[0]
	size, kind, sender, err := countMessageDown(ctx, tx, m.placeIn, len(gone))
	if err != nil {
		return nil, err
	}
	missed := map[string]int64{} // by person: by how many devices
	for _, t := range gone {
		f := freed[t.device]
		if f == nil {
			f = &bounds{}
			freed[t.device] = f
		}
		f.messages++
		f.bytes += size
		missed[owners[t.device]]++
	}
	for _, t := range gone {
		person := owners[t.device]
		n := missed[person]
		if n == 0 {
			continue
		}
		missed[person] = 0
		if n < t.peers {
			if err := fewerPeers(ctx, tx, t, person, n, owners); err != nil {
				return nil, err
			}
		} else if kind == proto.DeliveryMessage && person != sender && person != "" {
			lost = append(lost, lostSeqs{m.conversation, sender, person, []int64{m.seq}})
		}
	}
	return lost, nil
}

// fewerPeers notes in what still waits of a message for a person's other
// devices that n of them will not have had it: when the last of them does not
// get it either, the sender is told.
func fewerPeers(ctx context.Context, tx querier, t taken, person string, n int64, owners map[string]string) error {
	for _, id := range slices.Sorted(maps.Keys(owners)) {
		if owners[id] != person {
			continue
		}
		if _, err := tx.ExecContext(ctx, fewer, t.conversation, t.seq, id, n); err != nil {
			return fmt.Errorf("count the devices of a person: %w", err)
		}
	}
	return nil
}

// join puts together what concerns the same sender and the same person.
func join(lost []lostSeqs) (joined []lostSeqs) {
	slices.SortStableFunc(lost, lostSeqs.compare)
	for _, l := range lost {
		if n := len(joined); n > 0 && joined[n-1].compare(l) == 0 {
			joined[n-1].seqs = append(joined[n-1].seqs, l.seqs...)
			continue
		}
		joined = append(joined, l)
	}
	return joined
}
