package script

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"go.yaml.in/yaml/v3"

	"kinwire/client/rehearse"
)

// Bounds of a script.
const (
	maxBytes        = 1 << 20
	maxParticipants = 16
	maxSteps        = 500
	maxExpectations = 500
	defaultTimeout  = time.Minute
	maxTimeout      = time.Hour
)

var topKeys = []string{"name", "says", "quick", "seed", "timeout", "server", "participants", "steps", "expect"}

// Read reads a script from a file. The error is an [*Error] with everything
// that is wrong.
func Read(file string) (rehearse.Script, error) {
	data, err := readFile(file)
	if err != nil {
		return rehearse.Script{}, &Error{Problems: []Problem{{File: file, Text: "cannot be read: " + err.Error()}}}
	}
	return ReadBytes(file, data)
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	var path *os.PathError
	if errors.As(err, &path) {
		return nil, path.Err // the name is in the message already
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if errors.As(err, &path) {
		return nil, path.Err
	}
	if err == nil && len(data) > maxBytes {
		return nil, fmt.Errorf("larger than the allowed %d bytes", maxBytes)
	}
	return data, err
}

// ReadBytes reads a script from data; file is what messages call it.
func ReadBytes(file string, data []byte) (rehearse.Script, error) {
	r := &reader{file: file, demo: map[string]bool{}}
	r.script = rehearse.Script{File: file, Seed: 1, Timeout: defaultTimeout}
	if top := r.document(data); top != nil {
		if s, ok := r.mapping(top, "", topKeys); ok {
			r.top(s)
		}
	}
	if err := r.err(); err != nil {
		return rehearse.Script{}, err
	}
	return r.script, nil
}

// top reads the keys in an order of its own: steps and expectations name
// participants.
func (r *reader) top(s section) {
	for _, read := range []struct {
		key    string
		needed bool
		do     func(*yaml.Node)
	}{
		{"name", true, func(n *yaml.Node) { r.script.Name = r.words(n, "name", 120) }},
		{"says", false, func(n *yaml.Node) { r.script.Says = r.words(n, "says", 2000) }},
		{"quick", false, func(n *yaml.Node) { r.script.Quick = r.yes(n, "quick") }},
		{"seed", false, func(n *yaml.Node) { r.script.Seed = uint64(r.whole(n, "seed", 1, 1<<31-1)) }},
		{"timeout", false, func(n *yaml.Node) { r.script.Timeout = r.span(n, "timeout", time.Second, maxTimeout) }},
		{"server", false, r.server},
		{"participants", true, r.participants},
		{"steps", true, r.steps},
		{"expect", false, r.expectations},
	} {
		switch n := s.get(read.key); {
		case n != nil:
			read.do(n)
		case read.needed:
			r.problem(s.at, read.key, "missing; a script needs it")
		}
	}
}

// server reads configuration keys, nested or dotted. Whether they exist is for
// the server to say.
func (r *reader) server(n *yaml.Node) {
	r.script.Server = map[string]string{}
	r.serverKeys(n, "server", "", 0)
}

func (r *reader) serverKeys(n *yaml.Node, key, prefix string, deep int) {
	s, ok := r.mapping(n, key, nil)
	if !ok {
		return
	}
	for _, e := range s.entries {
		name := e.name
		if prefix != "" {
			name = prefix + "." + name
		}
		if e.value.Kind == yaml.MappingNode && deep < 4 {
			r.serverKeys(e.value, join(key, e.name), name, deep+1)
			continue
		}
		v, ok := r.scalar(e.value, join(key, e.name), "a single value, as in the server's configuration")
		if _, twice := r.script.Server[name]; twice {
			r.problem(e.key, join(key, e.name), "given twice; allowed: once")
		}
		if ok {
			r.script.Server[name] = v
		}
	}
}

func (r *reader) expectations(n *yaml.Node) {
	items := r.list(n, "expect", "expectations, such as setup_ms < 800", false)
	if len(items) > maxExpectations {
		r.problem(n, "expect", "given %d; allowed: up to %d", len(items), maxExpectations)
		return
	}
	for i, item := range items {
		key := fmt.Sprintf("expect[%d]", i)
		line, ok := r.scalar(item, key, "an expectation, such as setup_ms < 800")
		if !ok {
			continue
		}
		expr, err := Parse(line, r.names())
		if err != nil {
			r.problem(item, key, "%s", err.Error())
			continue
		}
		r.script.Expect = append(r.script.Expect, rehearse.Expectation{Line: item.Line, Text: line, Expr: expr})
	}
}

// names lists the participants.
func (r *reader) names() []string {
	names := make([]string, len(r.script.Participants))
	for i, p := range r.script.Participants {
		names[i] = p.Name
	}
	return names
}
