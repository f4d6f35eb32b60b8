package friends

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kinwire/signaling/proto"
)

const (
	// sweepEvery is how often requests that have run out are looked for. What
	// has run out counts for nothing before that; it is only not said yet.
	sweepEvery = time.Minute
	// sweepAtOnce is how many of them are dealt with at a time.
	sweepAtOnce = 100
)

// Run ends requests that have run out, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			s.d.Log.ErrorContext(ctx, "friend requests that have run out could not be ended", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// sweep ends what has run out by now.
func (s *Service) sweep(ctx context.Context) error {
	for {
		due, err := s.lists.DueTies(ctx, s.now(), sweepAtOnce)
		if err != nil {
			return fmt.Errorf("look for requests that have run out: %w", err)
		}
		done := 0
		for _, tie := range due {
			_, err := s.change(ctx, tie.Row.IDs[0], tie.Row.IDs[1], func(proto.FriendTie) (event, *proto.Error) {
				return event{kind: evExpire, actor: "system"}, nil
			})
			var refused *proto.Error
			if err != nil && !errors.As(err, &refused) { // refused: somebody was faster
				return err
			}
			if err == nil {
				done++
			}
		}
		if len(due) < sweepAtOnce || done == 0 {
			return nil
		}
	}
}
