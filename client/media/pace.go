package media

import (
	"context"
	"time"
)

// maxLate is how far a source may fall behind before it leaves frames out.
const maxLate = time.Second

// pace calls f once every interval until ctx ends or f fails. A late machine
// gets the missed calls in a row, but no more than a second's worth.
func pace(ctx context.Context, every time.Duration, f func() error) error {
	next := time.Now()
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
		if late := time.Since(next); late > maxLate {
			next = next.Add(late)
		}
		for !next.After(time.Now()) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := f(); err != nil {
				return err
			}
			next = next.Add(every)
		}
		t.Reset(time.Until(next))
	}
}
