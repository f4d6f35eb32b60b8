package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"kinwire/client/rehearse"
	"kinwire/client/rehearse/script"
)

// Measures of the drawing, in its own units; the page scales it to its width.
const (
	plotWidth   = 1000.0
	plotLeft    = 168.0 // where time begins; labels stand before it
	plotRight   = 984.0 // where it ends
	axisHeight  = 26.0
	markHeight  = 18.0
	markRows    = 4
	laneHeight  = 22.0
	panelHeight = 62.0
	panelGap    = 16.0
	nameHeight  = 34.0
	// brokenAfter is how far apart two values may be that one line joins: they
	// come once a second.
	brokenAfter = 2500 * time.Millisecond
)

// chart is all that was measured in a script, over one axis of time.
type chart struct {
	Width, Height, Left, Right float64
	Span                       float64 // from left to right
	Top, Bottom                float64 // of what the marks' lines go through
	Ticks                      []tick
	Marks                      []mark // steps and errors
	Notes                      []mark // what else was seen of the network
	NotesY                     float64
	People                     []lane
}

type tick struct {
	X     float64
	Label string
}

// mark is a step or a trouble on the axis of time.
type mark struct {
	X, Y   float64
	Number int
	Bad    bool
	At     string
	Text   string
}

// lane is one participant: their states and the panels below.
type lane struct {
	Name, About   string
	NameY, StateY float64
	States        []span
	Panels        []panel
}

type span struct {
	X, Y, Width, Height, TextX, TextY float64
	Class, Text, Shown                string
}

// panel is one plot: a few lines of one unit.
type panel struct {
	Title                     string
	Y, Bottom, TitleY, Height float64
	Bad                       bool
	Grid                      []gridLine
	Lines                     []line
	Limits                    []limit
	Spots                     []spot
}

type gridLine struct {
	Y, LabelY float64
	Label     string
}

type line struct {
	Class, Name, Path string
	Dots              []point
	LegendX, LegendY  float64
	TextX, TextY      float64
}

type point struct{ X, Y float64 }

type limit struct {
	Y    float64
	Bad  bool
	Text string
}

type spot struct {
	X, Y float64
	Text string
}

// panels says which metrics stand together. Least is the least that the upper
// end of the scale is, so that nothing looks like a mountain that is none.
var panels = []struct {
	title, unit  string
	lowest, most float64 // of the scale; most 0: by what was measured
	least        float64
	lines        []struct{ metric, name, class string }
}{
	{"quality (MOS)", "MOS", 1, 5, 0, []struct{ metric, name, class string }{{"audio.mos", "sound", "c1"}, {"video.mos", "picture", "c2"}}},
	{"loss", "ratio", 0, 0, 0.05, []struct{ metric, name, class string }{{"audio.loss", "sound", "c1"}, {"video.loss", "picture", "c2"}}},
	{"delay", "ms", 0, 0, 50, []struct{ metric, name, class string }{{"rtt_ms", "round trip", "c3"}, {"audio.jitter_ms", "jitter, sound", "c1"}, {"video.jitter_ms", "jitter, picture", "c2"}}},
	{"bit rate", "bit/s", 0, 0, 100e3, []struct{ metric, name, class string }{{"bitrate_up_bps", "sent", "c4"}, {"bitrate_down_bps", "received", "c5"}}},
	{"frames a second", "fps", 0, 0, 10, []struct{ metric, name, class string }{{"video.fps", "picture", "c2"}}},
	{"picture height", "px", 0, 0, 180, []struct{ metric, name, class string }{{"video.height", "picture", "c2"}}},
}

// scale turns times into places.
type scale struct{ end time.Duration }

func (s scale) x(at time.Duration) float64 {
	return plotLeft + (plotRight-plotLeft)*min(max(at.Seconds()/s.end.Seconds(), 0), 1)
}

