package configs

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"time"
)

// Acts says when a change of a key takes effect in a server that runs.
type Acts string

// When changes act. What began before a change of a key that acts on [OnCalls]
// keeps what it began with until it ends.
const (
	Live    Acts = "live"    // at once
	OnCalls Acts = "calls"   // for calls, sessions and connections that begin from then on
	Restart Acts = "restart" // when the server starts again
)

var allActs = []Acts{Live, OnCalls, Restart}

// Change is one key whose value differs between two configurations.
type Change struct {
	Key      string
	Old, New string // as in YAML; secrets masked
	Acts     Acts
	Where    string // where the new value comes from, as in Config.Origin
}

// String is the change on one line: "sfu.udp_port: 7882 -> 7900 (restart)".
func (c Change) String() string {
	return fmt.Sprintf("%s: %s -> %s (%s)", c.Key, c.Old, c.New, c.Acts)
}

// Diff lists the keys whose values differ, in the order of default.yaml.
func Diff(before, after *Config) []Change {
	var out []Change
	for i := range schema().leaves {
		l := &schema().leaves[i]
		a, b := l.field(before), l.field(after)
		if sameValue(a, b) {
			continue
		}
		out = append(out, Change{Key: l.key, Old: l.shown(a), New: l.shown(b), Acts: l.actsFrom(a, b), Where: after.Origin(l.key)})
	}
	return out
}

// Take gives the configuration that a server which runs with c can go over to:
// next, but with c's values wherever a change waits for a restart. pending are
// those, applied the others. The error is an [*Error] when what comes out does
// not fit together, although next does.
func (c *Config) Take(next *Config) (taken *Config, applied, pending []Change, err error) {
	out := *next
	out.origins = maps.Clone(next.origins)
	for _, change := range Diff(c, next) {
		if change.Acts != Restart {
			applied = append(applied, change)
			continue
		}
		pending = append(pending, change)
		l := schema().byKey[change.Key]
		l.field(&out).Set(l.field(c))
		out.origins[change.Key] = c.origins[change.Key]
	}
	if problems := out.checkTogether(nil); len(problems) > 0 {
		for i := range problems {
			problems[i].Text += "; one of these changes waits for a restart, and the others do not fit what runs until then"
		}
		return nil, nil, nil, &Error{Problems: problems}
	}
	return &out, applied, pending, nil
}

// sameValue takes a list that is not there for an empty one.
func sameValue(a, b reflect.Value) bool {
	if a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// actsFrom is when the change from a to b acts.
func (l *leaf) actsFrom(a, b reflect.Value) Acts {
	if l.toggle && (a.Len() == 0) != (b.Len() == 0) {
		return Restart
	}
	return l.acts
}

// shown is a value as a person would write it in YAML; of a secret only whether
// there is one.
func (l *leaf) shown(v reflect.Value) string {
	if v.Kind() != reflect.Slice {
		return shownItem(v)
	}
	items := make([]string, v.Len())
	for i := range items {
		items[i] = shownItem(v.Index(i))
	}
	return "[" + strings.Join(items, ", ") + "]"
}

func shownItem(v reflect.Value) string {
	text := fmt.Sprint(v.Interface())
	if d, ok := v.Interface().(time.Duration); ok {
		text = shortDuration(d)
	}
	if text == "" {
		return `""`
	}
	return printable(text)
}
