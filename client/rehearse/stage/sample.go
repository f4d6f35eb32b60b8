package stage

import (
	"context"
	"sync"
	"time"

	"kinwire/client/rehearse"
)

// keyLook is how often receivers look whether they need a key frame.
const keyLook = 100 * time.Millisecond

// watch samples each participant in a call once a second, and asks for key
// frames where a decoder would, until ctx ends.
func (r *run) watch(ctx context.Context) {
	second, keys := time.NewTicker(time.Second), time.NewTicker(keyLook)
	defer second.Stop()
	defer keys.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-keys.C:
			for _, a := range r.actors {
				a.askForKeys(now)
			}
		case now := <-second.C:
			var all sync.WaitGroup
			for _, a := range r.actors {
				all.Go(func() { a.sample(now) })
			}
			all.Wait()
		}
	}
}

// askForKeys sends a PLI for each stream that cannot go on without a key frame.
func (a *actor) askForKeys(now time.Time) {
	a.mu.Lock()
	call := a.call
	a.mu.Unlock()
	if call == nil {
		return
	}
	for _, mid := range a.hears.wanting(now) {
		if err := call.RequestKeyFrame(mid); err == nil {
			a.run.event(a.name, "note", "asked for a key frame: no whole picture for half a second")
		}
	}
}

// sample measures one second of one participant.
func (a *actor) sample(now time.Time) {
	a.mu.Lock()
	call, up := a.call, a.isUp
	a.mu.Unlock()
	if call == nil {
		return
	}
	values := map[string]float64{}
	report := call.Report()
	if up && report.Path.RTTMS > 0 {
		values["rtt_ms"] = report.Path.RTTMS
	}
	if p := path(report.Path); p != "" {
		a.run.setText(a.name, "path", p)
	}
	a.hears.second(now, values)
	bytes := map[string]uint64{}
	up64, known := uint64(0), false
	a.mu.Lock()
	for _, s := range report.Streams {
		if s.Direction != "send" {
			continue
		}
		bytes[s.MID] = s.Bytes
		if old, any := a.sentBytes[s.MID]; any && s.Bytes >= old {
			up64 += s.Bytes - old
			known = true
		}
	}
	took := now.Sub(a.sentAt).Seconds()
	a.sentBytes, a.sentAt = bytes, now
	a.mu.Unlock()
	if known && took > 0 && took < 3 {
		values["bitrate_up_bps"] = float64(up64) * 8 / took
	}
	if len(values) == 0 {
		return
	}
	s := rehearse.Sample{At: now.Sub(a.run.began), Participant: a.name, Values: values}
	a.run.mu.Lock()
	if !a.run.over {
		a.run.result.Samples = append(a.run.result.Samples, s)
	}
	a.run.mu.Unlock()
	if p := a.run.progress; p != nil {
		p.Sampled(s)
	}
}
