package script

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"kinwire/client/rehearse"
)

// judgeSampled holds an aggregate against its limit. Why says, besides, when it
// was worst, what had happened just before, and how long it was bad.
func (e Expr) judgeSampled(m rehearse.Metric, name, who string, points []point, r *rehearse.Result) (ok bool, measured, why string) {
	v := aggregate(points, e.Agg)
	ok, measured, why = e.judgeNumber(name, v, m.Unit)
	if ok {
		return ok, measured, why
	}
	worst := e.worst(points)
	parts := []string{why}
	at := time.Duration(worst.at) * time.Millisecond
	if len(points) > 1 {
		parts = append(parts, fmt.Sprintf("It was worst at %s, with %s%s.", moment(at), Format(worst.v, m.Unit), justBefore(r, who, at)))
		parts = append(parts, e.howLong(points))
	} else {
		parts = append(parts, fmt.Sprintf("It was measured once, at %s%s.", moment(at), justBefore(r, who, at)))
	}
	return ok, measured, strings.Join(parts, " ")
}

// worst is the point that is furthest on the wrong side: the largest where the
// value must be below something, the smallest where it must be above.
func (e Expr) worst(points []point) point {
	worse := map[string]func(a, b float64) bool{
		"<": func(a, b float64) bool { return a > b }, "<=": func(a, b float64) bool { return a > b },
		">": func(a, b float64) bool { return a < b }, ">=": func(a, b float64) bool { return a < b },
	}[e.Op]
	if worse == nil {
		limit := e.Value.Number
		worse = func(a, b float64) bool { return math.Abs(a-limit) > math.Abs(b-limit) }
		if e.Op == "!=" {
			worse = func(a, b float64) bool { return math.Abs(a-limit) < math.Abs(b-limit) }
		}
	}
	w := points[0]
	for _, p := range points[1:] {
		if worse(p.v, w.v) {
			w = p
		}
	}
	return w
}

// howLong says how many of the values were on the wrong side, and when.
func (e Expr) howLong(points []point) string {
	bad, first, last, spells := 0, int64(0), int64(0), 0
	was := false
	for _, p := range points {
		is := !e.holdsFor(p.v)
		if is {
			if bad == 0 {
				first = p.at
			}
			if !was {
				spells++
			}
			bad++
			last = p.at
		}
		was = is
	}
	of := fmt.Sprintf("%d of %d values", bad, len(points))
	ms := func(v int64) string { return moment(time.Duration(v) * time.Millisecond) }
	switch {
	case bad == 0:
		return "No single value was."
	case bad == len(points):
		return fmt.Sprintf("All %d values were on that side, from %s to %s.", bad, ms(first), ms(last))
	case bad == 1:
		return of + " was on that side."
	case spells == 1:
		return fmt.Sprintf("%s were on that side, from %s to %s.", of, ms(first), ms(last))
	}
	return fmt.Sprintf("%s were on that side, in %d spells between %s and %s.", of, spells, ms(first), ms(last))
}

// justBefore names the newest step or error in the ten seconds before at, or
// where there is none, what else was seen of the network; of several at the same
// time that of this participant.
func justBefore(r *rehearse.Result, who string, at time.Duration) string {
	const near, atOnce = 10 * time.Second, 100 * time.Millisecond
	newest := func(kinds ...string) (found *rehearse.Event) {
		for i := range r.Events {
			ev := &r.Events[i]
			if ev.At > at || ev.At < at-near || !slices.Contains(kinds, ev.Kind) {
				continue
			}
			if found == nil || ev.At > found.At || ev.At == found.At && ev.Participant == who {
				found = ev
			}
		}
		return found
	}
	ev := newest("step", "error")
	if ev == nil {
		ev = newest("network")
	}
	if ev == nil {
		return ""
	}
	after := moment(at-ev.At) + " after"
	if at-ev.At < atOnce {
		after = "right after"
	}
	return fmt.Sprintf(", %s “%s”", after, printable(strings.TrimPrefix(ev.Participant+": "+ev.Text, ": ")))
}

// notMeasured says why there may be no value.
func notMeasured(name, who string, r *rehearse.Result) string {
	text := name + " was never measured"
	if who == "" {
		text += ": " + stateOfAll(r)
	} else if s := lastState(r, who); s != "" {
		text += fmt.Sprintf(": the last that was seen of %s is “%s”", who, printable(s))
	} else {
		text += fmt.Sprintf(": nothing was seen of %s", who)
	}
	if r.Err != nil {
		text += fmt.Sprintf("; the run ended early, after %s (%s)", moment(r.Took), printable(r.Err.Error()))
	}
	return text + "."
}

func lastState(r *rehearse.Result, who string) string {
	state := ""
	for _, ev := range r.Events {
		if ev.Kind == "state" && ev.Participant == who {
			state = ev.Text
		}
	}
	return state
}

// stateOfAll tells how everybody was at the end.
func stateOfAll(r *rehearse.Result) string {
	var parts []string
	for _, name := range participantNames(r) {
		if s := lastState(r, name); s != "" {
			parts = append(parts, fmt.Sprintf("%s was last “%s”", name, printable(s)))
		}
	}
	if len(parts) == 0 {
		return "nothing was seen of anybody"
	}
	return strings.Join(parts, ", ")
}

// moment writes a time of the run.
func moment(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return number(d.Seconds(), 1) + " s"
	}
	return fmt.Sprintf("%d min %s s", int(d.Minutes()), number((d%time.Minute).Seconds(), 0))
}
