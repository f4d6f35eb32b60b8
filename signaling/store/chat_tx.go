package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const (
	chatTries  = 5
	scrubTries = 20
	scrubPause = 100 * time.Millisecond
)

// chatTx is tx for what is done with conversations and queues, where several
// rows are held at once. Their order (a conversation, then devices by id, then
// messages by place) keeps transactions out of each other's way; where two of
// them meet all the same, one is run again, so do may run more than once.
func (s *Store) chatTx(ctx context.Context, do func(tx *sql.Tx) error) (err error) {
	for range chatTries {
		if err = s.tx(ctx, do); err == nil || !s.dialect.collided(err) {
			return err
		}
	}
	return err
}

// hotChat are the statements that every message takes.
var hotChat = []string{
	takeSeq, rosterLeaves, takeN, settleSent, placeInQueue, addMessage, addToQueue, addSent,
	holdDevice, ackQueue, countDown, deleteMessage, countBack, markMember,
}

// hotChatTx is chatTx for what every message takes.
func (s *Store) hotChatTx(ctx context.Context, do func(tx hotTx) error) error {
	if err := s.prepareAll(ctx, hotChat); err != nil {
		return err
	}
	if s.read != s.write {
		return s.group.run(ctx, s, do)
	}
	return s.chatTx(ctx, func(tx *sql.Tx) error { return do(hotTx{tx, &s.hotWrites}) })
}

// Scrub sees to it that what has been deleted is in no file of the database any
// more: SQLite overwrites what it deletes, but keeps old pages in its
// write-ahead log until that is cut. It waits for readers that are in the way,
// for a few seconds at most. On PostgreSQL it does nothing.
func (s *Store) Scrub(ctx context.Context) error {
	for range scrubTries {
		done, err := s.dialect.scrub(ctx, s.write)
		if err != nil {
			return fmt.Errorf("clear the log of the database: %w", err)
		}
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("clear the log of the database: %w", ctx.Err())
		case <-time.After(scrubPause):
		}
	}
	return fmt.Errorf("clear the log of the database: readers were in the way %d times", scrubTries)
}
