package stage

import "sync"

// jobs does one thing after the other, so that a participant does what the
// script says in its order while others do theirs.
type jobs struct {
	mu     sync.Mutex
	queue  []func()
	idle   bool
	closed bool
	wake   chan struct{}
	done   chan struct{}
}

func newJobs() *jobs {
	j := &jobs{wake: make(chan struct{}, 1), done: make(chan struct{}), idle: true}
	go j.work()
	return j
}

// add queues f. After close it does nothing.
func (j *jobs) add(f func()) {
	j.mu.Lock()
	if !j.closed {
		j.queue, j.idle = append(j.queue, f), false
	}
	j.mu.Unlock()
	j.nudge()
}

func (j *jobs) nudge() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

func (j *jobs) work() {
	defer close(j.done)
	for {
		j.mu.Lock()
		var f func()
		if len(j.queue) > 0 {
			f, j.queue = j.queue[0], j.queue[1:]
		} else {
			j.idle = true
		}
		closed := j.closed
		j.mu.Unlock()
		switch {
		case closed:
			return
		case f != nil:
			f()
		default:
			<-j.wake
		}
	}
}

// resting says whether all is done.
func (j *jobs) resting() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.idle
}

// close gives up what has not begun, and waits for what has.
func (j *jobs) close() {
	j.mu.Lock()
	j.closed, j.queue = true, nil
	j.mu.Unlock()
	j.nudge()
	<-j.done
}
