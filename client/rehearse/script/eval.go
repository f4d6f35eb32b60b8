package script

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"kinwire/client/rehearse"
)

// NotMeasured ends what Check.Measured says where there was nothing to judge.
const NotMeasured = " was not measured"

// Judge holds all of a script's expectations against r, into r.Checks. A script
// that was not played to its end is judged all the same: what it measured until
// then may say why.
func Judge(r *rehearse.Result) {
	r.Checks = make([]rehearse.Check, len(r.Script.Expect))
	for i, e := range r.Script.Expect {
		r.Checks[i] = Eval(e, r)
	}
}

// Eval holds one expectation against what was measured.
func Eval(x rehearse.Expectation, r *rehearse.Result) rehearse.Check {
	e, ok := x.Expr.(Expr)
	if !ok { // an expectation that was made by hand
		var err error
		if e, err = Parse(x.Text, participantNames(r)); err != nil {
			return rehearse.Check{Expectation: x, Why: "cannot be read: " + err.Error()}
		}
	}
	return e.eval(x, r)
}

func participantNames(r *rehearse.Result) []string {
	names := make([]string, len(r.Script.Participants))
	for i, p := range r.Script.Participants {
		names[i] = p.Name
	}
	return names
}

func (e Expr) eval(x rehearse.Expectation, r *rehearse.Result) rehearse.Check {
	c := rehearse.Check{Expectation: x}
	if e.Metric == "record" {
		c.OK, c.Measured, c.Why = e.evalRecord(r)
		return c
	}
	m, _ := metricNamed(e.Metric)
	if m.Per == "call" {
		c.OK, c.Measured, c.Why = e.evalOne(m, "", r)
		return c
	}
	who := []string{e.Who}
	if e.Who == "" {
		who = measuredOnes(r)
	}
	if len(who) == 0 {
		c.Measured = e.name("", m) + NotMeasured
		c.Why = "nobody was measured: " + stateOfAll(r) + "."
		return c
	}
	var measured, why []string
	c.OK = true
	for _, w := range who {
		ok, got, because := e.evalOne(m, w, r)
		measured = append(measured, got)
		if !ok {
			c.OK = false
			why = append(why, because)
		}
	}
	c.Measured, c.Why = strings.Join(measured, "; "), strings.Join(why, "\n")
	return c
}

// measuredOnes are the participants of whom anything was measured. A device at
// which it rang and that had no further part in the call is not among them.
func measuredOnes(r *rehearse.Result) []string {
	return slices.DeleteFunc(participantNames(r), func(name string) bool {
		return len(r.Scalars[name]) == 0 && !slices.ContainsFunc(r.Samples, func(s rehearse.Sample) bool {
			return s.Participant == name && len(s.Values) > 0
		})
	})
}

// evalOne holds the expectation against one participant's value, or the call's
// with who empty.
func (e Expr) evalOne(m rehearse.Metric, who string, r *rehearse.Result) (ok bool, measured, why string) {
	name := e.name(who, m)
	switch m.Sort {
	case text:
		v, found := r.Texts[who][m.Name]
		if !found {
			return false, name + NotMeasured, notMeasured(name, who, r)
		}
		return e.judgeText(name, v)
	case sampled:
		points := samplesOf(r, who, m.Name)
		if len(points) == 0 {
			return false, name + NotMeasured, notMeasured(name, who, r)
		}
		return e.judgeSampled(m, name, who, points, r)
	}
	v, found := r.Scalars[who][m.Name]
	if !found && m.Name == "no_message_lost" {
		lost, known := r.Scalars[who]["messages_lost"]
		sent := r.Scalars[who]["messages_sent"]
		if found = known && sent > 0; found && lost == 0 {
			v = 1
		}
	}
	if !found || math.IsNaN(v) || math.IsInf(v, 0) {
		return false, name + NotMeasured, notMeasured(name, who, r)
	}
	ok, measured, why = e.judgeNumber(name, v, m.Unit)
	if !ok && m.Name == "no_message_lost" {
		if sent := r.Scalars[who]["messages_sent"]; sent > 0 {
			why = fmt.Sprintf("%s of %s messages did not come to everybody they were for, each once and whole.",
				number(r.Scalars[who]["messages_lost"], 0), number(sent, 0))
		}
	}
	return ok, measured, why
}

