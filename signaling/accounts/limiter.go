package accounts

import (
	"sync"
	"time"
)

// maxTracked bounds the memory. To push a key out of it somebody would have to
// try this many others before it refills, and most tries cost a password hash.
const maxTracked = 1 << 16

// limiter slows down guessing: a token bucket for each key, from which only
// failures take: so many at once, and then one more each time that every has
// passed.
type limiter struct {
	atOnce int
	every  time.Duration

	mu      sync.Mutex
	buckets map[string]bucket
}

// bucket is what a key owed at the time last: every for each failure, less the
// time that has passed.
type bucket struct {
	owed time.Duration
	last time.Time
}

func newLimiter(atOnce int, every time.Duration) *limiter {
	return &limiter{atOnce: atOnce, every: every, buckets: make(map[string]bucket)}
}

func (b bucket) owedAt(now time.Time) time.Duration {
	return max(0, b.owed-max(0, now.Sub(b.last)))
}

// take uses up one try. If there is none left it returns how long to wait
// for the next. The try is taken before the secret is checked, so that
// tries made at the same time count too.
func (l *limiter) take(key string, now time.Time) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, known := l.buckets[key]
	owed := b.owedAt(now)
	if most := time.Duration(l.atOnce-1) * l.every; owed > most {
		return owed - most, false
	}
	if !known && len(l.buckets) >= maxTracked {
		l.forget(now)
	}
	l.buckets[key] = bucket{owed: owed + l.every, last: now}
	return 0, true
}

// giveBack returns a try: the secret was right.
func (l *limiter) giveBack(key string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	owed := l.buckets[key].owedAt(now) - l.every
	if owed <= 0 {
		delete(l.buckets, key)
		return
	}
	l.buckets[key] = bucket{owed: owed, last: now}
}

// forget drops the buckets that have refilled, and if there are none, all.
func (l *limiter) forget(now time.Time) {
	for key, b := range l.buckets {
		if b.owedAt(now) == 0 {
			delete(l.buckets, key)
		}
	}
	if len(l.buckets) >= maxTracked {
		clear(l.buckets)
	}
}
