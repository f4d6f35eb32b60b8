package script

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kinwire/client/rehearse"
)

// Expr is an expectation that has been read.
type Expr struct {
	Who    string   // a participant; empty: the call, or every participant
	Metric string   // of Metrics, or record
	Path   []string // within the record
	Agg    string   // min, max, mean, median, last or p with a percentage; empty: the metric is one value
	Op     string   // < <= > >= == !=
	Value  Value
}

// Value is what is compared with: a number in the metric's own unit, or a text.
type Value struct {
	Number float64
	Text   string
	IsText bool
	Unit   string // of the metric; empty: not known (a number in a record)
}

// Aggregates are what becomes one value of the many that were sampled.
func Aggregates() []Choice {
	return []Choice{
		{"min", "the smallest"},
		{"max", "the largest"},
		{"mean", "the mean"},
		{"median", "half of the values lie below, half above"},
		{"p5", "5 % of the values lie below; any p1 to p99 (between two values it is interpolated)"},
		{"p95", "95 % of the values lie below"},
		{"last", "the newest"},
	}
}

var operators = []string{"<=", ">=", "==", "!=", "<", ">"}

// token is a word, an operator or a text in quotes.
type token struct {
	text   string
	op     bool
	quoted bool
}

const maxLine = 500

// tokens splits a line. Operators need no spaces around them.
func tokens(line string) ([]token, error) {
	if len(line) > maxLine {
		return nil, fmt.Errorf("given %d letters; allowed: up to %d", len(line), maxLine)
	}
	var out []token
next:
	for line = strings.TrimLeft(line, " \t"); line != ""; line = strings.TrimLeft(line, " \t") {
		for _, op := range operators {
			if rest, ok := strings.CutPrefix(line, op); ok {
				out, line = append(out, token{text: op, op: true}), rest
				continue next
			}
		}
		if line[0] == '"' {
			end := strings.IndexByte(line[1:], '"')
			if end < 0 {
				return nil, fmt.Errorf("a quote is opened and not closed in %q", printable(line))
			}
			out, line = append(out, token{text: line[1 : 1+end], quoted: true}), line[2+end:]
			continue
		}
		if line[0] == '=' || line[0] == '!' {
			return nil, fmt.Errorf("given %q; allowed: < <= > >= == !=", printable(line[:1]))
		}
		end := strings.IndexAny(line, " \t<>=!\"")
		if end < 0 {
			end = len(line)
		}
		out, line = append(out, token{text: line[:end]}), line[end:]
	}
	return out, nil
}

// Parse reads an expectation: [who] metric [aggregate] op value [unit], or a
// metric alone that is yes or no. names are the participants.
func Parse(line string, names []string) (Expr, error) {
	t, err := tokens(line)
	if err != nil {
		return Expr{}, err
	}
	if len(t) == 0 {
		return Expr{}, fmt.Errorf("given nothing; allowed: [who] metric [aggregate] op value, such as leo audio.mos p5 > 3.6")
	}
	at := slices.IndexFunc(t, func(k token) bool { return k.op })
	left, right := t, []token(nil)
	if at >= 0 {
		left, right = t[:at], t[at+1:]
	}
	var e Expr
	m, err := e.subject(left, names)
	if err != nil {
		return Expr{}, err
	}
	if at < 0 {
		return e, e.alone(m, line)
	}
	e.Op = t[at].text
	return e, e.compared(m, right, line)
}

// subject reads what stands before the operator.
func (e *Expr) subject(words []token, names []string) (rehearse.Metric, error) {
	var left []string
	for _, w := range words {
		if w.quoted {
			return rehearse.Metric{}, fmt.Errorf("given a quoted text before the operator; allowed: [who] metric [aggregate]")
		}
		left = append(left, w.text)
	}
	if len(left) > 0 && slices.Contains(names, left[0]) {
		e.Who, left = left[0], left[1:]
	}
	if len(left) == 0 {
		return rehearse.Metric{}, fmt.Errorf("no metric is named; allowed: [who] metric [aggregate] op value, such as setup_ms < 800")
	}
	m, err := e.metric(left[0], len(left) > 1, names)
	if err != nil {
		return m, err
	}
	switch rest := left[1:]; {
	case len(rest) > 1:
		return m, fmt.Errorf("given %q after %s; allowed: one aggregate and an operator", printable(strings.Join(rest, " ")), m.Name)
	case len(rest) == 1:
		return m, e.aggregate(m, rest[0])
	case m.Sort == sampled:
		return m, fmt.Errorf("%s is measured once a second, so say which value is meant: %s", m.Name, strings.Join(choiceNames(Aggregates()), ", "))
	}
	return m, nil
}

// metric finds the metric or the path in the record. more: another word
// follows, so that this one may have been meant as a participant.
func (e *Expr) metric(name string, more bool, names []string) (rehearse.Metric, error) {
	if rest, ok := strings.CutPrefix(name, "record."); ok {
		return e.record(name, rest)
	}
	m, ok := metricNamed(name)
	if !ok {
		candidates := metricNames()
		if e.Who == "" && more {
			candidates = append(slices.Clone(names), candidates...)
			if best := nearest(name, names); best != "" {
				return m, fmt.Errorf("%s", noSuch("participant", name, names))
			}
		}
		text := fmt.Sprintf("no such metric: %q", printable(name))
		if best := nearest(name, candidates); best != "" {
			return m, fmt.Errorf("%s; did you mean %s?", text, best)
		}
		return m, fmt.Errorf("%s; kincall reference lists them", text)
	}
	if m.Per == "call" && e.Who != "" {
		return m, fmt.Errorf("%s is one value for the whole call; allowed: without %s", m.Name, e.Who)
	}
	e.Metric = m.Name
	return m, nil
}

