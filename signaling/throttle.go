package signaling

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// A network may fail to log in throttleBurst times at once, and then once
	// each throttleEvery: enough for a school behind one address, too little
	// for a list of passwords. The accounts slow each account besides.
	throttleBurst = 20
	throttleEvery = 6 * time.Second
	// throttleNetworks bounds the table.
	throttleNetworks = 1 << 16
)

// throttle slows down failed logins by network. An attempt is paid for before
// the password is checked, so that many at once cannot slip through, and is
// paid back when it succeeds.
type throttle struct {
	now func() time.Time

	mu     sync.Mutex
	spent  map[netip.Prefix]float64 // attempts not yet forgiven, as of stamp
	stamps map[netip.Prefix]time.Time
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, spent: map[netip.Prefix]float64{}, stamps: map[netip.Prefix]time.Time{}}
}

// take pays for one attempt. When that is not allowed it says how long to
// wait.
func (t *throttle) take(from netip.Prefix) (wait time.Duration, ok bool) {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	spent := t.spentLocked(from, now)
	if spent+1 > throttleBurst {
		return time.Duration((spent + 1 - throttleBurst) * float64(throttleEvery)), false
	}
	if _, known := t.stamps[from]; !known && len(t.stamps) >= throttleNetworks {
		t.sweepLocked(now)
	}
	t.spent[from], t.stamps[from] = spent+1, now
	return 0, true
}

// giveBack undoes take, for an attempt that succeeded.
func (t *throttle) giveBack(from netip.Prefix) {
	t.mu.Lock()
	t.spent[from] = max(0, t.spent[from]-1)
	t.mu.Unlock()
}

func (t *throttle) spentLocked(from netip.Prefix, now time.Time) float64 {
	return max(0, t.spent[from]-float64(now.Sub(t.stamps[from]))/float64(throttleEvery))
}

// sweepLocked drops the networks that owe nothing and, while the table is more
// than half full, anybody's: so that it is seldom called.
func (t *throttle) sweepLocked(now time.Time) {
	for from := range t.stamps {
		if t.spentLocked(from, now) == 0 {
			delete(t.stamps, from)
			delete(t.spent, from)
		}
	}
	for from := range t.stamps {
		if len(t.stamps) <= throttleNetworks/2 {
			return
		}
		delete(t.stamps, from)
		delete(t.spent, from)
	}
}
