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
	gap     time.Duration // after which the waiting request may go out
	allowed uint64
	refused uint64
}

// NewThrottle gives a Throttle that allows something once in interval at most.
func NewThrottle(interval time.Duration) *Throttle { return &Throttle{interval: interval} }

// Allow says whether the request may go out now. One that may not is kept:
// Due says when it may.
func (t *Throttle) Allow(now time.Time) bool { return t.AllowAfter(now, t.interval) }

// AllowAfter is Allow for a request that need only be so long after the one
// before: for one that is rare and that somebody waits for.
func (t *Throttle) AllowAfter(now time.Time, gap time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ready(now, gap) {
		if !t.pending || gap < t.gap {
			t.gap = gap
		}
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
	if !t.pending || !t.ready(now, t.gap) {
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

func (t *Throttle) ready(now time.Time, gap time.Duration) bool {
	return !t.used || now.Sub(t.last) >= gap
}

func (t *Throttle) use(now time.Time) {
	t.used, t.last, t.pending = true, now, false
	t.allowed++
}
