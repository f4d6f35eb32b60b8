package record

import (
	"math"
	"time"

	"kinwire/metrics/label"
)

// The time line has steps of ten seconds, and at most maxSteps of them: of a
// call of more than four hours two and two steps become one.
const (
	firstStep = 10 * time.Second
	maxSteps  = 1440
)

// clock divides a call into steps.
type clock struct {
	start time.Time
	step  time.Duration
}

// index is the step that a measurement which ended at belongs to.
func (c *clock) index(at time.Time) int {
	return int(max(0, at.Sub(c.start)-1) / c.step)
}

// reach makes the steps longer until at lies in one of maxSteps.
func (c *clock) reach(call *Call, at time.Time) {
	for c.index(at) >= maxSteps {
		c.step *= 2
		for _, p := range call.order {
			p.line.halve()
			for _, s := range p.streams {
				for _, v := range s.views {
					if v != nil {
						v.track.halve()
					}
				}
			}
		}
	}
}

// The columns of a track; a participant's line uses the last three.
const (
	colLayer = iota
	colRTT
	colJitter
	colLoss
	colBitrate
	colFPS
	colHeight
	colEstimate
	colScore
	colClientRTT
	colAvailable
	numColumns
)

// figureColumns are the figures of an interval that have a column.
var figureColumns = [...]struct {
	figure Figure
	column int
}{{RTT, colRTT}, {Jitter, colJitter}, {Bitrate, colBitrate}, {FPS, colFPS}, {Height, colHeight}}

// track holds columns of means, one a step. Those of steps that are over are
// single floats, NaN where nothing was measured; a column that never had a
// value takes no room.
type track struct {
	at      int // the step that goes on
	columns [numColumns]column
}

type column struct {
	done        []float32
	sum, weight float64 // of the step that goes on
}

// add takes in a value for step i, of that weight.
func (t *track) add(i, col int, v, weight float64) {
	if i > t.at {
		t.flush()
		t.at = i
	}
	if weight > 0 {
		t.columns[col].sum += v * weight
		t.columns[col].weight += weight
	}
}

// flush ends the step that goes on.
func (t *track) flush() {
	for i := range t.columns {
		c := &t.columns[i]
		if c.weight <= 0 {
			continue
		}
		c.pad(t.at)
		c.done = append(c.done, float32(c.sum/c.weight))
		c.sum, c.weight = 0, 0
	}
}

var nothing = float32(math.NaN())

// pad fills the column up to step n.
func (c *column) pad(n int) {
	for len(c.done) < n {
		c.done = append(c.done, nothing)
	}
}

// halve joins the steps two by two.
func (t *track) halve() {
	t.flush()
	for i := range t.columns {
		c := &t.columns[i]
		if len(c.done)%2 == 1 {
			c.done = append(c.done, nothing)
		}
		for j := 0; j < len(c.done); j += 2 {
			c.done[j/2] = joined(c.done[j], c.done[j+1])
		}
		c.done = c.done[:len(c.done)/2]
	}
	// The step that goes on may be the second half of one that is done: it is
	// taken up again, with the weight of one value.
	if t.at /= 2; true {
		for i := range t.columns {
			c := &t.columns[i]
			if len(c.done) == t.at+1 {
				if v := c.done[t.at]; v == v {
					c.sum, c.weight = float64(v), 1
				}
				c.done = c.done[:t.at]
			}
		}
	}
}

// joined is the mean of those that are known.
func joined(a, b float32) float32 {
	switch {
	case a != a:
		return b
	case b != b:
		return a
	}
	return (a + b) / 2
}

// interval takes in what a view measured.
func (t *track) interval(i int, v *view, out *Interval) {
	for _, f := range figureColumns {
		if value := out.Values[f.figure]; value >= 0 {
			t.add(i, f.column, value, 1)
		}
	}
	if loss := out.Values[Loss]; loss >= 0 {
		t.add(i, colLoss, loss, v.weight)
	}
	if out.Score > 0 {
		t.add(i, colScore, out.Score, 1)
	}
	if v.layer >= 0 {
		t.add(i, colLayer, float64(v.layer), 1)
	}
	if e := v.step.estimate; e > 0 && e <= most[Bitrate] {
		t.add(i, colEstimate, e, 1)
	}
}

// line takes in a figure of a participant's path.
func (c *Call) line(p *participant, at time.Time, col int, v float64) {
	if !(v > 0) || v > most[Bitrate] || col != colAvailable && v > most[RTT] {
		return
	}
	c.clock.reach(c, at)
	p.line.add(c.clock.index(at), col, v, 1)
}

// list is a column of n steps as the document has it.
func (t *track) list(col, n int) []*float64 {
	out := make([]*float64, n)
	c := &t.columns[col]
	values := make([]float64, 0, len(c.done)+1)
	put := func(i int, v float64) {
		if i < n && !math.IsNaN(v) {
			values = append(values, figure(v))
			out[i] = &values[len(values)-1]
		}
	}
	for i, v := range c.done {
		put(i, float64(v))
	}
	if c.weight > 0 {
		put(t.at, c.sum/c.weight)
	}
	return out
}

// timeline builds the document's; nil before anything was measured.
func (c *Call) timeline(now time.Time) *Timeline {
	c.clock.reach(c, now)
	n := c.clock.index(now) + 1
	t := &Timeline{StepMS: c.clock.step.Milliseconds(), Steps: n, Links: []Line{}, Media: []Track{}}
	for _, p := range c.order {
		t.Links = append(t.Links, Line{
			Participant: p.id, RTT: p.line.list(colRTT, n), ClientRTT: p.line.list(colClientRTT, n), Available: p.line.list(colAvailable, n),
		})
		for _, k := range p.keys() {
			for side, v := range p.streams[k].views {
				if v == nil {
					continue
				}
				tr := &v.track
				t.Media = append(t.Media, Track{
					Participant: p.id, Direction: label.Directions.At(k.direction), Kind: label.Kinds.At(k.kind), From: k.from, View: label.Views.At(side),
					Layer: tr.list(colLayer, n), RTT: tr.list(colRTT, n), Jitter: tr.list(colJitter, n), Loss: tr.list(colLoss, n),
					Bitrate: tr.list(colBitrate, n), FPS: tr.list(colFPS, n), Height: tr.list(colHeight, n),
					Estimate: tr.list(colEstimate, n), Score: tr.list(colScore, n),
				})
			}
		}
	}
	if len(t.Links) == 0 {
		return nil
	}
	return t
}
