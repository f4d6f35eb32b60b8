package relay

import (
	"sync"
	"time"
)

// allowance lets each person do something at a rate, and up to burst at once.
// It keeps only those who have used some of theirs.
type allowance struct {
	rate  float64 // a second
	burst float64

	mu    sync.Mutex
	spent map[string]spending
	sweep int // how many there may be before those are dropped who owe nothing
}

type spending struct {
	amount float64
	at     time.Time
}

const allowanceSweep = 1024

func newAllowance(rate float64, burst int) *allowance {
	return &allowance{rate: rate, burst: float64(burst), spent: map[string]spending{}, sweep: allowanceSweep}
}

// take takes one. Where that is too many, it says after how long there is one.
func (a *allowance) take(who string, now time.Time) (wait time.Duration, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	left := a.leftLocked(who, now)
	if left+1 > a.burst {
		return time.Duration((left + 1 - a.burst) / a.rate * float64(time.Second)), false
	}
	a.spent[who] = spending{left + 1, now}
	if len(a.spent) > a.sweep {
		for id := range a.spent {
			if a.leftLocked(id, now) == 0 {
				delete(a.spent, id)
			}
		}
		a.sweep = max(allowanceSweep, 2*len(a.spent))
	}
	return 0, true
}

// leftLocked is what of somebody's spending is not forgiven yet.
func (a *allowance) leftLocked(who string, now time.Time) float64 {
	s := a.spent[who]
	return max(0, s.amount-now.Sub(s.at).Seconds()*a.rate)
}
