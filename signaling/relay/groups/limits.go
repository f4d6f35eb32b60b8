package groups

import (
	"sync"
	"time"
)

// maxTracked bounds the memory of a limiter: who is beyond it is forgotten,
// those first who are not slowed.
const maxTracked = 1 << 16

// limiter allows each key a rate: a token bucket for each, kept as the time at
// which it is full again.
type limiter struct {
	rate Rate
	mu   sync.Mutex
	full map[string]time.Time
}

func newLimiter(rate Rate) *limiter { return &limiter{rate: rate, full: map[string]time.Time{}} }

// take takes one, or says how long to wait for the next.
func (l *limiter) take(key string, now time.Time) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	full := l.full[key]
	if full.Before(now) {
		full = now
	}
	full = full.Add(l.rate.Every)
	if wait := full.Sub(now) - time.Duration(l.rate.Burst)*l.rate.Every; wait > 0 {
		return wait, false
	}
	if _, known := l.full[key]; !known && len(l.full) >= maxTracked {
		l.forgetLocked(now)
	}
	l.full[key] = full
	return 0, true
}

func (l *limiter) forgetLocked(now time.Time) {
	for key, full := range l.full {
		if !full.After(now) {
			delete(l.full, key)
		}
	}
	if len(l.full) >= maxTracked {
		clear(l.full)
	}
}
