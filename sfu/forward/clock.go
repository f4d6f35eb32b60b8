package forward

import (
	"sync"
	"time"
)

// Clock relates a client's wall clock, as its sender reports tell it, to the
// server's. All uplinks of one client share one Clock, so that the sender
// reports written for its sound and its picture stay in step (lip sync,
// RFC 3550 section 6.4.1).
//
// A report arrives later than it was sent by the path's delay; the least
// delayed one tells most. So the smallest difference counts; it may grow
// again slowly, in case the clocks drift.
type Clock struct {
	mu    sync.Mutex
	known bool
	diff  time.Duration // server − client
	at    time.Time
}

// drift is how far apart two clocks are taken to run at most: 100 µs a second.
const drift = 10_000

// Observe takes a report that says client and arrived at now.
func (c *Clock) Observe(client, now time.Time) {
	diff := now.Sub(client)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known {
		c.known, c.diff, c.at = true, diff, now
		return
	}
	c.diff = min(diff, c.diff+now.Sub(c.at)/drift)
	c.at = now
}

// Local is the server's time when the client's clock showed client.
func (c *Clock) Local(client time.Time) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return client.Add(c.diff), c.known
}