// name is how messages call what was measured.
func (e Expr) name(who string, m rehearse.Metric) string {
	parts := []string{}
	for _, p := range []string{who, m.Name, e.Agg} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " ")
}

func samplesOf(r *rehearse.Result, who, metric string) []point {
	var points []point
	for _, s := range r.Samples {
		v, ok := s.Values[metric]
		if ok && s.Participant == who && !math.IsNaN(v) && !math.IsInf(v, 0) {
			points = append(points, point{s.At.Milliseconds(), v})
		}
	}
	slices.SortStableFunc(points, func(a, b point) int { return int(a.at - b.at) })
	return points
}

func (e Expr) judgeNumber(name string, v float64, unit string) (ok bool, measured, why string) {
	got, limit := formatApart(v, e.Value.Number, unit)
	measured = name + " = " + got
	if e.holdsFor(v) {
		return true, measured, ""
	}
	return false, measured, fmt.Sprintf("%s was %s and must be %s%s.", name, got, e.must(limit), e.by(v, unit))
}

func (e Expr) holdsFor(v float64) bool { return holds(v, e.Op, e.Value.Number) }

func (e Expr) judgeText(name, v string) (ok bool, measured, why string) {
	measured = fmt.Sprintf("%s = %s", name, printable(v))
	if strings.EqualFold(v, e.Value.Text) == (e.Op == "==") {
		return true, measured, ""
	}
	shown := printable(v)
	if v == "" {
		shown = "empty"
	}
	return false, measured, fmt.Sprintf("%s was %s and must be %s.", name, shown, e.must(e.Value.Text))
}

// mustBe is each operator in words.
var mustBe = map[string]string{"<": "below ", "<=": "at most ", ">": "above ", ">=": "at least ", "==": "", "!=": "other than "}

func (e Expr) must(limit string) string { return mustBe[e.Op] + limit }

// by says how far a number is off, where that means something.
func (e Expr) by(v float64, unit string) string {
	limit := e.Value.Number
	if unit == unitYesNo || e.Op == "!=" || v == limit || math.IsInf(v, 0) {
		return ""
	}
	off := Format(math.Abs(v-limit), unit)
	word := "too little"
	if v > limit {
		word = "too much"
	}
	if off == Format(0, unit) {
		return ""
	}
	if limit == 0 || unit == unitMOS || unit == unitCount || unit == unitRatio {
		return fmt.Sprintf(", %s %s", off, word)
	}
	return fmt.Sprintf(", %s (%s %%) %s", off, number(math.Abs(v-limit)/math.Abs(limit)*100, 0), word)
}

// Spots gives, for an expectation of something sampled, the worst moment of
// each participant whom it is about; nothing for any other expectation. Reports
// mark it.
func (e Expr) Spots(r *rehearse.Result) []Spot {
	m, _ := metricNamed(e.Metric)
	if m.Sort != sampled {
		return nil
	}
	who := []string{e.Who}
	if e.Who == "" {
		who = measuredOnes(r)
	}
	var spots []Spot
	for _, w := range who {
		points := samplesOf(r, w, m.Name)
		if len(points) == 0 {
			continue
		}
		p := e.worst(points)
		spots = append(spots, Spot{
			Who: w, Metric: m.Name, At: time.Duration(p.at) * time.Millisecond, Value: p.v,
			Limit: e.Value.Number, OK: e.holdsFor(aggregate(points, e.Agg)),
		})
	}
	return spots
}

// Spot is the worst moment of one thing that was sampled, and the limit it was
// held against.
type Spot struct {
	Who, Metric  string
	At           time.Duration
	Value, Limit float64
	OK           bool
}
