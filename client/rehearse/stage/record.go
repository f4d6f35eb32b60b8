package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// recordWithin is how long the server may take to keep a call's record.
const recordWithin = 15 * time.Second

// fetchRecord waits for the record of the last call.
func (r *run) fetchRecord(ctx context.Context) {
	c := r.lastCall()
	if c == nil {
		return
	}
	if r.house.operator == "" {
		r.event("", "note", "there is no operator's token, and so no call record")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, recordWithin)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		raw, err := r.httpFor(nil).Record(ctx, r.house.operator, c.id)
		if err == nil {
			var head struct {
				Live bool `json:"live"`
			}
			if err = json.Unmarshal(raw, &head); err == nil && !head.Live {
				r.mu.Lock()
				r.result.Record = raw
				r.mu.Unlock()
				r.scores(raw, c)
				return
			}
			if err == nil {
				err = fmt.Errorf("the call is still live")
			}
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			r.event("", "error", "no call record within %s: %v", recordWithin, err)
			return
		}
	}
}

// timeline is what this package reads of a record; docs/record.md has it all.
type timeline struct {
	Timeline *struct {
		StepMS  int64 `json:"step_ms"`
		Streams []struct {
			Participant string     `json:"participant"`
			Direction   string     `json:"direction"`
			Kind        string     `json:"kind"`
			Score       []*float64 `json:"mos"`
		} `json:"streams"`
	} `json:"timeline"`
}

// scores writes into the samples of a call how good the server found what
// arrived in that step of its time line: the worst of the streams of each kind.
func (r *run) scores(raw []byte, c *callLog) {
	var doc timeline
	if err := json.Unmarshal(raw, &doc); err != nil {
		r.event("", "error", "the call record cannot be read: %v", err)
		return
	}
	if doc.Timeline == nil || doc.Timeline.StepMS <= 0 {
		return
	}
	names := map[string]string{} // by participant id
	for _, a := range r.actors {
		names[a.participant()] = a.name
	}
	step := time.Duration(doc.Timeline.StepMS) * time.Millisecond
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range doc.Timeline.Streams {
		who := names[t.Participant]
		if who == "" || t.Direction != "down" || (t.Kind != "audio" && t.Kind != "video") {
			continue
		}
		for _, s := range r.result.Samples {
			at := s.At - c.sent.Sub(r.began)
			if s.Participant != who || at < 0 {
				continue
			}
			if i := int(at / step); i < len(t.Score) && t.Score[i] != nil {
				worst(s.Values, t.Kind+".mos", *t.Score[i], false)
			}
		}
	}
}
