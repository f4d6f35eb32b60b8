package push

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// job is a wake-up on its way: first of a person, then of each handle.
type job struct {
	kind     string // what the device is woken for
	user     string // looked up, and then a job for each handle takes its place
	handle   string
	id       string
	due      time.Time // not before
	deadline time.Time // worth nothing after
	attempts int
}

// queue holds jobs until they are due.
type queue struct {
	most int
	wake chan struct{} // one token for each worker that may have something to do

	mu   sync.Mutex
	jobs jobs
}

func newQueue(most, workers int) *queue {
	return &queue{most: most, wake: make(chan struct{}, workers)}
}

// add takes a job in, unless the queue is full.
func (q *queue) add(j job) bool {
	q.mu.Lock()
	full := len(q.jobs) >= q.most
	if !full {
		heap.Push(&q.jobs, j)
	}
	q.mu.Unlock()
	if full {
		return false
	}
	select {
	case q.wake <- struct{}{}:
	default: // everybody who sleeps has been woken already
	}
	return true
}

// next waits for a job that is due; false when ctx ends.
func (q *queue) next(ctx context.Context, now func() time.Time) (job, bool) {
	for {
		j, wait, due := q.pop(now())
		if ctx.Err() != nil {
			return job{}, false
		}
		if due {
			return j, true
		}
		timer := time.NewTimer(wait)
		select {
		case <-q.wake:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// pop takes the first job if it is due, and says otherwise how long there is
// to wait.
func (q *queue) pop(now time.Time) (j job, wait time.Duration, due bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.jobs) == 0 {
		return job{}, time.Hour, false
	}
	if wait := q.jobs[0].due.Sub(now); wait > 0 {
		return job{}, wait, false
	}
	return heap.Pop(&q.jobs).(job), 0, true
}

// jobs is a heap by due time.
type jobs []job

func (h jobs) Len() int           { return len(h) }
func (h jobs) Less(i, k int) bool { return h[i].due.Before(h[k].due) }
func (h jobs) Swap(i, k int)      { h[i], h[k] = h[k], h[i] }
func (h *jobs) Push(x any)        { *h = append(*h, x.(job)) }
func (h *jobs) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
