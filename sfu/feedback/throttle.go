package feedback

import (
	"sync"
	"time"
)

// Throttle lets something happen no more often than every so long, and
// remembers that it was wanted in between. It is for key frame requests (PLI,
// RFC 4585, section 6.3.1): many receivers may want one at once, a key frame
// serves them all, and each costs the sender many times an ordinary frame. Any
// goroutine may call it.
type Throttle struct {
	interval time.Duration

	mu      sync.Mutex
	used    bool
	last    time.Time
	pending bool
	allowed uint64
	refused uint64
}

// NewThrottle gives a Throttle that allows something once in interval at most.
func NewThrottle(interval time.Duration) *Throttle { return &Throttle{interval: interval} }

// Allow says whether the request may go out now. One that may not is kept:
// Due says when it may.
func (t *Throttle) Allow(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ready(now) {
		t.pending = true
		t.refused++
		return false
	}
	t.use(now)
	return true
}

// Due says whether a request that was refused before is to go out now. It says
// so once, however many were refused.
func (t *Throttle) Due(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.pending || !t.ready(now) {
		return false
	}
	t.use(now)
	return true
}

// Pending says whether a refused request is waiting.
func (t *Throttle) Pending() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.pending
}

// Satisfied forgets a waiting request: what it asked for has come.
func (t *Throttle) Satisfied() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending = false
}

// Counts gives how many requests went out and how many were refused or joined
// to a later one.
func (t *Throttle) Counts() (allowed, refused uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.allowed, t.refused
}

func (t *Throttle) ready(now time.Time) bool {
	return !t.used || now.Sub(t.last) >= t.interval
}

func (t *Throttle) use(now time.Time) {
	t.used, t.last, t.pending = true, now, false
	t.allowed++
}
