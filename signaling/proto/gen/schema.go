package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"

	"kinwire/signaling/proto"
)

const (
	defs = "#/$defs/"
	// maxInteger is the largest whole number that a JSON number carries
	// exactly everywhere (RFC 8259, section 6): 2^53 - 1.
	maxInteger = "9007199254740991"
)

// renderSchema writes the JSON Schema: one definition for each type, one for
// each message, and two that gather what a client and what the server may
// send. The root takes either.
func renderSchema(src *source) ([]byte, error) {
	all := jsonschema.Definitions{}
	r := &jsonschema.Reflector{
		Anonymous: true,
		LookupComment: func(t reflect.Type, field string) string {
			if field == "" {
				return src.types[t.Name()]
			}
			return src.fields[t.Name()][field]
		},
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if isEnum(t) {
				return &jsonschema.Schema{Ref: defs + t.Name()}
			}
			return nil
		},
	}
	for _, t := range reachable(false) {
		if isEnum(t) {
			all[t.Name()] = enumSchema(src, t)
			continue
		}
		def := r.ReflectFromType(t).Definitions[t.Name()]
		if err := applyRules(def, t); err != nil {
			return nil, err
		}
		all[t.Name()] = def
	}
	addMessages(all, src)
	root := &jsonschema.Schema{
		Version:     jsonschema.Version,
		ID:          jsonschema.ID("urn:kinwire:protocol:" + strconv.Itoa(proto.Version)),
		Title:       "Kinwire's WebSocket protocol",
		Description: "Generated from signaling/proto by go generate. A message is one of client_message or server_message.",
		AnyOf:       []*jsonschema.Schema{{Ref: defs + "client_message"}, {Ref: defs + "server_message"}},
		Definitions: all,
	}
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the JSON Schema: %w", err)
	}
	return append(text, '\n'), nil
}

func enumSchema(src *source, t reflect.Type) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string", Description: src.types[t.Name()]}
	for _, m := range src.enums[t.Name()] {
		s.Enum = append(s.Enum, m.value)
	}
	return s
}

// addMessages adds the definitions of whole messages.
func addMessages(all jsonschema.Definitions, src *source) {
	client := &jsonschema.Schema{Description: "What a client sends."}
	server := &jsonschema.Schema{Description: "What the server sends: a reply, an event, or an error that belongs to no request."}
	add := func(list *jsonschema.Schema, name string, s *jsonschema.Schema) {
		all[name] = s
		list.AnyOf = append(list.AnyOf, &jsonschema.Schema{Ref: defs + name})
	}
	for _, q := range proto.Requests() {
		s := message(src.consts[q.Type])
		if q.Reply != nil {
			property(s, "id", counter(), true)
		}
		property(s, "type", &jsonschema.Schema{Const: q.Type}, true)
		if q.Data != nil {
			property(s, "data", refTo(q.Data), q.Data.NumField() > 0)
		}
		add(client, "request."+q.Type, s)
	}
	for _, q := range proto.Requests() {
		if q.Reply != nil {
			s := message("The reply to " + q.Type + ".")
			property(s, "seq", counter(), true)
			property(s, "re", counter(), true)
			property(s, "data", refTo(q.Reply), true)
			add(server, "reply."+q.Type, s)
		}
	}
	for _, e := range proto.Events() {
		s := message(src.consts[e.Type])
		if e.Data != nil {
			property(s, "seq", counter(), true)
			property(s, "data", refTo(e.Data), true)
		}
		property(s, "type", &jsonschema.Schema{Const: e.Type}, true)
		add(server, "event."+e.Type, s)
	}
	s := message("A refusal. Without re it belongs to no request; without seq it is not kept for a resume.")
	property(s, "seq", counter(), false)
	property(s, "re", counter(), false)
	property(s, "error", refTo(reflect.TypeFor[proto.Error]()), true)
	add(server, "error", s)
	all["client_message"] = client
	all["server_message"] = server
}

func message(doc string) *jsonschema.Schema {
	return &jsonschema.Schema{
		Type: "object", Description: doc,
		Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema,
	}
}

func property(s *jsonschema.Schema, name string, p *jsonschema.Schema, required bool) {
	s.Properties.Set(name, p)
	if required {
		s.Required = append(s.Required, name)
	}
}

