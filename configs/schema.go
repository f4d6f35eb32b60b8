package configs

import (
	_ "embed"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed default.yaml
var defaultYAML []byte

// DefaultYAML returns the embedded default.yaml, comments and all.
func DefaultYAML() string { return string(defaultYAML) }

// Key describes one key of the configuration, for command lines and manuals.
type Key struct {
	Name    string // dotted: sfu.udp_port
	Env     string // KINWIRE_SFU_UDP_PORT
	Default string // as it stands in default.yaml
	Doc     string // the comment in default.yaml, on one line
	Secret  bool   // must not be given where others can read it, as in a flag
	Bool    bool   // true or false
	Acts    Acts   // when a change takes effect
	Toggle  bool   // whether it waits for a restart where the key becomes empty, or was
	Allowed string // in words
	Section string // "sfu" of sfu.udp_port; "" of data_dir
}

// Keys lists every key in the order of default.yaml.
func Keys() []Key {
	keys := make([]Key, 0, len(schema().leaves))
	for _, l := range schema().leaves {
		keys = append(keys, Key{
			Name: l.key, Env: l.env, Default: l.defaultText, Doc: l.doc,
			Secret: l.secret, Bool: l.typ.Kind() == reflect.Bool,
			Acts: l.acts, Toggle: l.toggle, Allowed: l.allowed(), Section: topOf(l.key),
		})
	}
	return keys
}

// leaf is one key with everything needed to read and check it.
type leaf struct {
	key, env    string
	typ         reflect.Type // of the struct field
	index       []int        // of the struct field, from Config
	rules       []string     // validate tag for the value, or for the list as a whole
	itemRules   []string     // validate tag for each item of a list
	secret      bool
	acts        Acts
	toggle      bool // to and from empty waits for a restart
	defaultText string
	doc         string
}

// tree is the shape of the configuration.
type tree struct {
	leaves []leaf
	byKey  map[string]*leaf
	byEnv  map[string]*leaf
	// sections maps a section ("" is the whole) to the names in it.
	sections map[string][]string
	// about are the comments of the sections.
	about map[string]string
}

// names lists all keys and sections, for suggestions.
func (t *tree) names() []string {
	names := sortedKeys(t.byKey)
	for s := range t.sections {
		if s != "" {
			names = append(names, s)
		}
	}
	slices.Sort(names)
	return names
}

// schema is built once from the struct and default.yaml. They are part of the
// program: where they disagree, that is a fault of the program and a panic,
// which any test that loads a configuration meets.
var schema = sync.OnceValue(func() *tree {
	t := &tree{byKey: map[string]*leaf{}, byEnv: map[string]*leaf{}, sections: map[string][]string{}, about: map[string]string{}}
	t.addStruct("", reflect.TypeFor[Config](), nil)
	var doc yaml.Node
	if err := yaml.Unmarshal(defaultYAML, &doc); err != nil {
		panic(fmt.Errorf("default.yaml: %w", err))
	}
	order := map[string]int{}
	t.addDocs(doc.Content[0], "", order)
	slices.SortStableFunc(t.leaves, func(a, b leaf) int { return order[a.key] - order[b.key] })
	for i := range t.leaves {
		l := &t.leaves[i]
		if order[l.key] == 0 {
			panic(fmt.Errorf("default.yaml: %s is missing", l.key))
		}
		t.byKey[l.key], t.byEnv[l.env] = l, l
	}
	return t
})

func (t *tree) addStruct(section string, typ reflect.Type, index []int) {
	for f := range typ.Fields() {
		name := f.Tag.Get("mapstructure")
		if name == "" {
			continue
		}
		key := join(section, name)
		t.sections[section] = append(t.sections[section], name)
		if f.Type.Kind() == reflect.Struct {
			t.addStruct(key, f.Type, append(slices.Clone(index), f.Index...))
			continue
		}
		acts := Acts(f.Tag.Get("acts"))
		if !slices.Contains(allActs, acts) {
			panic(fmt.Errorf("%s: its tag acts is %q, which is none of %v", key, acts, allActs))
		}
		whole, items, _ := strings.Cut(f.Tag.Get("validate"), ",dive,")
		t.leaves = append(t.leaves, leaf{
			key:       key,
			env:       envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_")),
			typ:       f.Type,
			index:     append(slices.Clone(index), f.Index...),
			rules:     splitRules(whole),
			itemRules: splitRules(items),
			acts:      acts,
			toggle:    f.Tag.Get("toggle") == string(Restart),
			secret:    f.Type == reflect.TypeFor[Secret]() || f.Type == reflect.TypeFor[[]Secret](),
		})
	}
}

func splitRules(tag string) []string {
	if tag == "" {
		return nil
	}
	return strings.Split(tag, ",")
}

// addDocs takes comments and default texts from default.yaml.
func (t *tree) addDocs(n *yaml.Node, section string, order map[string]int) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		key := join(section, k.Value)
		if v.Kind == yaml.MappingNode {
			t.about[key] = commentText(k.HeadComment)
			t.addDocs(v, key, order)
			continue
		}
		at := slices.IndexFunc(t.leaves, func(l leaf) bool { return l.key == key })
		if at < 0 {
			panic(fmt.Errorf("default.yaml:%d: %s is in no struct", k.Line, key))
		}
		order[key] = k.Line
		t.leaves[at].doc = commentText(k.HeadComment)
		t.leaves[at].defaultText = nodeText(v)
	}
}

// commentText joins a comment's lines and drops the marks.
func commentText(comment string) string {
	var words []string
	for line := range strings.Lines(comment) {
		words = append(words, strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "#"))...)
	}
	return strings.Join(words, " ")
}

// nodeText is a value as a person would write it on a command line.
func nodeText(n *yaml.Node) string {
	if n.Kind != yaml.SequenceNode {
		return n.Value
	}
	items := make([]string, len(n.Content))
	for i, c := range n.Content {
		items[i] = c.Value
	}
	return strings.Join(items, ",")
}

// topOf is the first part of a key in a section.
func topOf(key string) string {
	if section, _, in := strings.Cut(key, "."); in {
		return section
	}
	return ""
}

func join(section, name string) string {
	if section == "" {
		return name
	}
	return section + "." + name
}
