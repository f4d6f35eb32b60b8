// Package pace slows people down: so much at once, and then no more than so much
// in a time. It is for guessing of codes and passwords as well as for anything
// that costs others something.
//
// A Limiter is a token bucket for each key, kept as what the key owes. It is in
// memory, so a restart forgives everything, and each node counts by itself.
package pace

import (
	"math"
	"sync"
	"time"
)

// maxTracked bounds the memory. To push a key out of it somebody would have to
// try this many others before it refills.
const maxTracked = 1 << 16

// Limiter lets each key take so many at once, and then one more each time that
// every has passed. Its methods may be called from any goroutine.
type Limiter struct {
	mu      sync.Mutex
	every   time.Duration
	most    time.Duration // that a key may owe before it takes one more
	buckets map[string]bucket
}

// bucket is what a key owed at the time last: every for each that was taken, less the
// time that has passed.
type bucket struct {
	owed time.Duration
	last time.Time
}

// New makes a limiter.
func New(atOnce int, every time.Duration) *Limiter {
	l := &Limiter{buckets: make(map[string]bucket)}
	l.Tune(atOnce, every)
	return l
}

// Tune changes how much there is, and forgives what keys owe: under another
// measure it would be too much or too little.
func (l *Limiter) Tune(atOnce int, every time.Duration) {
	most := time.Duration(atOnce-1) * every
	if every > 0 && int64(atOnce-1) > (math.MaxInt64/2)/int64(every) {
		most = math.MaxInt64 / 2 // longer than anybody waits, and far from an overflow
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.every, l.most = every, most
	clear(l.buckets)
}

func (b bucket) owedAt(now time.Time) time.Duration {
	return max(0, b.owed-max(0, now.Sub(b.last)))
}

// Take takes one. If there is none left it returns how long to wait for the
// next. Where only failures are to count, take before the secret is checked, so
// that tries made at the same time count too, and give back after.
func (l *Limiter) Take(key string, now time.Time) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, known := l.buckets[key]
	owed := b.owedAt(now)
	if owed > l.most {
		return owed - l.most, false
	}
	if !known && len(l.buckets) >= maxTracked {
		l.forget(now)
	}
	l.buckets[key] = bucket{owed: owed + l.every, last: now}
	return 0, true
}

// GiveBack returns what was taken.
func (l *Limiter) GiveBack(key string, now time.Time) {
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
func (l *Limiter) forget(now time.Time) {
	for key, b := range l.buckets {
		if b.owedAt(now) == 0 {
			delete(l.buckets, key)
		}
	}
	if len(l.buckets) >= maxTracked {
		clear(l.buckets)
	}
}