func counter() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "integer", Minimum: "1", Maximum: maxInteger}
}

func refTo(t reflect.Type) *jsonschema.Schema { return &jsonschema.Schema{Ref: defs + t.Name()} }

// applyRules turns the validate tags of t's fields into keywords of def.
func applyRules(def *jsonschema.Schema, t reflect.Type) error {
	for _, f := range fieldsOf(t) {
		p, ok := def.Properties.Get(f.name)
		if !ok {
			return fmt.Errorf("%s.%s: the reflector left the field out", t.Name(), f.Name)
		}
		if f.Type.Kind() == reflect.Uint64 {
			p.Minimum, p.Maximum = "0", maxInteger
		}
		if err := applyTag(p, f.Type, f.Tag.Get("validate"), f.optional); err != nil {
			return fmt.Errorf("%s.%s: %w", t.Name(), f.Name, err)
		}
	}
	return nil
}

// applyTag puts the rules of one validate tag on the schema p of a value of
// type t. Rules after "dive" go to the elements.
func applyTag(p *jsonschema.Schema, t reflect.Type, tag string, optional bool) error {
	if tag == "" {
		return nil
	}
	own, inner, dive := strings.Cut(","+tag, ",dive")
	for _, rule := range strings.Split(strings.Trim(own, ","), ",") {
		if rule == "" {
			continue
		}
		name, arg, _ := strings.Cut(rule, "=")
		apply, ok := rules[name]
		if !ok {
			return fmt.Errorf("validate rule %q has no translation into JSON Schema; add it to the table of rules", rule)
		}
		k := t.Kind()
		if isBytes(t) {
			k = reflect.Array // in JSON a text, whose length is not that of the bytes
		}
		if err := apply(p, k, arg); err != nil {
			return fmt.Errorf("validate rule %q: %w", rule, err)
		}
	}
	if dive && p.Items != nil {
		return applyTag(p.Items, t.Elem(), strings.Trim(inner, ","), false)
	}
	return nil
}

// rules translates each rule of go-playground/validator that proto uses.
var rules = map[string]func(p *jsonschema.Schema, k reflect.Kind, arg string) error{
	"required": func(p *jsonschema.Schema, k reflect.Kind, _ string) error { return limit(p, k, "1", true) },
	"min":      func(p *jsonschema.Schema, k reflect.Kind, arg string) error { return limit(p, k, arg, true) },
	"max":      func(p *jsonschema.Schema, k reflect.Kind, arg string) error { return limit(p, k, arg, false) },
	"len": func(p *jsonschema.Schema, k reflect.Kind, arg string) error {
		return errors.Join(limit(p, k, arg, true), limit(p, k, arg, false))
	},
	"omitempty": func(*jsonschema.Schema, reflect.Kind, string) error { return nil },
	"unique":    func(p *jsonschema.Schema, _ reflect.Kind, _ string) error { p.UniqueItems = true; return nil },
	"oneof": func(p *jsonschema.Schema, _ reflect.Kind, arg string) error {
		if p.Ref != "" {
			return nil // the string type's own definition lists the values
		}
		for _, v := range strings.Fields(arg) {
			p.Enum = append(p.Enum, v)
		}
		return nil
	},
}

// limit sets the lower or upper bound of a length, a count or a number.
func limit(p *jsonschema.Schema, k reflect.Kind, arg string, lower bool) error {
	if p.Ref != "" {
		return nil
	}
	n, err := strconv.ParseUint(arg, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a whole number", arg)
	}
	switch k {
	case reflect.Array: // bytes in base64, four characters for each three begun
		n = (n + 2) / 3 * 4
		fallthrough
	case reflect.String:
		if lower {
			p.MinLength = &n
		} else {
			p.MaxLength = &n
		}
	case reflect.Slice:
		if lower {
			p.MinItems = &n
		} else {
			p.MaxItems = &n
		}
	case reflect.Int, reflect.Int64, reflect.Uint64, reflect.Float64:
		if lower {
			p.Minimum = json.Number(arg)
		} else {
			p.Maximum = json.Number(arg)
		}
	default:
		return fmt.Errorf("no translation for a %s", k)
	}
	return nil
}
