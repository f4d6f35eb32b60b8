package signaling

import (
	"sync"
	"time"
)

// throttleKeys bounds the table of a throttle.
const throttleKeys = 1 << 16

// throttle lets each key (a network, a person) spend burst at once, and then
// one each every. An attempt is paid for before it is made, so that many at
// once cannot slip through; it can be paid back when it succeeds.
type throttle[K comparable] struct {
	now   func() time.Time
	burst float64
	every time.Duration

	mu     sync.Mutex
	spent  map[K]float64 // attempts not yet forgiven, as of stamp
	stamps map[K]time.Time
}

func newThrottle[K comparable](now func() time.Time, burst int, every time.Duration) *throttle[K] {
	return &throttle[K]{now: now, burst: float64(burst), every: every, spent: map[K]float64{}, stamps: map[K]time.Time{}}
}

// take pays for one attempt. When that is not allowed it says how long to
// wait.
func (t *throttle[K]) take(from K) (wait time.Duration, ok bool) {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	spent := t.spentLocked(from, now)
	if spent+1 > t.burst {
		return time.Duration((spent + 1 - t.burst) * float64(t.every)), false
	}
	if _, known := t.stamps[from]; !known && len(t.stamps) >= throttleKeys {
		t.sweepLocked(now)
	}
	t.spent[from], t.stamps[from] = spent+1, now
	return 0, true
}

// giveBack undoes take, for an attempt that succeeded.
func (t *throttle[K]) giveBack(from K) {
	t.mu.Lock()
	t.spent[from] = max(0, t.spent[from]-1)
	t.mu.Unlock()
}

func (t *throttle[K]) spentLocked(from K, now time.Time) float64 {
	return max(0, t.spent[from]-float64(now.Sub(t.stamps[from]))/float64(t.every))
}

// sweepLocked drops the keys that owe nothing and, while the table is more
// than half full, anybody's: so that it is seldom called.
func (t *throttle[K]) sweepLocked(now time.Time) {
	for from := range t.stamps {
		if t.spentLocked(from, now) == 0 {
			delete(t.stamps, from)
			delete(t.spent, from)
		}
	}
	for from := range t.stamps {
		if len(t.stamps) <= throttleKeys/2 {
			return
		}
		delete(t.stamps, from)
		delete(t.spent, from)
	}
}
