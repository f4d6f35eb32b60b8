package clip

import "time"

// Freezes are counted as in the W3C's Identifiers for WebRTC's Statistics API,
// freezeCount: a frame that comes later than both three times the mean distance
// of the last 30 frames and that mean and 150 ms.
const (
	freezeFrames = 30
	freezeFactor = 3
	freezeSlack  = 150 * time.Millisecond
	// freezeFrom is how many distances there must be for a mean.
	freezeFrom = 5
)

// flow follows when the frames of a stream were shown.
type flow struct {
	last    time.Time // zero: none yet, or the sender has paused
	recent  [freezeFrames]time.Duration
	count   int // of distances, all in all
	paused  bool
	freezes int
	frozen  time.Duration // the whole distances of the frames that came too late
	active  time.Duration // between all frames
	gap     time.Duration // the longest
	least   uint32        // smallest distance of timestamps; 0: not known
}

// shown notes a frame.
func (f *flow) shown(now time.Time) {
	if f.paused {
		return // still on its way when the sender stopped
	}
	if !f.last.IsZero() {
		f.distance(now.Sub(f.last))
	}
	f.last = now
}

func (f *flow) distance(d time.Duration) {
	if f.tooLong(d) {
		f.freezes++
		f.frozen += d
	}
	f.active += d
	f.gap = max(f.gap, d)
	f.recent[f.count%freezeFrames] = d
	f.count++
}

// tooLong says whether a frame after d is a freeze.
func (f *flow) tooLong(d time.Duration) bool {
	if f.count < freezeFrom {
		return false
	}
	n := min(f.count, freezeFrames)
	var sum time.Duration
	for _, r := range f.recent[:n] {
		sum += r
	}
	mean := sum / time.Duration(n)
	return d > max(freezeFactor*mean, mean+freezeSlack)
}

// pause says that the sender has stopped on purpose, or goes on.
func (f *flow) pause(paused bool, now time.Time) {
	if paused {
		f.stop(now)
	}
	f.paused = paused
}

// stop closes the time since the last frame: nothing more will come.
func (f *flow) stop(now time.Time) {
	if f.paused || f.last.IsZero() {
		return
	}
	if d := now.Sub(f.last); f.tooLong(d) {
		f.distance(d)
	}
	f.last = time.Time{}
}

// since is how long nothing has been shown.
func (f *flow) since(now time.Time) time.Duration {
	if f.paused || f.last.IsZero() {
		return 0
	}
	return now.Sub(f.last)
}

// step keeps the smallest distance of the timestamps of two frames in a row.
func (f *flow) step(ticks uint32) {
	if ticks > 0 && (f.least == 0 || ticks < f.least) {
		f.least = ticks
	}
}
