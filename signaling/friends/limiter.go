package friends

import (
	"sync"
	"time"
)

const (
	// A person who has just got a handful of codes can try them all …
	codesAtOnce = 10
	// … and then one more each time this has passed. Somebody who guesses
	// needs some thousand years for a code that anybody has.
	codeEvery = 30 * time.Second
	// maxTracked bounds the memory: people beyond it who are still slowed are
	// forgotten.
	maxTracked = 1 << 16
)

// limiter slows down guessing: a token bucket for each person. What is kept is
// the time at which a person's bucket is full again.
type limiter struct {
	mu   sync.Mutex
	full map[string]time.Time
}

func newLimiter() *limiter { return &limiter{full: make(map[string]time.Time)} }

// take uses up one try, or says how long to wait for the next.
func (l *limiter) take(userID string, now time.Time) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	full := l.full[userID]
	if full.Before(now) {
		full = now
	}
	full = full.Add(codeEvery)
	if wait := full.Sub(now) - codesAtOnce*codeEvery; wait > 0 {
		return wait, false
	}
	if _, known := l.full[userID]; !known && len(l.full) >= maxTracked {
		l.forget(now)
	}
	l.full[userID] = full
	return 0, true
}

// forget drops those whose bucket is full, and if there are none, all.
func (l *limiter) forget(now time.Time) {
	for id, full := range l.full {
		if !full.After(now) {
			delete(l.full, id)
		}
	}
	if len(l.full) >= maxTracked {
		clear(l.full)
	}
}
