package script

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"kinwire/client/rehearse"
)

// reader goes through the nodes of one file and collects what is wrong.
type reader struct {
	file     string
	problems []Problem
	script   rehearse.Script
	demo     map[string]bool // demo people that are somebody already
}

// document returns the top node of the one document in data, nil after a
// problem.
func (r *reader) document(data []byte) *yaml.Node {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		r.problem(nil, "", "empty; allowed: a script, see kincall new")
		return nil
	case err != nil:
		r.syntax(err)
		return nil
	}
	if err := dec.Decode(&more); err == nil {
		r.problem(&more, "", "a second document begins; allowed: one script a file")
		return nil
	} else if !errors.Is(err, io.EOF) {
		r.syntax(err)
		return nil
	}
	return doc.Content[0]
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)

func (r *reader) syntax(err error) {
	p := Problem{File: r.file, Text: "not valid YAML: " + strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\n", " "), "yaml: ")}
	if m := yamlLine.FindStringSubmatch(strings.ReplaceAll(err.Error(), "\n", " ")); m != nil {
		p.Line, _ = strconv.Atoi(m[1])
		p.Text = "not valid YAML: " + m[2]
	}
	r.problems = append(r.problems, p)
}

// problem notes what is wrong at n, or with the file as a whole.
func (r *reader) problem(n *yaml.Node, key, format string, args ...any) {
	p := Problem{File: r.file, Key: key, Text: fmt.Sprintf(format, args...)}
	if n != nil {
		p.Line = n.Line
	}
	r.problems = append(r.problems, p)
}

// err is what was found, by line; nil: nothing.
func (r *reader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return &Error{Problems: r.problems}
}

// entry is one key of a mapping with its value.
type entry struct {
	name       string
	key, value *yaml.Node
}

// section is a mapping, in the order of the file.
type section struct {
	at      *yaml.Node
	entries []entry
}

// get gives the value of a key, nil where it is absent.
func (s section) get(name string) *yaml.Node {
	for _, e := range s.entries {
		if e.name == name {
			return e.value
		}
	}
	return nil
}

// mapping reads the keys of n. Keys that are not in allowed (nil: any is), and
// such as come twice, are problems and left out.
func (r *reader) mapping(n *yaml.Node, key string, allowed []string) (section, bool) {
	s := section{at: n}
	if n.Kind != yaml.MappingNode {
		want := "keys with values"
		if allowed != nil {
			want = "the keys " + strings.Join(allowed, ", ")
		}
		r.problem(n, key, "given %s; allowed: %s", given(n), want)
		return s, false
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		name := k.Value
		first, twice := lines[name]
		switch {
		case k.Kind != yaml.ScalarNode:
			r.problem(k, key, "given %s as a key; allowed: a name", given(k))
		case twice:
			r.problem(k, join(key, name), "given twice, first on line %d; allowed: once", first)
		case allowed != nil && !slices.Contains(allowed, name):
			r.problem(k, key, "%s", noSuch("key", name, allowed))
		default:
			s.entries = append(s.entries, entry{name, k, v})
		}
		lines[name] = k.Line
	}
	return s, true
}

// list gives the items of n; a single value counts as a list of one where one
// is allowed.
func (r *reader) list(n *yaml.Node, key, of string, one bool) []*yaml.Node {
	switch {
	case n.Kind == yaml.SequenceNode:
		return n.Content
	case one && n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null":
		return []*yaml.Node{n}
	}
	r.problem(n, key, "given %s; allowed: a list of %s", given(n), of)
	return nil
}

func join(section, name string) string {
	if section == "" {
		return printable(name)
	}
	return section + "." + printable(name)
}

// given says what stands in a node.
func given(n *yaml.Node) string {
	switch n.Kind {
	case yaml.ScalarNode:
		if n.ShortTag() == "!!null" {
			return "nothing"
		}
		return strconv.Quote(printable(n.Value))
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "keys with values"
	}
	return "an alias (*" + printable(n.Value) + ")"
}
