package configs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
)

const (
	envPrefix     = "KINWIRE_"
	envTestPrefix = "KINWIRE_TEST_" // belongs to the tests, not to the server
	// maxFileBytes bounds a configuration file; the full one is 12 KiB.
	maxFileBytes = 1 << 20
)

// Options names the sources that go over the defaults.
type Options struct {
	File  string            // path of a YAML file; "" for none
	Env   []string          // NAME=value as from os.Environ; names without KINWIRE_ are passed over
	Flags map[string]string // dotted key → value as text; only those that were given
}

// Load reads the configuration: defaults, then the file, the environment and
// the flags, each going over what came before. The error is an [*Error] with
// everything that is wrong.
func Load(o Options) (*Config, error) {
	ld := newLoader()
	if o.File != "" {
		data, err := readFile(o.File)
		if err != nil {
			ld.problem(o.File, "", "cannot be read: "+err.Error())
		}
		ld.addYAML(o.File, data)
	}
	ld.addEnv(o.Env)
	ld.addFlags(o.Flags)
	return ld.finish()
}

// Check reads a file over the defaults, with no regard to environment and
// flags, and returns what Load says about it.
func Check(file string) error {
	_, err := Load(Options{File: file})
	return err
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, cause(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, cause(err)
	}
	if len(data) > maxFileBytes {
		return nil, fmt.Errorf("larger than the allowed %d bytes", maxFileBytes)
	}
	return data, nil
}

// cause leaves out the path, which the refusal names already.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// loader collects the layers and whatever is wrong with them.
type loader struct {
	v        *viper.Viper
	origins  map[string]string
	refused  map[string]bool // keys with a problem
	problems []Problem
}

func newLoader() *loader {
	ld := &loader{v: viper.New(), origins: map[string]string{}, refused: map[string]bool{}}
	for i := range schema().leaves {
		l := &schema().leaves[i]
		value, problems := l.read(l.textGiven("default.yaml", l.defaultText))
		ld.problems = append(ld.problems, problems...)
		ld.v.SetDefault(l.key, value)
		ld.origins[l.key] = "default"
	}
	return ld
}

func (ld *loader) problem(where, key, text string) {
	ld.problems = append(ld.problems, Problem{Where: where, Key: key, Text: text})
	ld.refused[key] = true
}

// put reads one value into layer, a nest of maps as viper merges them.
func (ld *loader) put(layer map[string]any, l *leaf, g given) {
	value, problems := l.read(g)
	if len(problems) > 0 {
		ld.problems = append(ld.problems, problems...)
		ld.refused[l.key] = true
		return
	}
	path := strings.Split(l.key, ".")
	for _, section := range path[:len(path)-1] {
		inner, ok := layer[section].(map[string]any)
		if !ok {
			inner = map[string]any{}
			layer[section] = inner
		}
		layer = inner
	}
	layer[path[len(path)-1]] = value
	ld.origins[l.key] = g.where
}

func (ld *loader) merge(layer map[string]any) {
	if err := ld.v.MergeConfigMap(layer); err != nil {
		ld.problem("configuration", "", "cannot be merged: "+err.Error())
	}
}

func (ld *loader) addYAML(file string, data []byte) {
	layer := map[string]any{}
	root, err := parseYAML(data)
	if err != nil {
		ld.problems = append(ld.problems, syntaxProblem(file, err))
	}
	if root != nil {
		w := walker{loader: ld, file: file, layer: layer}
		w.section(root, "")
	}
	ld.merge(layer)
}

func (ld *loader) addEnv(env []string) {
	layer := map[string]any{}
	values := map[string]string{}
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, envPrefix) && !strings.HasPrefix(name, envTestPrefix) {
			values[name] = value
		}
	}
	for _, name := range sortedKeys(values) {
		where := "env " + printable(name)
		l, ok := schema().byEnv[name]
		if !ok {
			ld.problem(where, "", noSuchKey("variable", name, sortedKeys(schema().byEnv)))
			continue
		}
		ld.put(layer, l, l.textGiven(where, values[name]))
	}
	ld.merge(layer)
}

func (ld *loader) addFlags(flags map[string]string) {
	for _, key := range sortedKeys(flags) {
		where := "flag --" + printable(key)
		l, ok := schema().byKey[key]
		if !ok {
			ld.problem(where, "", noSuchKey("key", key, schema().names()))
			continue
		}
		value, problems := l.read(l.textGiven(where, flags[key]))
		if len(problems) > 0 {
			ld.problems = append(ld.problems, problems...)
			ld.refused[key] = true
			continue
		}
		ld.v.Set(key, value)
		ld.origins[key] = where
	}
}

// finish makes the Config out of all layers and checks what must fit together.
func (ld *loader) finish() (*Config, error) {
	cfg := &Config{origins: ld.origins}
	err := ld.v.Unmarshal(cfg, func(d *mapstructure.DecoderConfig) {
		// The layers hold values of the right types already.
		d.WeaklyTypedInput, d.DecodeHook, d.ErrorUnused = false, nil, true
	})
	if err != nil {
		ld.problem("configuration", "", "cannot be taken over: "+err.Error())
		return nil, &Error{Problems: ld.problems}
	}
	ld.problems = append(ld.problems, cfg.checkTogether(ld.refused)...)
	if len(ld.problems) > 0 {
		return nil, &Error{Problems: ld.problems}
	}
	return cfg, nil
}

// field is the value of a leaf in cfg.
func (l *leaf) field(cfg *Config) reflect.Value {
	return reflect.ValueOf(cfg).Elem().FieldByIndex(l.index)
}

// printable shows a name that a stranger wrote on one line, and not at any
// length.
func printable(name string) string { return oneLine(shorten(name)) }

// oneLine quotes a name with control characters or broken UTF-8.
func oneLine(name string) string {
	odd := func(r rune) bool { return !unicode.IsPrint(r) }
	if !utf8.ValidString(name) || strings.ContainsFunc(name, odd) {
		return strconv.Quote(name)
	}
	return name
}
