package turn

import (
	"sync"
	"time"
)

// deadline is a point in time that can be moved and waited for, as the read
// deadline of a net.PacketConn is. The zero value never comes.
type deadline struct {
	mu    sync.Mutex
	timer *time.Timer
	come  chan struct{} // closed when the deadline has come; nil until one is set
}

// set moves the deadline to t; the zero time takes it away. Whoever waits on an
// earlier channel of wait is woken only by the deadline it belonged to, so set
// replaces that channel when the deadline had come and else keeps it.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()

	if d.timer != nil && !d.timer.Stop() {
		<-d.come // the timer's function has begun: let it end before a new one starts
	}
	d.timer = nil
	if d.come == nil || isClosed(d.come) {
		d.come = make(chan struct{})
	}
	if t.IsZero() {
		return
	}
	come := d.come
	if left := time.Until(t); left > 0 {
		d.timer = time.AfterFunc(left, func() { close(come) })
		return
	}
	close(come)
}

// wait gives a channel that is closed when the deadline comes.
func (d *deadline) wait() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.come == nil {
		d.come = make(chan struct{})
	}
	return d.come
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
