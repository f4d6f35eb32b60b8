package proto

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/go-playground/validator/v10"
)

// MaxInteger is the largest id or seq: the largest whole number that a JSON
// number carries exactly in every language (RFC 8259, section 6).
const MaxInteger = 1<<53 - 1

// ParseRequest reads one message of a client, without its data, which Decode
// reads. Errors have CodeBadMessage. The request is returned as far as it
// could be read, so that an answer to a broken one can name its id.
func ParseRequest(text []byte) (Request, *Error) {
	var r Request
	if err := check(text, reflect.TypeFor[Request](), "message"); err != nil {
		return r, err
	}
	if err := unmarshal(text, &r, "message"); err != nil {
		return r, err
	}
	if r.ID > MaxInteger {
		return r, bad("message.id: given %d; allowed are whole numbers up to 2^53-1", r.ID)
	}
	if r.Type == "" {
		return r, bad("message.type: given nothing; allowed are the types in docs/protocol.md")
	}
	return r, nil
}

// Decode reads the data of a request strictly and checks it by its validate
// tags. No data at all counts as {}. Errors have CodeBadMessage and say which
// field, what was given and what is allowed.
func Decode[T any](data json.RawMessage) (T, *Error) {
	var v T
	if len(data) == 0 {
		data = json.RawMessage("{}")
	}
	if err := check(data, reflect.TypeFor[T](), "data"); err != nil {
		return v, err
	}
	if err := unmarshal(data, &v, "data"); err != nil {
		return v, err
	}
	return v, Check(&v, "data")
}

// unmarshal decodes text that check let pass.
func unmarshal(text []byte, v any, path string) *Error {
	if text[0] != '{' && strings.TrimLeft(string(text), " \t\r\n")[0] != '{' {
		return bad("%s: given something else than an object; allowed is an object", path)
	}
	err := json.Unmarshal(text, v)
	if err == nil {
		return nil
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		where := path
		if wrong.Field != "" {
			where += "." + wrong.Field
		}
		return bad("%s: given a %s; allowed is %s", short(where), wrong.Value, kindName(wrong.Type))
	}
	return bad("%s: given something that is not JSON", path)
}

// kindNames says in JSON's words what a Go kind takes.
var kindNames = map[reflect.Kind]string{
	reflect.String: "a string", reflect.Bool: "true or false", reflect.Slice: "an array", reflect.Struct: "an object",
	reflect.Int: "a whole number", reflect.Int64: "a whole number", reflect.Uint64: "a whole number from 0", reflect.Float64: "a number",
}

func kindName(t reflect.Type) string {
	if name, ok := kindNames[t.Kind()]; ok {
		return name
	}
	return t.Kind().String()
}

var newValidator = sync.OnceValue(func() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(jsonName)
	return v
})

// Check holds the struct that v points to to its validate tags. path names it
// in the error, which has CodeBadMessage.
func Check(v any, path string) *Error {
	err := newValidator().Struct(v)
	if err == nil {
		return nil
	}
	var list validator.ValidationErrors
	if !errors.As(err, &list) || len(list) == 0 {
		return bad("%s: given something that cannot be checked", path)
	}
	e := list[0]
	_, field, _ := strings.Cut(e.Namespace(), ".")
	return bad("%s.%s: %s", path, field, explain(e))
}

// explain says what was given and what is allowed. It shows a value only
// where the rule is a list of names or a range of numbers: elsewhere it may
// be a token or a description of somebody's network.
func explain(e validator.FieldError) string {
	switch e.Tag() {
	case "required":
		return "given nothing (or zero); it is required"
	case "oneof":
		return fmt.Sprintf("given %s; allowed are %s", quote(fmt.Sprint(e.Value())), strings.Join(strings.Fields(e.Param()), ", "))
	case "unique":
		return "given the same value twice; allowed is once"
	}
	bound := map[string]string{"min": "at least ", "max": "at most ", "len": "exactly "}[e.Tag()] + e.Param()
	if isBytes(e.Type()) {
		return fmt.Sprintf("given %d bytes; allowed are %s", reflect.ValueOf(e.Value()).Len(), bound)
	}
	switch e.Kind() {
	case reflect.String:
		return fmt.Sprintf("given %d characters; allowed are %s", len([]rune(reflect.ValueOf(e.Value()).String())), bound)
	case reflect.Slice:
		return fmt.Sprintf("given %d entries; allowed are %s", reflect.ValueOf(e.Value()).Len(), bound)
	default:
		return fmt.Sprintf("given %v; allowed is %s", e.Value(), bound)
	}
}
