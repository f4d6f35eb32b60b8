package calls

import (
	"context"
	"fmt"
	"sync"
)

// line runs jobs one after the other, in the order they were added, on a
// goroutine that lives only while there are jobs.
type line struct {
	running *sync.WaitGroup // counts goroutines; shared by all lines of a service

	mu   sync.Mutex
	jobs []func()
	busy bool
}

func (l *line) add(jobs ...func()) {
	if len(jobs) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.jobs = append(l.jobs, jobs...)
	if !l.busy {
		l.busy = true
		l.running.Go(l.run)
	}
}

func (l *line) run() {
	for {
		l.mu.Lock()
		jobs := l.jobs
		l.jobs = nil
		l.busy = len(jobs) > 0
		l.mu.Unlock()
		if len(jobs) == 0 {
			return
		}
		for _, job := range jobs {
			job()
		}
	}
}

// wait returns when everything added so far is done, or ctx ends.
func (l *line) wait(ctx context.Context) error {
	done := make(chan struct{})
	l.add(func() { close(done) })
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for earlier work on the call: %w", context.Cause(ctx))
	}
}

// turns lets one request at a time through for each participant.
type turns struct {
	mu sync.Mutex
	by map[string]chan struct{}
}

// of is the channel, of capacity 1, that holds something while it is
// somebody's turn.
func (t *turns) of(participantID string) chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by == nil {
		t.by = make(map[string]chan struct{})
	}
	if t.by[participantID] == nil {
		t.by[participantID] = make(chan struct{}, 1)
	}
	return t.by[participantID]
}
