package calls

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"kinwire/signaling/proto"
)

type recorded struct {
	reason  proto.Reason
	ended   bool
	present map[string]bool
	log     []string
}

// record is an observer that insists on order.
type record struct {
	mu    sync.Mutex
	calls map[string]*recorded
	wrong []string
}

func (r *record) with(callID string, f func(c *recorded) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.calls[callID]
	if c == nil || c.ended || !f(c) {
		r.wrong = append(r.wrong, fmt.Sprintf("%s: %+v", callID, c))
	}
}

func (r *record) CallStarted(callID string, video bool, _ time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.calls[callID] != nil {
		r.wrong = append(r.wrong, "started twice: "+callID)
	}
	r.calls[callID] = &recorded{present: map[string]bool{}}
}

func (r *record) ParticipantJoined(callID, id, user string, d proto.Device, _ time.Time) {
	r.with(callID, func(c *recorded) bool {
		was := c.present[id]
		c.present[id] = true
		c.log = append(c.log, user+" joined on "+d.Model)
		return !was
	})
}

func (r *record) ParticipantLeft(callID, id string, reason proto.Reason, _ time.Time) {
	r.with(callID, func(c *recorded) bool {
		was := c.present[id]
		delete(c.present, id)
		c.log = append(c.log, "left "+string(reason))
		return was
	})
}

func (r *record) ClientReport(callID, id string, _ proto.StatsReport, _ time.Time) {
	r.with(callID, func(c *recorded) bool {
		c.log = append(c.log, "report")
		return c.present[id]
	})
}

func (r *record) CallEvent(callID, id, event, kind, detail string, _ time.Time) {
	r.with(callID, func(c *recorded) bool {
		c.log = append(c.log, strings.Join(strings.Fields(event+" "+kind+" "+detail), " "))
		return c.present[id]
	})
}

func (r *record) CallEnded(callID string, reason proto.Reason, _ time.Time) {
	r.with(callID, func(c *recorded) bool {
		c.ended, c.reason = true, reason
		return len(c.present) == 0
	})
}

func (r *record) of(callID string) recorded {
	r.mu.Lock()
	defer r.mu.Unlock()
	return *r.calls[callID]
}

func (r *record) audit() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.wrong) > 0 {
		return fmt.Errorf("record: out of order: %v", r.wrong)
	}
	for id, c := range r.calls {
		if !c.ended {
			return fmt.Errorf("record: call %s never ended", id)
		}
	}
	return nil
}