// record reads a path in the call record, of the call or, after a name, of that
// participant.
func (e *Expr) record(name, rest string) (rehearse.Metric, error) {
	path := strings.Split(rest, ".")
	if slices.Contains(path, "") {
		return rehearse.Metric{}, fmt.Errorf("given %q; allowed: record. and the names of a call record's fields with dots between them", printable(name))
	}
	e.Metric, e.Path = "record", path
	m := rehearse.Metric{Name: "record." + strings.Join(path, "."), Unit: recordUnit(path), Per: "call", Sort: scalar}
	if last := path[len(path)-1]; last == "reason" || last == "end_reason" {
		m.Unit, m.Sort = unitText, text
	}
	return m, nil
}

// recordUnit tells a number's unit by the endings of its field's name, as the
// record's own rule has it.
func recordUnit(path []string) string {
	for i := len(path) - 1; i >= 0; i-- {
		for ending, unit := range map[string]string{"_ms": unitMS, "_ratio": unitRatio, "_bps": unitBPS, "_px": unitPX} {
			if strings.HasSuffix(path[i], ending) {
				return unit
			}
		}
		if path[i] == "mos" || path[i] == "score" {
			return unitMOS
		}
	}
	return ""
}

func (e *Expr) aggregate(m rehearse.Metric, word string) error {
	if m.Sort != sampled {
		return fmt.Errorf("given %q after %s, which is one value; allowed: an operator", printable(word), m.Name)
	}
	names := choiceNames(Aggregates())
	percent, isP := percentOf(word)
	if !slices.Contains(names, word) && (!isP || percent < 1 || percent > 99) {
		return fmt.Errorf("%s", noSuch("aggregate", word, names))
	}
	e.Agg = word
	return nil
}

// percentOf reads p5 as 5.
func percentOf(word string) (int, bool) {
	digits, ok := strings.CutPrefix(word, "p")
	if !ok || digits == "" || digits[0] < '0' || digits[0] > '9' {
		return 0, false
	}
	p, err := strconv.Atoi(digits)
	return p, err == nil
}

// alone is a metric without an operator: one that must be yes.
func (e *Expr) alone(m rehearse.Metric, line string) error {
	if m.Unit != unitYesNo && e.Metric != "record" {
		return fmt.Errorf("%q has no operator; allowed: %s with one of < <= > >= == != and a value", printable(line), m.Name)
	}
	e.Op, e.Value = "==", Value{Text: "yes", IsText: true, Unit: unitYesNo}
	if m.Unit == unitYesNo {
		e.Value = Value{Number: 1, Unit: unitYesNo}
	}
	return nil
}

// compared reads what stands behind the operator.
func (e *Expr) compared(m rehearse.Metric, right []token, line string) error {
	if len(right) == 0 {
		return fmt.Errorf("%q ends on %s; allowed: a value after it", printable(line), e.Op)
	}
	for _, k := range right {
		if k.op {
			return fmt.Errorf("given two operators in %q; allowed: one", printable(line))
		}
	}
	quoted := right[0].quoted
	if quoted && len(right) > 1 {
		return fmt.Errorf("given %q after the value; allowed: nothing", printable(right[1].text))
	}
	var words []string
	for _, k := range right {
		words = append(words, k.text)
	}
	value := strings.Join(words, " ")
	switch {
	case m.Unit == unitYesNo:
		return e.yesOrNo(m, value)
	case m.Unit == unitText:
		return e.textValue(m, value)
	case m.Unit == "": // a field of the record: what it is shows in the value
		if f, err := parseNumber(value, ""); err == nil && !quoted {
			e.Value = Value{Number: f}
			return nil
		}
		return e.textValue(m, value)
	}
	f, err := parseNumber(value, m.Unit)
	if err != nil {
		return fmt.Errorf("%s %s: %w", m.Name, e.Op, err)
	}
	e.Value = Value{Number: f, Unit: m.Unit}
	return nil
}

func (e *Expr) equality(m rehearse.Metric) error {
	if e.Op != "==" && e.Op != "!=" {
		return fmt.Errorf("given %s with %s, which is no number; allowed: == and !=", e.Op, m.Name)
	}
	return nil
}

func (e *Expr) yesOrNo(m rehearse.Metric, value string) error {
	if err := e.equality(m); err != nil {
		return err
	}
	b, ok := yesNo[strings.ToLower(value)]
	if !ok {
		return fmt.Errorf("%s %s: given %q; allowed: yes, no", m.Name, e.Op, printable(value))
	}
	e.Value = Value{Unit: unitYesNo}
	if b {
		e.Value.Number = 1
	}
	return nil
}

func (e *Expr) textValue(m rehearse.Metric, value string) error {
	if err := e.equality(m); err != nil {
		return err
	}
	if allowed := allowedTexts[m.Name]; allowed != nil && !slices.Contains(allowed, strings.ToLower(value)) {
		text := fmt.Sprintf("%s %s: given %q; allowed: %s", m.Name, e.Op, printable(value), strings.Join(allowed, ", "))
		if best := nearest(value, allowed); best != "" {
			text += fmt.Sprintf("; did you mean %s?", best)
		}
		return fmt.Errorf("%s", text)
	}
	e.Value = Value{Text: value, IsText: true, Unit: unitText}
	return nil
}
