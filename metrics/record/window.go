package record

import (
	"math"
	"time"

	"kinwire/metrics/quality"
)

// What a score is made of fades with these times, so that it speaks of the last
// few seconds; of freezes, which are rare, of the last half minute.
const (
	fade       = 5 * time.Second
	fadeFreeze = 30 * time.Second
	// fewest is the shortest time, in s, by which freezes are made a frequency:
	// one in the first second of a call is not sixty a minute.
	fewest = 20
	// stale is how long a measurement speaks for now.
	stale = 10 * time.Second
	// warmUp is how long a stream runs before it is judged: an encoder begins
	// with few bits.
	warmUp = 2 * time.Second
)

// window is what a view measured lately: sums that fade.
type window struct {
	at                       time.Time // of the last interval in which packets moved
	span                     float64   // s
	bytes, frames            float64
	expected, lost, unmended float64 // packets
	concealed, samples       float64
	freezeSpan               float64 // s
	freezes, frozen          float64 // number, s

	rtt, jitter, buffer, fps float64 // the last; negative: unknown
	width, height            int
}

// take adds an interval of a view in which packets moved.
func (w *window) take(v *view, out *Interval, over time.Duration, at time.Time) {
	if w.at.IsZero() || at.Sub(w.at) > stale+over {
		*w = window{rtt: unknown, jitter: unknown, buffer: unknown, fps: unknown}
	}
	w.at = at
	d := &v.open
	k, kf := math.Exp(-over.Seconds()/fade.Seconds()), math.Exp(-over.Seconds()/fadeFreeze.Seconds())
	w.span = w.span*k + over.Seconds()
	w.bytes = w.bytes*k + max(0, d[bytes])
	w.frames = w.frames*k + max(0, d[frames]-d[dropped])
	w.concealed = w.concealed*k + max(0, d[concealed])
	w.samples = w.samples*k + max(0, d[samples])
	w.freezeSpan = w.freezeSpan*kf + over.Seconds()
	w.freezes = w.freezes*kf + max(0, d[freezes])
	w.frozen = w.frozen*kf + max(0, d[frozenMS])/1000
	if e, lost, unmended := v.losses(out); e > 0 {
		w.expected = w.expected*k + e
		w.lost = w.lost*k + lost
		w.unmended = w.unmended*k + unmended
	}
	w.rtt, w.jitter = or(out.Values[RTT], w.rtt), or(out.Values[Jitter], w.jitter)
	w.buffer, w.fps = or(out.Values[JitterBuffer], w.buffer), v.step.fps
	if v.step.width > 0 {
		w.width, w.height = v.step.width, v.step.height
	}
}

// or is v, or before if v is not known.
func or(v, before float64) float64 {
	if v < 0 {
		return before
	}
	return v
}

// losses are the packets of the open interval, how many of them were lost, and
// how many were not mended by a retransmission. Of what went down the server
// knows with each of the receiver's reports only.
func (v *view) losses(out *Interval) (expect, missed, unmended float64) {
	d := &v.open
	if !v.reports() {
		return d[expected], d[lost], d[lost] - max(0, d[repaired])
	}
	if out.Values[Loss] < 0 {
		return 0, 0, 0
	}
	missed = out.Values[Loss] * v.sinceReport.packets
	return v.sinceReport.packets, missed, max(0, missed-v.sinceReport.resent)
}

// reports says whether this view knows of losses by the far end's reports.
func (v *view) reports() bool { return v.labels[0] == Server && v.labels[1] == Down }

// fresh reports whether the window speaks for now.
func (w *window) fresh(now time.Time) bool { return !w.at.IsZero() && now.Sub(w.at) <= stale }

// share is a/b within 0…1; unknown without b.
func share(a, b float64) float64 {
	if b <= 0 {
		return unknown
	}
	return min(1, max(0, a)/b)
}

// loss is what the listener or viewer misses: of a picture, what was not mended.
func (w *window) loss(sound bool) float64 {
	if sound {
		return share(w.lost, w.expected)
	}
	return share(w.unmended, w.expected)
}

func (w *window) rate(of float64) float64 {
	if w.span <= 0 {
		return unknown
	}
	return of / w.span
}

// fpsNow is the frame rate: counted, or as the client says it, or unknown.
func (w *window) fpsNow(counted bool) float64 {
	switch {
	case counted:
		return w.rate(w.frames)
	case w.fps > 0:
		return w.fps
	}
	return unknown
}

// hop is the window in the terms of package quality.
func (w *window) hop(sound, countsFrames bool) quality.Hop {
	return quality.Hop{
		LossRatio: w.loss(sound), RTTMS: w.rtt, JitterMS: w.jitter, BitrateBPS: w.rate(w.bytes * 8),
		FPS: w.fpsNow(countsFrames), Width: w.width, Height: w.height,
	}
}

// client is a client's window of what it receives in those terms.
func (w *window) client(sound, countsFrames bool) quality.Client {
	c := quality.Client{
		LossRatio: w.loss(sound), JitterMS: w.jitter, JitterBufferMS: w.buffer, ConcealedRatio: share(w.concealed, w.samples),
		BitrateBPS: w.rate(w.bytes * 8), FPS: w.fpsNow(countsFrames), FreezeRatio: unknown, FreezesPerMinute: unknown,
		Width: w.width, Height: w.height,
	}
	if !sound && w.freezeSpan > 0 {
		c.FreezeRatio = share(w.frozen, max(fewest, w.freezeSpan))
		c.FreezesPerMinute = 60 * w.freezes / max(fewest, w.freezeSpan)
	}
	return c
}
