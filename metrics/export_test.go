package metrics

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// farEnd is an Exporter; fail, if set, may refuse.
type farEnd struct {
	mu   sync.Mutex
	got  []Row
	at   []time.Time
	fail func(ctx context.Context, r Row, attempt int) error
}

func (f *farEnd) Export(ctx context.Context, r Row) error {
	f.mu.Lock()
	f.got, f.at = append(f.got, r), append(f.at, time.Now())
	attempt, fail := 0, f.fail
	for _, g := range f.got {
		if g.CallID == r.CallID {
			attempt++
		}
	}
	f.mu.Unlock()
	if fail != nil {
		return fail(ctx, r, attempt)
	}
	return nil
}

func (f *farEnd) attempts() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.got)
}

func TestARecordGoesWhereItShall(t *testing.T) {
	hook, other := &farEnd{}, &farEnd{}
	s := newSet(t, Config{}, Export{"hook", hook}, Export{"other", other})
	s.call("c1")
	s.CallEnded("c1", "hangup", after(60))
	s.close(t)
	row, err := s.shelf.LoadRecord(context.Background(), "c1")
	require.NoError(t, err)
	require.Equal(t, []Row{row}, hook.got)
	require.Equal(t, []Row{row}, other.got)
	for _, name := range []string{"hook", "other"} {
		require.Equal(t, "1", s.value(t, fmt.Sprintf(`kinwire_records_exported_total{target=%q}`, name)))
		require.Equal(t, "0", s.value(t, fmt.Sprintf(`kinwire_record_exports_pending{target=%q}`, name)))
	}
}

func TestAFarEndThatHangsHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hung := &farEnd{fail: func(ctx context.Context, _ Row, _ int) error {
			<-ctx.Done() // it never answers
			return ctx.Err()
		}}
		s := newSet(t, Config{Queue: 6}, Export{"hook", hung})
		began := time.Now()
		for i := range 8 {
			id := fmt.Sprint("c", i)
			s.call(id)
			s.CallEnded(id, "hangup", after(60))
			synctest.Wait()
		}
		require.Zero(t, time.Since(began), "no call waits")
		require.Equal(t, "8", s.value(t, "kinwire_records_saved_total"), "nor does the store")
		require.Equal(t, "2", s.value(t, `kinwire_record_exports_lost_total{reason="queue_full",target="hook"}`))
		require.Equal(t, "6", s.value(t, `kinwire_record_exports_pending{target="hook"}`))
		require.Equal(t, exportsAtOnce, hung.attempts(), "so many at once, and no more")
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = s.Close(ctx)
		require.Equal(t, 5*time.Second, time.Since(began), "closing takes no longer than it may")
		require.Len(t, s.shelf.rows, 8)
		require.Equal(t, "6", s.value(t, `kinwire_record_exports_lost_total{reason="shutdown",target="hook"}`))
		require.Equal(t, "0", s.value(t, `kinwire_record_exports_pending{target="hook"}`))
	})
}

func TestAnExportIsTriedAgain(t *testing.T) {
	errBusy := errors.New("busy")
	synctest.Test(t, func(t *testing.T) {
		far := &farEnd{fail: func(_ context.Context, _ Row, attempt int) error {
			switch attempt {
			case 1:
				return errBusy
			case 2:
				return &RetryError{After: time.Minute, Err: errBusy}
			default:
				return nil
			}
		}}
		s := newSet(t, Config{BackoffMin: time.Second}, Export{"hook", far})
		s.call("c1")
		s.CallEnded("c1", "hangup", after(60))
		time.Sleep(10 * time.Minute) // the bubble's time, not the machine's
		synctest.Wait()
		require.Equal(t, []time.Duration{time.Second, time.Minute}, []time.Duration{far.at[1].Sub(far.at[0]), far.at[2].Sub(far.at[1])})
		require.Equal(t, "2", s.value(t, `kinwire_record_export_failures_total{target="hook"}`))
		require.Equal(t, "1", s.value(t, `kinwire_records_exported_total{target="hook"}`))
		s.close(t)
	})
}

func TestAnExportThatIsRefusedIsNotTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := &farEnd{fail: func(context.Context, Row, int) error { return fmt.Errorf("status 400: %w", ErrRefused) }}
		s := newSet(t, Config{}, Export{"hook", far})
		s.call("c1")
		s.CallEnded("c1", "hangup", after(60))
		time.Sleep(time.Hour) // the bubble's time
		synctest.Wait()
		require.Equal(t, 1, far.attempts())
		require.Equal(t, "1", s.value(t, `kinwire_record_exports_lost_total{reason="refused",target="hook"}`))
		require.Equal(t, "0", s.value(t, `kinwire_record_exports_pending{target="hook"}`))
		s.close(t)
	})
}

func TestClosingTriesEachExportOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := true
		far := &farEnd{}
		far.fail = func(_ context.Context, r Row, _ int) error {
			if down || r.CallID == "bad" {
				return errDown
			}
			return nil
		}
		s := newSet(t, Config{BackoffMin: 20 * time.Second}, Export{"hook", far})
		for _, id := range []string{"good", "bad"} {
			s.call(id)
			s.CallEnded(id, "hangup", after(60))
		}
		synctest.Wait()
		down = false
		began := time.Now()
		s.close(t)
		require.Zero(t, time.Since(began))
		require.Equal(t, 4, far.attempts())
		require.Equal(t, "1", s.value(t, `kinwire_records_exported_total{target="hook"}`))
		require.Equal(t, "1", s.value(t, `kinwire_record_exports_lost_total{reason="shutdown",target="hook"}`))
	})
}

func TestExportsThatCannotBe(t *testing.T) {
	far := &farEnd{}
	for name, list := range map[string][]Export{
		"no name": {{"", far}}, "a sentence": {{"my hook", far}}, "twice": {{"hook", far}, {"hook", far}}, "nobody": {{"hook", nil}},
	} {
		_, err := New(Config{}, Deps{Store: &shelf{}, Exports: list})
		var bad *ConfigError
		require.ErrorAs(t, err, &bad, name)
		require.Equal(t, "Deps.Exports", bad.Field, name)
	}
}
