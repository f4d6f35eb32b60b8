package script

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// scalar gives the text of a single value.
func (r *reader) scalar(n *yaml.Node, key, allowed string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		r.problem(n, key, "given %s; allowed: %s", given(n), allowed)
		return "", false
	}
	return n.Value, true
}

// words reads free text of bounded length.
func (r *reader) words(n *yaml.Node, key string, longest int) string {
	allowed := fmt.Sprintf("text of 1 to %d letters", longest)
	v, ok := r.scalar(n, key, allowed)
	if ok && (strings.TrimSpace(v) == "" || len([]rune(v)) > longest) {
		r.problem(n, key, "given %s; allowed: %s", given(n), allowed)
		return ""
	}
	return strings.TrimSpace(v)
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

const nameAllowed = "1 to 32 of a-z, 0-9, - and _, a letter first"

// name reads a participant's or a person's name.
func (r *reader) name(n *yaml.Node, key string) (string, bool) {
	v, ok := r.scalar(n, key, nameAllowed)
	if ok && !nameForm.MatchString(v) {
		r.problem(n, key, "given %s; allowed: %s", given(n), nameAllowed)
		return "", false
	}
	return v, ok
}

// oneOf reads one of a few words.
func (r *reader) oneOf(n *yaml.Node, key string, allowed []string) string {
	v, ok := r.scalar(n, key, strings.Join(allowed, ", "))
	if !ok || slices.Contains(allowed, v) {
		return v
	}
	text := fmt.Sprintf("given %s; allowed: %s", given(n), strings.Join(allowed, ", "))
	if best := nearest(v, allowed); best != "" {
		text += fmt.Sprintf("; did you mean %s?", best)
	}
	r.problem(n, key, "%s", text)
	return ""
}

var yesNo = map[string]bool{"yes": true, "true": true, "on": true, "no": false, "false": false, "off": false}

func (r *reader) yes(n *yaml.Node, key string) bool {
	v, ok := r.scalar(n, key, "yes, no")
	if !ok {
		return false
	}
	b, ok := yesNo[strings.ToLower(v)]
	if !ok {
		r.problem(n, key, "given %s; allowed: yes, no", given(n))
	}
	return b
}

func (r *reader) whole(n *yaml.Node, key string, least, most int) int {
	allowed := fmt.Sprintf("a whole number from %d to %d", least, most)
	v, ok := r.scalar(n, key, allowed)
	if !ok {
		return 0
	}
	i, err := strconv.Atoi(v)
	if err != nil || i < least || i > most {
		r.problem(n, key, "given %s; allowed: %s", given(n), allowed)
		return 0
	}
	return i
}

// span reads a time with its unit.
func (r *reader) span(n *yaml.Node, key string, least, most time.Duration) time.Duration {
	allowed := fmt.Sprintf("a time with its unit from %s to %s, such as 500ms, 3s or 1m30s", brief(least), brief(most))
	v, ok := r.scalar(n, key, allowed)
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < least || d > most {
		r.problem(n, key, "given %s; allowed: %s", given(n), allowed)
		return 0
	}
	return d
}

// brief writes a time without the zeros that time.Duration ends on.
func brief(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// share reads a part of the whole, as 0.05 or 5%.
func (r *reader) share(n *yaml.Node, key string) float64 {
	const allowed = "a share from 0 to 1, such as 0.05, or from 0% to 100%"
	v, ok := r.scalar(n, key, allowed)
	if !ok {
		return 0
	}
	f, err := parseShare(v)
	if err != nil || f < 0 || f > 1 {
		r.problem(n, key, "given %s; allowed: %s", given(n), allowed)
		return 0
	}
	return f
}

func parseShare(v string) (float64, error) {
	digits, percent := strings.CutSuffix(v, "%")
	f, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, fmt.Errorf("no share: %q", v)
	}
	if percent {
		f /= 100
	}
	return f, nil
}

// rateUnits are the units of bit rates, with the longer ones first.
var rateUnits = []struct {
	name   string
	factor float64
}{{"kbps", 1e3}, {"Mbps", 1e6}, {"Gbps", 1e9}, {"bps", 1}}

// rate reads a bit rate with its unit.
func (r *reader) rate(n *yaml.Node, key string, least, most float64) int64 {
	allowed := fmt.Sprintf("a bit rate with its unit (bps, kbps, Mbps) from %s to %s, such as 512kbps", bitRate(least), bitRate(most))
	v, ok := r.scalar(n, key, allowed)
	if !ok {
		return 0
	}
	f, ok := parseRate(v)
	if !ok || f < least || f > most {
		r.problem(n, key, "given %s; allowed: %s", given(n), allowed)
		return 0
	}
	return int64(math.Round(f))
}

func parseRate(v string) (float64, bool) {
	for _, u := range rateUnits {
		if digits, ok := strings.CutSuffix(v, u.name); ok {
			f, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
			return f * u.factor, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
		}
	}
	return 0, false
}

// bitRate writes a bit rate with the unit that suits it.
func bitRate(f float64) string {
	switch {
	case math.Abs(f) >= 1e6:
		return number(f/1e6, 2) + " Mbps"
	case math.Abs(f) >= 1e3:
		return number(f/1e3, 1) + " kbps"
	}
	return number(f, 0) + " bps"
}

// number writes f with at most that many decimals, without zeros at the end.
func number(f float64, decimals int) string {
	if math.Abs(f) >= 1e12 {
		return strconv.FormatFloat(f, 'g', 4, 64)
	}
	s := strconv.FormatFloat(f, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}
