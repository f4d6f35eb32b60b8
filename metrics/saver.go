package metrics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// errand is what a saver does with records, and how stubbornly.
type errand struct {
	what    string // "saved", "exported to webhook": for the log
	do      func(ctx context.Context, r Row) error
	tally   tally
	workers int           // records at once
	timeout time.Duration // of one attempt
	// patient: what waits when the saver is closed is tried until the closer's
	// patience ends. Otherwise it is tried once more.
	patient bool
}

// Why a record is given up.
const (
	lostQueueFull = "queue_full"
	lostAttempts  = "attempts"
	lostShutdown  = "shutdown"
	lostRefused   = "refused" // only by an export
)

// tally are the metrics of an errand.
type tally struct {
	done, failed prometheus.Counter
	lost         *prometheus.CounterVec // by reason
	pending      prometheus.Gauge
}

// saver does an errand with each record, each with its own backoff, so that one
// which is refused does not hold back the others. Its goroutines read the clock
// themselves: what they measure is waiting, not calls.
type saver struct {
	errand
	cfg  Config
	log  *slog.Logger
	stop context.CancelFunc
	wake chan struct{}
	work sync.WaitGroup

	mu      sync.Mutex
	items   []*pending
	closing bool
}

// pending is a record that waits.
type pending struct {
	row      Row
	attempts int
	due      time.Time
	taken    bool // by a worker
	last     bool // the attempt that is next is the last
}

func startSaver(cfg Config, log *slog.Logger, e errand) *saver {
	ctx, stop := context.WithCancel(context.Background())
	s := &saver{errand: e, cfg: cfg, log: log, stop: stop, wake: make(chan struct{}, e.workers)}
	for range e.workers {
		s.work.Go(func() { s.run(ctx) })
	}
	return s
}

// add puts a record in the queue; a full queue loses it.
func (s *saver) add(row Row) {
	s.mu.Lock()
	full := len(s.items) >= s.cfg.Queue
	if !full {
		s.items = append(s.items, &pending{row: row, due: time.Now()})
		s.tally.pending.Inc()
	}
	s.mu.Unlock()
	if full {
		s.lose(row.CallID, lostQueueFull, nil)
		return
	}
	s.nudge()
}

func (s *saver) nudge() {
	for range s.workers {
		select {
		case s.wake <- struct{}{}:
		default: // everybody who sleeps has been woken already
		}
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

// rows are the records that wait.
func (s *saver) rows() []Row {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Row, 0, len(s.items))
	for _, p := range s.items {
		out = append(out, p.row)
	}
	return out
}

// close does what waits, without the backoff it has run up, and stops.
func (s *saver) close(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	for _, p := range s.items {
		p.due, p.last = time.Now(), !s.patient
	}
	s.mu.Unlock()
	s.nudge()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.work.Wait()
	}()
	select {
	case <-done:
	case <-ctx.Done():
		s.stop()
		<-done
	}
	s.stop()
	s.mu.Lock()
	lost := s.items
	s.items = nil
	s.mu.Unlock()
	for _, p := range lost {
		s.tally.pending.Dec()
		s.lose(p.row.CallID, lostShutdown, ctx.Err())
	}
	if len(lost) > 0 {
		return fmt.Errorf("closing call records: %d not %s: %w", len(lost), s.what, ctx.Err())
	}
	return nil
}

func (s *saver) run(ctx context.Context) {
	for {
		p, wait, finished := s.next()
		if finished || ctx.Err() != nil {
			return
		}
		if p != nil {
			s.attempt(ctx, p)
			continue
		}
		s.sleep(ctx, wait)
	}
}

// next takes the record that is due first; otherwise it says how long to wait,
// 0 for as long as it takes. finished: nothing waits, and nothing will.
func (s *saver) next() (p *pending, wait time.Duration, finished bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.items {
		if !q.taken && (p == nil || q.due.Before(p.due)) {
			p = q
		}
	}
	if p == nil {
		return nil, 0, s.closing && len(s.items) == 0
	}
	if wait = time.Until(p.due); wait > 0 {
		return nil, wait, false
	}
	p.taken = true
	return p, 0, false
}

// sleep waits for something new, and no longer than wait if that is not 0.
func (s *saver) sleep(ctx context.Context, wait time.Duration) {
	var due <-chan time.Time
	if wait > 0 {
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

func (s *saver) attempt(ctx context.Context, p *pending) {
	try, cancel := context.WithTimeout(ctx, s.timeout)
	err := s.do(try, p.row)
	cancel()
	p.attempts++
	if err == nil {
		s.tally.done.Inc()
		s.remove(p)
		return
	}
	s.tally.failed.Inc()
	if reason := s.giveUp(p, err); reason != "" {
		s.remove(p)
		s.lose(p.row.CallID, reason, err)
		return
	}
	s.log.Warn("call record not "+s.what+", will try again", "call", p.row.CallID, "attempt", p.attempts, "error", err)
}

// giveUp says why a record that could not be handed over is given up, or puts it
// back to be tried again.
func (s *saver) giveUp(p *pending, err error) (reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case errors.Is(err, ErrRefused):
		return lostRefused
	case p.last:
		return lostShutdown
	// While closing, the limit is the closer's patience.
	case p.attempts >= s.cfg.Attempts && !s.closing:
		return lostAttempts
	}
	p.taken, p.last = false, s.closing && !s.patient
	p.due = time.Now().Add(s.backoff(p.attempts, s.closing, err))
	return ""
}

func (s *saver) backoff(attempts int, closing bool, err error) time.Duration {
	if closing {
		return s.cfg.BackoffMin
	}
	d := s.cfg.BackoffMin
	for range attempts - 1 {
		d = min(2*d, s.cfg.BackoffMax)
	}
	var later *RetryError
	if errors.As(err, &later) {
		d = max(d, min(later.After, maxAfter))
	}
	return d
}

func (s *saver) remove(p *pending) {
	s.mu.Lock()
	s.items = slices.DeleteFunc(s.items, func(q *pending) bool { return q == p })
	finished := s.closing && len(s.items) == 0
	s.mu.Unlock()
	s.tally.pending.Dec()
	if finished {
		s.nudge() // those who wait for what this one had taken
	}
}

func (s *saver) lose(callID, reason string, err error) {
	s.tally.lost.WithLabelValues(reason).Inc()
	s.log.Error("call record lost: not "+s.what, "call", callID, "reason", reason, "error", err)
}