// draw lays the chart of a result out.
func draw(r *rehearse.Result) chart {
	s := scale{end: max(r.Took, time.Second)}
	for _, x := range r.Samples {
		s.end = max(s.end, x.At)
	}
	for _, e := range r.Events {
		s.end = max(s.end, e.At)
	}
	c := chart{Width: plotWidth, Left: plotLeft, Right: plotRight, Span: plotRight - plotLeft, Ticks: ticks(s)}
	c.Marks, c.Notes = marks(r, s), notes(r, s)
	c.Top = axisHeight
	rows := 1.0
	for _, m := range c.Marks {
		rows = max(rows, 1+math.Floor((m.Y-axisHeight)/markHeight))
	}
	c.NotesY = axisHeight + rows*markHeight + 4
	y := c.NotesY + 8
	spots := spotsOf(r)
	for _, p := range r.Script.Participants {
		l := lane{Name: p.Name, About: aboutParticipant(p), NameY: y + 22}
		y += nameHeight
		l.StateY = y + 15
		l.States = states(r, p.Name, s, y)
		y += laneHeight + panelGap/2
		for _, kind := range panels {
			d := panel{Title: kind.title, Y: y, Bottom: y + panelHeight, Height: panelHeight, TitleY: y + 11}
			top := kind.most
			for _, n := range kind.lines {
				if kind.most == 0 {
					top = max(top, kind.least, highest(r, p.Name, n.metric))
				}
			}
			own := spotsFor(spots, p.Name, kind.lines)
			if kind.most == 0 {
				for _, sp := range own {
					if sp.Limit <= 2*top { // a limit far above would flatten the lines
						top = max(top, sp.Limit)
					}
				}
			}
			low, high := kind.lowest, niceTop(top)
			if kind.most > 0 {
				high = kind.most
			}
			place := func(v float64) float64 { return y + panelHeight*(1-min(max((v-low)/(high-low), 0), 1)) }
			for _, n := range kind.lines {
				if ln, ok := lineOf(r, p.Name, n.metric, s, place); ok {
					ln.Class, ln.Name = n.class, n.name
					ln.LegendX, ln.LegendY = 8, y+22+13*float64(len(d.Lines))
					ln.TextX, ln.TextY = 22, y+26+13*float64(len(d.Lines))
					d.Lines = append(d.Lines, ln)
				}
			}
			if len(d.Lines) == 0 {
				continue
			}
			d.Grid = grid(low, high, kind.unit, place)
			d.judge(own, s, low, high, kind.unit, place)
			l.Panels = append(l.Panels, d)
			y += panelHeight + panelGap
		}
		c.People = append(c.People, l)
	}
	c.Bottom = y
	c.Height = y + axisHeight
	return c
}

// judge draws the limits that scripts hold these lines against, and where they
// were broken worst.
func (d *panel) judge(spots []script.Spot, s scale, low, high float64, unit string, place func(float64) float64) {
	seen := map[float64]int{}
	for _, sp := range spots {
		if !sp.OK {
			d.Bad = true
			d.Spots = append(d.Spots, spot{s.x(sp.At), place(sp.Value), fmt.Sprintf("%s at its worst: %s at %s", sp.Metric, script.Format(sp.Value, unit), clock(sp.At))})
		}
		if sp.Limit < low || sp.Limit > high {
			continue
		}
		if i, had := seen[sp.Limit]; had {
			d.Limits[i].Bad = d.Limits[i].Bad || !sp.OK
			continue
		}
		seen[sp.Limit] = len(d.Limits)
		d.Limits = append(d.Limits, limit{place(sp.Limit), !sp.OK, fmt.Sprintf("%s is held against %s", sp.Metric, script.Format(sp.Limit, unit))})
	}
}

func spotsOf(r *rehearse.Result) []script.Spot {
	var spots []script.Spot
	for _, c := range r.Checks {
		if e, ok := c.Expr.(script.Expr); ok {
			spots = append(spots, e.Spots(r)...)
		}
	}
	return spots
}

func spotsFor(spots []script.Spot, who string, lines []struct{ metric, name, class string }) []script.Spot {
	var own []script.Spot
	for _, sp := range spots {
		for _, n := range lines {
			if sp.Who == who && sp.Metric == n.metric {
				own = append(own, sp)
			}
		}
	}
	return own
}

// highest is the largest value that was measured, 0 for none.
func highest(r *rehearse.Result, who, metric string) float64 {
	top := 0.0
	for _, x := range r.Samples {
		if v, ok := x.Values[metric]; ok && x.Participant == who && plain(v) {
			top = max(top, v)
		}
	}
	return top
}

func plain(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// lineOf joins the values of one metric, with a gap where some are missing. A
// value that stands alone becomes a dot.
func lineOf(r *rehearse.Result, who, metric string, s scale, place func(float64) float64) (line, bool) {
	var path strings.Builder
	var out line
	var before time.Duration
	run := 0
	var last point
	end := func() {
		if run == 1 {
			out.Dots = append(out.Dots, last)
		}
		run = 0
	}
	for _, x := range r.Samples {
		v, ok := x.Values[metric]
		if !ok || x.Participant != who || !plain(v) {
			continue
		}
		p := point{s.x(x.At), place(v)}
		if run > 0 && x.At-before > brokenAfter {
			end()
		}
		command := "L"
		if run == 0 {
			command = "M"
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", command, p.X, p.Y)
		run++
		before, last = x.At, p
	}
	found := run > 0
	end()
	out.Path = path.String()
	return out, found
}
