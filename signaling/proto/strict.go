package proto

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"
)

// MaxDepth is how deep objects and arrays may be nested in a message. The
// deepest message of the protocol needs 5.
const MaxDepth = 12

// checker walks JSON text once, before it is decoded, and refuses what
// encoding/json would let pass: a key that comes twice (RFC 8259, section 4,
// leaves its meaning open), a key in another case, unknown keys, data after
// the value, deep nesting, text that is not UTF-8.
//
// It also holds bytes to base64: encoding/json would take an array of numbers
// for them, and base64 with line breaks in it, and would not say which field it
// is that it cannot read.
type checker struct {
	dec  *json.Decoder
	open bool // keys that a type does not know are let pass
}

// check walks text as a value of type t; a nil t allows any keys.
func check(text []byte, t reflect.Type, path string) *Error { return walk(text, t, path, false) }

func walk(text []byte, t reflect.Type, path string, open bool) *Error {
	if !utf8.Valid(text) {
		return bad("%s: given bytes that are not UTF-8; allowed is JSON in UTF-8", path)
	}
	c := &checker{json.NewDecoder(bytes.NewReader(text)), open}
	c.dec.UseNumber()
	if err := c.value(t, path, 0); err != nil {
		return err
	}
	if _, err := c.dec.Token(); !errors.Is(err, io.EOF) {
		return bad("%s: given something after the value; allowed is one JSON value", path)
	}
	return nil
}

// Strict holds text to what every message is held to, whatever its fields: one
// JSON value in UTF-8, no key twice, not nested too deeply. path names it in
// the error, which has CodeBadMessage.
func Strict(text []byte, path string) *Error { return check(text, nil, path) }

// StrictFor is Strict for a value of type t, whose bytes have to be base64. Keys
// that t does not know are for others to look at.
func StrictFor(text []byte, t reflect.Type, path string) *Error { return walk(text, t, path, true) }

func (c *checker) token(path string) (json.Token, *Error) {
	tok, err := c.dec.Token()
	if err == nil {
		return tok, nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, bad("%s: given JSON that breaks off at byte %d", path, c.dec.InputOffset())
	}
	return nil, bad("%s: given something that is not JSON, near byte %d", path, c.dec.InputOffset())
}

func (c *checker) value(t reflect.Type, path string, depth int) *Error {
	tok, err := c.token(path)
	if err != nil {
		return err
	}
	if isBytes(t) {
		return checkBytes(tok, path)
	}
	delim, ok := tok.(json.Delim)
	if !ok {
		return nil
	}
	if depth == MaxDepth {
		return bad("%s: given values nested deeper than %d; allowed are at most %d", short(path), MaxDepth, MaxDepth)
	}
	if delim == '{' {
		err = c.object(t, path, depth+1)
	} else {
		err = c.array(t, path, depth+1)
	}
	if err != nil {
		return err
	}
	_, err = c.token(path) // the closing bracket
	return err
}

func (c *checker) object(t reflect.Type, path string, depth int) *Error {
	known := fieldTypes(t)
	seen := map[string]bool{}
	for c.dec.More() {
		tok, err := c.token(path)
		if err != nil {
			return err
		}
		key, _ := tok.(string)
		if seen[key] {
			return bad("%s: given the field %s twice; allowed is once", short(path), quote(key))
		}
		seen[key] = true
		ft, ok := known[key]
		if known != nil && !ok && !c.open {
			return bad("%s: given the unknown field %s; allowed are %s", short(path), quote(key), fieldNames(t))
		}
		if err := c.value(ft, path+"."+key, depth); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) array(t reflect.Type, path string, depth int) *Error {
	var elem reflect.Type
	if t = behind(t); t != nil && t.Kind() == reflect.Slice {
		elem = t.Elem()
	}
	for i := 0; c.dec.More(); i++ {
		if err := c.value(elem, fmt.Sprintf("%s[%d]", path, i), depth); err != nil {
			return err
		}
	}
	return nil
}

// fieldTypes maps the JSON names of struct type t onto their types; it is nil
// where any key will do.
func fieldTypes(t reflect.Type) map[string]reflect.Type {
	if t = behind(t); t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	m := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		ft := f.Type
		if ft == reflect.TypeFor[json.RawMessage]() {
			ft = nil
		}
		m[jsonName(f)] = ft
	}
	return m
}

// behind is the type that a pointer points to; other types are themselves.
func behind(t reflect.Type) reflect.Type {
	if t != nil && t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

func fieldNames(t reflect.Type) string {
	t = behind(t)
	var names []string
	for i := range t.NumField() {
		names = append(names, jsonName(t.Field(i)))
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// bad makes a CodeBadMessage.
func bad(format string, args ...any) *Error {
	return &Error{Code: CodeBadMessage, Message: fmt.Sprintf(format, args...)}
}

// quote shows what was given, cut to a length fit for a message.
func quote(s string) string {
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// short cuts a path, which holds keys that the client chose.
func short(path string) string {
	if r := []rune(path); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return path
}
