package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parseYAML returns the top node of the one document in data, nil for an empty
// one.
func parseYAML(data []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := dec.Decode(&more); err == nil {
		return nil, fmt.Errorf("yaml: line %d: a second document begins; allowed: one", more.Line)
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return doc.Content[0], nil
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)

// syntaxProblem puts the line of a YAML error where an editor finds it.
func syntaxProblem(file string, err error) Problem {
	text := strings.ReplaceAll(err.Error(), "\n", " ")
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		return Problem{Where: file + ":" + m[1], Text: "not valid YAML: " + m[2]}
	}
	return Problem{Where: file, Text: "not valid YAML: " + strings.TrimPrefix(text, "yaml: ")}
}

// walker goes through the nodes of one file along the schema.
type walker struct {
	*loader
	file  string
	layer map[string]any
}

func (w *walker) at(n *yaml.Node) string { return fmt.Sprintf("%s:%d", w.file, n.Line) }

func (w *walker) section(n *yaml.Node, section string) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return // a section whose keys are all commented out
	}
	if n.Kind != yaml.MappingNode {
		w.problem(w.at(n), section, fmt.Sprintf("given %s; allowed: a section with the keys %s",
			w.given(n), strings.Join(schema().sections[section], ", ")))
		return
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			w.problem(w.at(k), section, fmt.Sprintf("given %s as a key; allowed: a name", w.given(k)))
			continue
		}
		key := join(section, k.Value)
		if first, twice := lines[key]; twice {
			w.problem(w.at(k), printable(key), fmt.Sprintf("given twice, first on line %d; allowed: once", first))
			continue
		}
		lines[key] = k.Line
		w.entry(key, k, v)
	}
}

func (w *walker) entry(key string, k, v *yaml.Node) {
	if l, ok := schema().byKey[key]; ok {
		w.put(w.layer, l, w.given(v))
		return
	}
	if _, ok := schema().sections[key]; ok && key != "" {
		w.section(v, key)
		return
	}
	w.problem(w.at(k), printable(key), noSuchKey("key", key, schema().names()))
}

// given says what stands in a node. It looks no deeper than the items of a
// list, so that a nest of aliases cannot grow.
func (w *walker) given(n *yaml.Node) given {
	g := given{where: w.at(n)}
	switch n.Kind {
	case yaml.ScalarNode:
		g.text, g.tag = n.Value, n.ShortTag()
	case yaml.SequenceNode:
		g.list = true
		for _, c := range n.Content {
			if c.Kind == yaml.SequenceNode {
				g.items = append(g.items, given{where: w.at(c), shape: "a list"})
				continue
			}
			g.items = append(g.items, w.given(c))
		}
	case yaml.MappingNode:
		g.shape = "a section"
	default:
		g.shape = "an alias (*" + printable(n.Value) + ")"
	}
	return g
}
