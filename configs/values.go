package configs

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bytes is a size in bytes. It is written as a whole number or with one of
// the units KiB and MiB.
type Bytes int

// kind is how one Go type is written in a configuration.
type kind struct {
	noun string   // what a person should write
	unit string   // what min and max count: "" for the value itself
	tags []string // the YAML tags it may have; "" is text from outside YAML
	// parse returns a value of the type, and false where text is none.
	parse func(text string) (any, bool)
}

// Any scalar but null will do for a text: a realm of 123 is a fine realm.
var textTags = []string{"", "!!str", "!!int", "!!float", "!!bool", "!!timestamp"}

// kinds is the table of types that a key can have; a list of any of them is
// one too.
var kinds = map[reflect.Type]kind{
	reflect.TypeFor[string](): {noun: "a text", unit: "characters", tags: textTags,
		parse: func(s string) (any, bool) { return s, true }},
	reflect.TypeFor[Secret](): {noun: "a text", unit: "characters", tags: textTags,
		// The mask is what `config print` shows: whoever copies its output
		// must not end up with a secret that everybody knows.
		parse: func(s string) (any, bool) { return Secret(s), s != mask }},
	reflect.TypeFor[bool](): {noun: "true or false", tags: []string{"", "!!bool"},
		parse: func(s string) (any, bool) { return s == "true", s == "true" || s == "false" }},
	reflect.TypeFor[int](): {noun: "a whole number", tags: []string{"", "!!int"},
		parse: func(s string) (any, bool) { n, err := strconv.Atoi(s); return n, err == nil }},
	reflect.TypeFor[Bytes](): {noun: "a number of bytes, or of KiB or MiB with that unit,", tags: []string{"", "!!int", "!!str"},
		parse: parseBytes},
	reflect.TypeFor[time.Duration](): {noun: "a duration with its unit (such as 500ms, 45s, 10m or 12h)", tags: []string{"", "!!str"},
		parse: func(s string) (any, bool) { d, err := time.ParseDuration(s); return d, err == nil }},
	reflect.TypeFor[netip.Addr](): {noun: "an IP address", tags: []string{"", "!!str"},
		parse: func(s string) (any, bool) { a, err := netip.ParseAddr(s); return a.Unmap(), err == nil }},
	reflect.TypeFor[netip.Prefix](): {noun: "a network such as 192.0.2.0/24 or 2001:db8::/32", tags: []string{"", "!!str"},
		parse: func(s string) (any, bool) { p, err := netip.ParsePrefix(s); return p.Masked(), err == nil }},
}

func parseBytes(s string) (any, bool) {
	factor := 1
	for suffix, f := range map[string]int{"KiB": 1 << 10, "MiB": 1 << 20} {
		if number, ok := strings.CutSuffix(s, suffix); ok {
			s, factor = strings.TrimSpace(number), f
		}
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 1<<40 {
		return Bytes(0), false
	}
	return Bytes(n * factor), true
}

// given is what somebody wrote for a key: one scalar, a list of them, or
// something that is neither.
type given struct {
	where string
	text  string  // of a scalar
	tag   string  // YAML tag of a scalar; "" for text from outside YAML
	list  bool    // items holds a list
	items []given // of a list
	shape string  // set where it is neither: what it is instead
}

// String is what was given, as a refusal shows it.
func (g given) String() string {
	switch {
	case g.shape != "":
		return g.shape
	case g.list:
		return fmt.Sprintf("a list of %d", len(g.items))
	case g.tag == "!!null":
		return "nothing"
	case g.tag == "" || g.tag == "!!str":
		return strconv.Quote(shorten(g.text))
	}
	return shorten(g.text)
}

func shorten(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// textGiven is text from the environment or a flag, where a list is separated
// by commas.
func (l *leaf) textGiven(where, text string) given {
	g := given{where: where, text: text}
	if l.typ.Kind() != reflect.Slice {
		return g
	}
	g.list = true
	if strings.TrimSpace(text) == "" {
		return g
	}
	for item := range strings.SplitSeq(text, ",") {
		g.items = append(g.items, given{where: where, text: strings.TrimSpace(item)})
	}
	return g
}

// read turns what was given into a value of the leaf's type, or refuses it.
func (l *leaf) read(g given) (any, []Problem) {
	if l.typ.Kind() != reflect.Slice {
		v, ok := readItem(g, l.typ, l.rules)
		if !ok {
			return nil, []Problem{l.refuse(g)}
		}
		return v, nil
	}
	if !g.list {
		return nil, []Problem{l.refuse(g)}
	}
	var problems []Problem
	list := reflect.MakeSlice(l.typ, 0, len(g.items))
	for _, item := range g.items {
		v, ok := readItem(item, l.typ.Elem(), l.itemRules)
		if !ok {
			problems = append(problems, l.refuse(item))
			continue
		}
		list = reflect.Append(list, reflect.ValueOf(v))
	}
	if len(problems) > 0 {
		return nil, problems
	}
	if !satisfies(list.Interface(), l.rules) {
		return nil, []Problem{l.refuse(g)}
	}
	return list.Interface(), nil
}

func readItem(g given, typ reflect.Type, rules []string) (any, bool) {
	k := kinds[typ]
	if g.shape != "" || g.list || !slices.Contains(k.tags, g.tag) {
		return nil, false
	}
	v, ok := k.parse(g.text)
	return v, ok && satisfies(v, rules)
}

// refuse says what was given and what is allowed.
func (l *leaf) refuse(g given) Problem {
	shown := g.String()
	if l.secret && g.text == mask {
		shown = "the mask that config print shows"
	} else if l.secret && g.shape == "" && g.text != "" {
		shown = fmt.Sprintf("a secret of %d characters", len([]rune(g.text)))
	}
	return Problem{Where: g.where, Key: l.key, Text: fmt.Sprintf("given %s; allowed: %s", shown, l.allowed())}
}
