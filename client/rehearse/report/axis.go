package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"kinwire/client/rehearse"
	"kinwire/client/rehearse/script"
)

// ticks are about ten places on the axis of time, at round times.
func ticks(s scale) []tick {
	step := time.Second
	for _, step = range []time.Duration{
		time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
	} {
		if s.end/step <= 12 {
			break
		}
	}
	var out []tick
	for at := time.Duration(0); at <= s.end; at += step {
		out = append(out, tick{s.x(at), clock(at)})
	}
	return out
}

// clock writes a time on the axis.
func clock(d time.Duration) string {
	if d < time.Minute {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0") + " s"
	}
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// niceTop is the next round number at or above v: 1, 2, 2.5 or 5 times a power of
// ten.
func niceTop(v float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if m*power >= v*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// grid is the lowest, the middle and the highest line of a panel.
func grid(low, high float64, unit string, place func(float64) float64) []gridLine {
	var out []gridLine
	for _, v := range []float64{low, (low + high) / 2, high} {
		label := script.Format(v, unit)
		if unit == "MOS" {
			label = strings.TrimSuffix(label, ".00")
		}
		out = append(out, gridLine{place(v), place(v) + 4, label})
	}
	return out
}

// marks are the steps and errors, numbered. Those that would cover one
// another stand in rows below one another.
func marks(r *rehearse.Result, s scale) []mark {
	var out []mark
	var ends [markRows]float64
	for _, e := range ordered(r.Events) {
		if e.Kind != "step" && e.Kind != "error" {
			continue
		}
		x := s.x(e.At)
		row := 0
		for i, end := range ends {
			if end < x-18 {
				row = i
				break
			}
			if end < ends[row] {
				row = i
			}
		}
		ends[row] = x
		text := strings.TrimPrefix(e.Participant+": "+e.Text, ": ")
		out = append(out, mark{X: x, Y: axisHeight + markHeight*(float64(row)+0.5), Number: len(out) + 1, Bad: e.Kind == "error", At: clock(e.At), Text: text})
	}
	return out
}

// notes are what else was seen of the network, as small ticks above the plots.
func notes(r *rehearse.Result, s scale) []mark {
	var out []mark
	for _, e := range ordered(r.Events) {
		if e.Kind == "network" {
			out = append(out, mark{X: s.x(e.At), At: clock(e.At.Round(10 * time.Millisecond)), Text: strings.TrimPrefix(e.Participant+": "+e.Text, ": ")})
		}
	}
	return out
}

func ordered(events []rehearse.Event) []rehearse.Event {
	out := slices.Clone(events)
	slices.SortStableFunc(out, func(a, b rehearse.Event) int { return int(a.At - b.At) })
	return out
}

// classes of states, by what they begin with. What is in none is quiet.
var stateClasses = []struct{ begin, class string }{
	{"in call", "s-on"}, {"connected", "s-on"}, {"muted", "s-on"}, {"shar", "s-on"},
	{"ring", "s-ring"}, {"call", "s-ring"}, {"connect", "s-ring"}, {"join", "s-ring"}, {"answer", "s-ring"},
	{"away", "s-gone"}, {"vanish", "s-gone"}, {"lost", "s-gone"}, {"outage", "s-gone"}, {"disconnect", "s-gone"}, {"fail", "s-gone"}, {"reconnect", "s-gone"},
}

func stateClass(state string) string {
	for _, c := range stateClasses {
		if strings.HasPrefix(state, c.begin) {
			return c.class
		}
	}
	return "s-quiet"
}

// states are the times that a participant spent in each state.
func states(r *rehearse.Result, who string, s scale, y float64) []span {
	var out []span
	at, state := time.Duration(0), ""
	add := func(until time.Duration) {
		if state == "" || until <= at {
			return
		}
		b := span{X: s.x(at), Y: y, Height: laneHeight, Class: stateClass(state), Text: fmt.Sprintf("%s from %s to %s", state, clock(at), clock(until))}
		b.Width = max(s.x(until)-b.X, 1)
		b.TextX, b.TextY = b.X+5, y+15
		if b.Width > 8+6.4*float64(len([]rune(state))) {
			b.Shown = state
		}
		out = append(out, b)
	}
	for _, e := range ordered(r.Events) {
		if e.Kind != "state" || e.Participant != who {
			continue
		}
		add(e.At)
		at, state = e.At, e.Text
	}
	add(s.end)
	return out
}

// aboutParticipant says in a few words how a participant takes part.
func aboutParticipant(p rehearse.Participant) string {
	var parts []string
	if p.Person != "" && p.Person != p.Name {
		parts = append(parts, "device of "+p.Person)
	}
	if p.Role != "" {
		parts = append(parts, p.Role)
	}
	if p.Net.Profile != nil {
		parts = append(parts, "network "+p.Net.Name)
	}
	via := strings.TrimSpace(strings.TrimPrefix(p.Via.Path, "direct") + " " + p.Via.Protocol)
	if via != "" {
		parts = append(parts, "by "+via)
	}
	if p.Media.Video == "none" {
		parts = append(parts, "no picture")
	}
	if p.Media.Audio == "none" {
		parts = append(parts, "no sound")
	}
	if len(p.Media.Codecs) > 0 {
		parts = append(parts, strings.Join(p.Media.Codecs, ", "))
	}
	return strings.Join(parts, " · ")
}
