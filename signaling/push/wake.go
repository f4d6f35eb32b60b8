package push

import (
	"sync"
	"time"
)

// What a device is woken for.
const (
	kindCall    = "call"
	kindMessage = "message"
)

// Wake wakes up every device of the user that has registered for it, because a
// call rings. It does not block.
func (s *Service) Wake(userID string) { s.wake(kindCall, userID, time.Duration(s.ttl.Load())) }

// SetTTL changes how long a wake-up for a call is worth anything, for calls from
// then on.
func (s *Service) SetTTL(ttl time.Duration) { s.ttl.Store(int64(ttl)) }

// WakeForMessage does so because a message waits. A device that was woken
// fetches all that there is, so more messages in the next moments wake nobody
// again. It does not block.
func (s *Service) WakeForMessage(userID string) {
	if s.recent.was(userID, s.d.Now(), s.cfg.MessagePause) {
		return
	}
	s.wake(kindMessage, userID, s.cfg.MessageTTL)
}

func (s *Service) wake(kind, userID string, worth time.Duration) {
	if s.client == nil || s.stop.Err() != nil {
		return
	}
	now := s.d.Now()
	s.enqueue(job{kind: kind, user: userID, due: now, deadline: now.Add(worth)})
}

// recent knows who was woken for a message a moment ago.
type recent struct {
	mu sync.Mutex
	at map[string]time.Time
}

// mostRecent is at how many people the old ones are thrown out.
const mostRecent = 10_000

// was says whether userID was woken less than pause ago, and notes it if not.
func (r *recent) was(userID string, now time.Time, pause time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last, ok := r.at[userID]; ok && now.Sub(last) < pause {
		return true
	}
	if r.at == nil || len(r.at) >= mostRecent {
		r.forget(now, pause)
	}
	r.at[userID] = now
	return false
}

func (r *recent) forget(now time.Time, pause time.Duration) {
	kept := map[string]time.Time{}
	for id, last := range r.at {
		if now.Sub(last) < pause {
			kept[id] = last
		}
	}
	r.at = kept
}
