package metrics

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// saver saves records, each with its own backoff, so that one which the store
// refuses does not hold back the others. Its goroutine reads the clock
// itself: what it measures is waiting, not calls.
type saver struct {
	cfg   Config
	store Store
	log   *slog.Logger
	m     *instruments
	stop  context.CancelFunc
	wake  chan struct{}
	done  chan struct{}

	mu      sync.Mutex
	items   []*pending
	closing bool
}

// pending is a record that waits.
type pending struct {
	row      Row
	attempts int
	due      time.Time
}

func startSaver(cfg Config, store Store, log *slog.Logger, m *instruments) *saver {
	ctx, stop := context.WithCancel(context.Background())
	s := &saver{
		cfg: cfg, store: store, log: log, m: m, stop: stop,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	go s.run(ctx)
	return s
}

// add puts a record in the queue; a full queue loses it.
func (s *saver) add(row Row) {
	s.mu.Lock()
	full := len(s.items) >= s.cfg.Queue
	if !full {
		s.items = append(s.items, &pending{row: row, due: time.Now()})
		s.m.recordsPending.Inc()
	}
	s.mu.Unlock()
	if full {
		s.lose(row.CallID, "queue_full", nil)
		return
	}
	s.nudge()
}

func (s *saver) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// find gives the document of a record that waits.
func (s *saver) find(callID string) (json.RawMessage, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.items {
		if p.row.CallID == callID {
			return p.row.Document, true
		}
	}
	return nil, false
}

// close saves what waits, without the backoff it has run up, and stops.
func (s *saver) close(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	for _, p := range s.items {
		p.due = time.Now()
	}
	s.mu.Unlock()
	s.nudge()
	select {
	case <-s.done:
	case <-ctx.Done():
		s.stop()
		<-s.done
	}
	s.stop()
	s.mu.Lock()
	lost := s.items
	s.items = nil
	s.mu.Unlock()
	for _, p := range lost {
		s.m.recordsPending.Dec()
		s.lose(p.row.CallID, "shutdown", ctx.Err())
	}
	if len(lost) > 0 {
		return fmt.Errorf("saving call records: %d not saved: %w", len(lost), ctx.Err())
	}
	return nil
}

func (s *saver) run(ctx context.Context) {
	defer close(s.done)
	for {
		p, wait, finished := s.next()
		if finished || ctx.Err() != nil {
			return
		}
		if p != nil && wait <= 0 {
			s.save(ctx, p)
			continue
		}
		s.sleep(ctx, wait, p != nil)
	}
}

// next is the record to be saved first, and how long to wait for it; none if
// nothing waits, finished if nothing will.
func (s *saver) next() (p *pending, wait time.Duration, finished bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.items) == 0 {
		return nil, 0, s.closing
	}
	p = slices.MinFunc(s.items, func(a, b *pending) int { return a.due.Compare(b.due) })
	return p, time.Until(p.due), false
}

// sleep waits for something new, and no longer than wait if timed.
func (s *saver) sleep(ctx context.Context, wait time.Duration, timed bool) {
	var due <-chan time.Time
	if timed {
		t := time.NewTimer(wait)
		defer t.Stop()
		due = t.C
	}
	select {
	case <-s.wake:
	case <-due:
	case <-ctx.Done():
	}
}

func (s *saver) save(ctx context.Context, p *pending) {
	attempt, cancel := context.WithTimeout(ctx, s.cfg.SaveTimeout)
	err := s.store.SaveRecord(attempt, p.row)
	cancel()
	p.attempts++
	if err == nil {
		s.m.recordsSaved.Inc()
		s.remove(p)
		return
	}
	s.m.saveFailures.Inc()
	s.mu.Lock()
	closing := s.closing
	p.due = time.Now().Add(s.backoff(p.attempts, closing))
	s.mu.Unlock()
	// While closing, the limit is the closer's patience.
	if p.attempts >= s.cfg.Attempts && !closing {
		s.remove(p)
		s.lose(p.row.CallID, "attempts", err)
		return
	}
	s.log.Warn("call record not saved, will try again", "call", p.row.CallID, "attempt", p.attempts, "error", err)
}

func (s *saver) backoff(attempts int, closing bool) time.Duration {
	if closing {
		return s.cfg.BackoffMin
	}
	d := s.cfg.BackoffMin
	for range attempts - 1 {
		if d = 2 * d; d >= s.cfg.BackoffMax {
			return s.cfg.BackoffMax
		}
	}
	return d
}

func (s *saver) remove(p *pending) {
	s.mu.Lock()
	s.items = slices.DeleteFunc(s.items, func(q *pending) bool { return q == p })
	s.mu.Unlock()
	s.m.recordsPending.Dec()
}

func (s *saver) lose(callID, reason string, err error) {
	s.m.recordsLost.WithLabelValues(reason).Inc()
	s.log.Error("call record lost", "call", callID, "reason", reason, "error", err)
}
