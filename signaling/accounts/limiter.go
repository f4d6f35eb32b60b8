package accounts

import (
	"sync"
	"time"
)

const (
	// A person who mistypes gets this many tries in a row …
	triesAtOnce = 8
	// … and then one more each time this has passed.
	tryEvery = 15 * time.Second
	// maxTracked bounds the memory. To push a login out of it somebody would
	// have to try this many other names within two minutes, and every try
	// costs a password hash.
	maxTracked = 1 << 16
)

// limiter slows down guessing: a token bucket for each login, from which only
// failures take.
type limiter struct {
	mu      sync.Mutex
	buckets map[string]bucket
}

// bucket is what a login owed at the time last: tryEvery for each failure,
// less the time that has passed.
type bucket struct {
	owed time.Duration
	last time.Time
}

func newLimiter() *limiter { return &limiter{buckets: make(map[string]bucket)} }

func (b bucket) owedAt(now time.Time) time.Duration {
	return max(0, b.owed-max(0, now.Sub(b.last)))
}

// take uses up one try. If there is none left it returns how long to wait
// for the next. The try is taken before the password is checked, so that
// tries made at the same time count too.
func (l *limiter) take(login string, now time.Time) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, known := l.buckets[login]
	owed := b.owedAt(now)
	if most := (triesAtOnce - 1) * tryEvery; owed > most {
		return owed - most, false
	}
	if !known && len(l.buckets) >= maxTracked {
		l.forget(now)
	}
	l.buckets[login] = bucket{owed: owed + tryEvery, last: now}
	return 0, true
}

// giveBack returns a try: the password was right.
func (l *limiter) giveBack(login string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	owed := l.buckets[login].owedAt(now) - tryEvery
	if owed <= 0 {
		delete(l.buckets, login)
		return
	}
	l.buckets[login] = bucket{owed: owed, last: now}
}

// forget drops the buckets that have refilled, and if there are none, all.
func (l *limiter) forget(now time.Time) {
	for login, b := range l.buckets {
		if b.owedAt(now) == 0 {
			delete(l.buckets, login)
		}
	}
	if len(l.buckets) >= maxTracked {
		clear(l.buckets)
	}
}
