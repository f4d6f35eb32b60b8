package script

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"kinwire/client/rehearse"
)

var stepKeys = []string{"at", "after", "wait", "who", "do"}

func (r *reader) steps(n *yaml.Node) {
	items := r.list(n, "steps", "steps with who and do", false)
	if len(items) > maxSteps || n.Kind == yaml.SequenceNode && len(items) == 0 {
		r.problem(n, "steps", "given %d; allowed: 1 to %d", len(items), maxSteps)
		return
	}
	for i, item := range items {
		r.step(item, fmt.Sprintf("steps[%d]", i))
	}
}

// step reads one step. Which further keys it may have follows from what it
// does.
func (r *reader) step(n *yaml.Node, key string) {
	s, ok := r.mapping(n, key, nil)
	if !ok {
		return
	}
	st := rehearse.Step{Line: n.Line, Args: map[string]string{}}
	r.moment(s, key, &st)
	r.whoDoes(s, key, &st)
	a, known := actionNamed(st.Do)
	if known {
		r.arguments(s, key, a, &st)
	}
	for _, e := range s.entries {
		if slices.Contains(stepKeys, e.name) || known && slices.ContainsFunc(a.Args, func(arg Arg) bool { return arg.Name == e.name }) || !known && isArgument(e.name) {
			continue
		}
		allowed := slices.Clone(stepKeys)
		for _, arg := range a.Args {
			allowed = append(allowed, arg.Name)
		}
		text := noSuch("key", e.name, allowed)
		if known && isArgument(e.name) {
			text = fmt.Sprintf("%s is no key of the action %s; allowed: %s", e.name, a.Name, strings.Join(allowed, ", "))
		}
		r.problem(e.key, key, "%s", text)
	}
	r.script.Steps = append(r.script.Steps, st)
}

func isArgument(name string) bool {
	return slices.ContainsFunc(actions, func(a Action) bool {
		return slices.ContainsFunc(a.Args, func(arg Arg) bool { return arg.Name == name })
	})
}

// moment reads when the step is.
func (r *reader) moment(s section, key string, st *rehearse.Step) {
	at, after, wait := s.get("at"), s.get("after"), s.get("wait")
	if at != nil && (after != nil || wait != nil) {
		r.problem(at, join(key, "at"), "given together with after or wait; allowed: at: since the start of the run, or after: and wait:")
		return
	}
	if at != nil {
		st.At = r.span(at, join(key, "at"), 0, maxTimeout)
	}
	if after != nil {
		if v, ok := r.scalar(after, join(key, "after"), "a condition, such as leo rings"); ok {
			c, err := parseCondition(v, r.names())
			if err != nil {
				r.problem(after, join(key, "after"), "%s", err.Error())
			}
			st.After, st.When = strings.Join(strings.Fields(v), " "), c
		}
	}
	if wait != nil {
		st.At = r.span(wait, join(key, "wait"), 0, maxTimeout)
	}
	st.Previous = at == nil && after == nil
}

func (r *reader) whoDoes(s section, key string, st *rehearse.Step) {
	if n := s.get("who"); n == nil {
		r.problem(s.at, join(key, "who"), "missing; a step needs somebody who does it")
	} else if v, ok := r.scalar(n, join(key, "who"), "a participant"); ok {
		if !slices.Contains(r.names(), v) {
			r.problem(n, join(key, "who"), "%s", noSuch("participant", v, r.names()))
		}
		st.Who = v
	}
	if n := s.get("do"); n == nil {
		r.problem(s.at, join(key, "do"), "missing; a step needs an action")
	} else if v, ok := r.scalar(n, join(key, "do"), "an action"); ok {
		if _, known := actionNamed(v); !known {
			r.problem(n, join(key, "do"), "%s", noSuch("action", v, actionNames()))
		}
		st.Do = v
	}
}

// arguments reads what the action wants to know, and fills in defaults.
func (r *reader) arguments(s section, key string, a Action, st *rehearse.Step) {
	for _, arg := range a.Args {
		at := join(key, arg.Name)
		n := s.get(arg.Name)
		switch {
		case n != nil:
			argumentReaders[arg.Kind](r, n, at, arg, st)
		case arg.Needed:
			r.problem(s.at, at, "missing; %s needs it: %s", a.Name, arg.Says)
		case arg.Default != "":
			st.Args[arg.Name] = arg.Default
			if arg.Kind == YesNo {
				st.Args[arg.Name] = strconv.FormatBool(yesNo[arg.Default])
			}
		}
	}
}

// argumentReaders put a value of each kind where a step has it.
var argumentReaders = map[Kind]func(r *reader, n *yaml.Node, key string, a Arg, st *rehearse.Step){
	Names: func(r *reader, n *yaml.Node, key string, _ Arg, st *rehearse.Step) { st.With = r.with(n, key, st.Who) },
	Duration: func(r *reader, n *yaml.Node, key string, a Arg, st *rehearse.Step) {
		st.Args[a.Name] = r.span(n, key, 10*time.Millisecond, maxOutage).String()
	},
	Number: func(r *reader, n *yaml.Node, key string, a Arg, st *rehearse.Step) {
		st.Args[a.Name] = strconv.Itoa(r.whole(n, key, a.Min, a.Max))
	},
	YesNo: func(r *reader, n *yaml.Node, key string, a Arg, st *rehearse.Step) {
		st.Args[a.Name] = strconv.FormatBool(r.yes(n, key))
	},
	Word: func(r *reader, n *yaml.Node, key string, a Arg, st *rehearse.Step) {
		st.Args[a.Name] = r.oneOf(n, key, a.Allowed)
	},
	Text: func(r *reader, n *yaml.Node, key string, a Arg, st *rehearse.Step) {
		st.Args[a.Name] = r.words(n, key, 2000)
	},
	Net: func(r *reader, n *yaml.Node, key string, _ Arg, st *rehearse.Step) { st.Network = r.network(n, key) },
}

// with reads to whom something is done. A person's name stands for the first of
// their devices.
func (r *reader) with(n *yaml.Node, key, who string) []string {
	var out []string
	persons := map[string]bool{}
	self := ""
	for _, p := range r.script.Participants {
		if p.Name == who {
			self = p.Person
		}
	}
	items := r.list(n, key, "participants", true)
	if n.Kind == yaml.SequenceNode && len(items) == 0 {
		r.problem(n, key, "given nobody; allowed: one or more participants")
	}
	for _, item := range items {
		v, ok := r.scalar(item, key, "a participant")
		if !ok {
			continue
		}
		i := slices.IndexFunc(r.script.Participants, func(p rehearse.Participant) bool { return p.Name == v })
		if i < 0 {
			i = slices.IndexFunc(r.script.Participants, func(p rehearse.Participant) bool { return p.Person == v })
		}
		if i < 0 {
			r.problem(item, key, "%s", noSuch("participant", v, r.names()))
			continue
		}
		p := r.script.Participants[i]
		switch {
		case p.Person == self:
			r.problem(item, key, "given %s, who does it; allowed: somebody else", printable(v))
		case persons[p.Person]:
			r.problem(item, key, "given %s twice; allowed: each person once", p.Person)
		default:
			out = append(out, p.Name)
		}
		persons[p.Person] = true
	}
	return out
}
