package configs

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// JSONSchema is docs/config.schema.json, for editors: JSON Schema (draft
// 2020-12) of a configuration file. It refuses less than [Load] does (not every
// rule can be said in it), and never what Load takes.
func JSONSchema() ([]byte, error) {
	var defaults map[string]any
	if err := yaml.Unmarshal(defaultYAML, &defaults); err != nil {
		return nil, fmt.Errorf("reading the embedded default.yaml: %w", err)
	}
	doc := sectionSchema("", defaults)
	doc["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	doc["title"] = "Configuration of Kinwire"
	out, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the schema as JSON: %w", err)
	}
	return append(out, '\n'), nil
}

// node is a schema.
type node map[string]any

func sectionSchema(section string, defaults map[string]any) node {
	properties := node{}
	for _, name := range schema().sections[section] {
		key := join(section, name)
		if l, ok := schema().byKey[key]; ok {
			properties[name] = l.jsonSchema(defaults[name])
			continue
		}
		inner, _ := defaults[name].(map[string]any)
		properties[name] = sectionSchema(key, inner)
	}
	// A section whose keys are all commented out is null.
	s := node{"type": []string{"object", "null"}, "additionalProperties": false, "properties": properties}
	if about := schema().about[section]; about != "" {
		s["description"] = about
	}
	return s
}

func (l *leaf) jsonSchema(def any) node {
	var s node
	if l.typ.Kind() == reflect.Slice {
		s = node{"type": "array", "items": valueSchema(l.typ.Elem(), l.itemRules)}
		for _, rule := range l.rules {
			switch rule {
			case "min=1":
				s["minItems"] = 1
			case "unique":
				s["uniqueItems"] = true
			}
		}
	} else {
		s = valueSchema(l.typ, l.rules)
	}
	s["description"] = fmt.Sprintf("%s Allowed: %s. A change acts: %s.", l.doc, l.allowed(), actsText[l.acts])
	s["default"] = def
	return s
}

// shapes says of each kind of value how it is written in YAML, within the
// limits of its rules.
var shapes = map[reflect.Type]func(limits map[string]string) node{
	reflect.TypeFor[string]():        textShape,
	reflect.TypeFor[Secret]():        textShape,
	reflect.TypeFor[bool]():          func(map[string]string) node { return node{"type": "boolean"} },
	reflect.TypeFor[int]():           numberShape,
	reflect.TypeFor[Bytes]():         bytesShape,
	reflect.TypeFor[time.Duration](): durationShape,
}

// durationPattern is what time.ParseDuration takes, without a minus: no key
// allows one.
const durationPattern = `^\+?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`

func valueSchema(typ reflect.Type, rules []string) node {
	limits := map[string]string{}
	for _, rule := range rules {
		name, param, _ := strings.Cut(rule, "=")
		limits[name] = param
	}
	if list, ok := limits["oneof"]; ok {
		return choice(typ, strings.Fields(list))
	}
	shape, ok := shapes[typ]
	if !ok {
		return node{"type": "string"} // addresses and networks
	}
	s := shape(limits)
	if _, ok := limits["omitempty"]; ok {
		return node{"anyOf": []node{{"const": ""}, s}}
	}
	return s
}

func choice(typ reflect.Type, names []string) node {
	var values []any
	for _, name := range names {
		if n, err := strconv.Atoi(name); err == nil && typ.Kind() == reflect.Int {
			values = append(values, n)
			continue
		}
		values = append(values, name)
	}
	return node{"enum": values}
}

// textShape takes any scalar: a realm of 123 is a fine realm.
func textShape(limits map[string]string) node {
	s := node{"type": []string{"string", "number", "boolean"}}
	bound(s, limits, "minLength", "maxLength")
	return s
}

func numberShape(limits map[string]string) node {
	s := node{"type": "integer"}
	bound(s, limits, "minimum", "maximum")
	if _, ok := limits["pow2"]; ok {
		var powers []int
		low, high := s["minimum"].(int), s["maximum"].(int)
		for n := 1; n <= high; n *= 2 {
			if n >= low {
				powers = append(powers, n)
			}
		}
		return node{"enum": powers}
	}
	return s
}

func bytesShape(limits map[string]string) node {
	number := node{"type": "integer"}
	bound(number, limits, "minimum", "maximum")
	return node{"anyOf": []node{number, {"type": "string", "pattern": `^[0-9]+ *(KiB|MiB)?$`}}}
}

func durationShape(map[string]string) node {
	return node{"type": "string", "pattern": durationPattern}
}

// bound puts limits that are whole numbers under the names that they have in a
// schema.
func bound(s node, limits map[string]string, low, high string) {
	for name, as := range map[string]string{"min": low, "max": high} {
		if n, err := strconv.Atoi(limits[name]); err == nil {
			s[as] = n
		}
	}
}
