package metrics

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

var errDown = errors.New("store is down")

func TestSavingIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSet(t, Config{BackoffMin: time.Second, BackoffMax: 4 * time.Second})
		s.shelf.fail = func(_ Row, attempt int) error {
			if attempt <= 4 {
				return errDown
			}
			return nil
		}
		s.call("c1")
		s.CallEnded("c1", "hangup", after(60))
		// Attempts at 0, 1, 3, 7 and 11 s: doubled, up to the largest.
		for _, step := range []struct {
			wait     time.Duration
			attempts int
		}{{0, 1}, {time.Second, 2}, {2 * time.Second, 3}, {4 * time.Second, 4}, {3999 * time.Millisecond, 4}, {time.Millisecond, 5}} {
			time.Sleep(step.wait) // the bubble's time, not the machine's
			synctest.Wait()
			require.Equal(t, step.attempts, s.shelf.attempts("c1"))
			_, err := s.Record(context.Background(), "c1")
			require.NoError(t, err, "a record that waits can be read")
		}
		require.Equal(t, "4", s.value(t, "kinwire_record_save_failures_total"))
		require.Equal(t, "1", s.value(t, "kinwire_records_saved_total"))
		s.close(t)
	})
}

func TestARefusedRecordDoesNotHoldBackOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSet(t, Config{Attempts: 3})
		s.shelf.fail = func(r Row, _ int) error {
			if r.CallID == "bad" {
				return errDown
			}
			return nil
		}
		s.call("bad")
		s.CallEnded("bad", "hangup", after(60))
		synctest.Wait()
		s.call("good")
		s.CallEnded("good", "hangup", after(60))
		synctest.Wait()
		require.Equal(t, 1, s.shelf.attempts("bad"))
		require.Equal(t, "1", s.value(t, "kinwire_records_saved_total"))
		require.Equal(t, "1", s.value(t, "kinwire_records_pending"))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 3, s.shelf.attempts("bad"))
		require.Equal(t, "1", s.value(t, `kinwire_records_lost_total{reason="attempts"}`))
		require.Equal(t, "0", s.value(t, "kinwire_records_pending"))
		s.close(t)
	})
}

func TestAFullQueueLosesAndCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSet(t, Config{Queue: 2})
		s.shelf.fail = func(Row, int) error { return errDown }
		for i := range 3 {
			id := fmt.Sprint("c", i)
			s.call(id)
			s.CallEnded(id, "hangup", after(60))
		}
		require.Equal(t, "1", s.value(t, `kinwire_records_lost_total{reason="queue_full"}`))
		s.shelf.mu.Lock()
		s.shelf.fail = nil
		s.shelf.mu.Unlock()
		s.close(t)
		require.Len(t, s.shelf.rows, 2)
	})
}

func TestCloseFlushesWithoutTheBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSet(t, Config{BackoffMin: time.Second, BackoffMax: time.Hour})
		s.shelf.fail = func(_ Row, attempt int) error {
			if attempt < 10 {
				return errDown
			}
			return nil
		}
		s.call("c1")
		s.CallEnded("c1", "hangup", after(60))
		time.Sleep(5 * time.Minute) // the bubble's time; the backoff is minutes by now
		synctest.Wait()
		start := time.Now()
		s.close(t)
		require.LessOrEqual(t, time.Since(start), 5*time.Second)
		require.Len(t, s.shelf.rows, 1)
	})
}

func TestCloseGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSet(t, Config{})
		s.shelf.fail = func(Row, int) error { return errDown }
		s.call("c1")
		s.call("c2")
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		err := s.Close(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "2 not saved")
		require.Equal(t, "2", s.value(t, `kinwire_records_lost_total{reason="shutdown"}`))
	})
}

// stuck is a store whose saves take as long as their context lets them.
type stuck struct{ shelf }

func (s *stuck) SaveRecord(ctx context.Context, _ Row) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestAStuckStoreHoldsBackNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := New(Config{SaveTimeout: 2 * time.Second}, Deps{Store: &stuck{}})
		require.NoError(t, err)
		r.CallStarted("c1", true, began)
		start := time.Now()
		r.CallEnded("c1", "hangup", after(1))
		require.Zero(t, time.Since(start))
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		require.ErrorIs(t, r.Close(ctx), context.DeadlineExceeded)
		require.Equal(t, 5*time.Second, time.Since(start))
	})
}
