package relay

import (
	"maps"
	"sync"
	"sync/atomic"

	"kinwire/signaling/proto"
)

// counts are what Stats tells.
type counts struct {
	taken, again, delivered, acked, signals, unopened, lost, scrubFails atomic.Int64

	mu      sync.Mutex
	refused map[proto.Code]int64
	expired map[proto.DeliveryKind]int64
}

func (c *counts) refuse(code proto.Code) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused[code]++
}

func (c *counts) expire(step proto.ChatExpired) {
	c.lost.Add(step.Lost)
	c.mu.Lock()
	defer c.mu.Unlock()
	for kind, n := range step.Gone {
		c.expired[kind] += n
	}
}

// Stats returns the counters as of now.
func (s *Service) Stats() Stats {
	c := &s.counts
	out := Stats{
		Taken: c.taken.Load(), Again: c.again.Load(), Delivered: c.delivered.Load(), Acked: c.acked.Load(),
		Signals: c.signals.Load(), Unopened: c.unopened.Load(), Lost: c.lost.Load(), ScrubFails: c.scrubFails.Load(),
	}
	out.Attached, out.Backlog, out.Unackd = s.lanes.counts()
	c.mu.Lock()
	defer c.mu.Unlock()
	out.Refused, out.Expired = maps.Clone(c.refused), maps.Clone(c.expired)
	return out
}
