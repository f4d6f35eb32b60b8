package proto_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// definition compiles one definition of the generated schema.
func definition(t testing.TB, name string) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("../../docs/protocol.schema.json")
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("protocol", doc))
	s, err := c.Compile("protocol#/$defs/" + name)
	require.NoError(t, err)
	return s
}

func holds(t testing.TB, s *jsonschema.Schema, text string) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	return s.Validate(v)
}

// typeConstants reads the values of the Type… constants from the source.
func typeConstants(t *testing.T) map[string]bool {
	f, err := parser.ParseFile(token.NewFileSet(), "messages.go", nil, 0)
	require.NoError(t, err)
	found := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(v.Names[0].Name, "Type") {
			return true
		}
		value, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		require.NoError(t, err)
		found[value] = true
		return true
	})
	return found
}

func TestTablesHoldEveryType(t *testing.T) {
	inTables := map[string]bool{}
	for _, r := range proto.Requests() {
		require.False(t, inTables[r.Type], "%s twice", r.Type)
		inTables[r.Type] = true
	}
	for _, e := range proto.Events() {
		require.False(t, inTables[e.Type], "%s twice", e.Type)
		inTables[e.Type] = true
	}
	require.Equal(t, typeConstants(t), inTables)
}

// examples takes every JSON message out of the code blocks of
// docs/protocol.md.
func examples(t *testing.T) []string {
	text, err := os.ReadFile("../../docs/protocol.md")
	require.NoError(t, err)
	var list []string
	for i, block := range strings.Split(string(text), "```") {
		if i%2 == 0 || !strings.HasPrefix(block, "json\n") {
			continue
		}
		dec := json.NewDecoder(strings.NewReader(strings.TrimPrefix(block, "json\n")))
		for dec.More() {
			var m json.RawMessage
			require.NoError(t, dec.Decode(&m), block)
			list = append(list, string(m))
		}
	}
	return list
}

func TestExamplesInTheDocumentHoldToTheSchema(t *testing.T) {
	client, server := definition(t, "client_message"), definition(t, "server_message")
	requests, events, replies := map[string]bool{}, map[string]bool{}, 0
	for _, text := range examples(t) {
		var m struct {
			ID   uint64
			Re   uint64
			Type string
			Seq  uint64
			Data json.RawMessage
		}
		require.NoError(t, json.Unmarshal([]byte(text), &m))
		if m.Type != "" && (proto.IsRequest(m.Type)) {
			require.NoError(t, holds(t, client, text), text)
			_, refused := proto.ParseRequest([]byte(text))
			require.Nil(t, refused, text)
			requests[m.Type] = true
			continue
		}
		require.NoError(t, holds(t, server, text), text)
		if m.Type != "" {
			events[m.Type] = true
		} else {
			replies++
		}
	}
	for _, r := range proto.Requests() {
		require.True(t, requests[r.Type], "docs/protocol.md has no example of %s", r.Type)
	}
	for _, e := range proto.Events() {
		require.True(t, events[e.Type], "docs/protocol.md has no example of %s", e.Type)
	}
	require.Greater(t, replies, 5)
}

func TestDocumentNamesEveryCode(t *testing.T) {
	text, err := os.ReadFile("../../docs/protocol.md")
	require.NoError(t, err)
	schema := definition(t, "Code")
	for _, code := range schema.Enum.Values {
		require.Contains(t, string(text), "`"+code.(string)+"`")
	}
}

// words reads the constants of each string type from the source.
func words(t *testing.T) map[string][]string {
	found := map[string][]string{}
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range names {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || len(v.Values) != 1 {
				return true
			}
			typ, named := v.Type.(*ast.Ident)
			lit, literal := v.Values[0].(*ast.BasicLit)
			if named && literal && lit.Kind == token.STRING {
				value, err := strconv.Unquote(lit.Value)
				require.NoError(t, err)
				found[typ.Name] = append(found[typ.Name], value)
			}
			return true
		})
	}
	return found
}

// inside are the string types that never go over the wire, and who may use a
// page, which is in the OpenAPI document only.
var inside = map[string]bool{"Access": true, "AttachmentState": true}

// TestDocumentNamesEveryWord: a value that a client can meet stands in the
// document.
func TestDocumentNamesEveryWord(t *testing.T) {
	text, err := os.ReadFile("../../docs/protocol.md")
	require.NoError(t, err)
	for typ, values := range words(t) {
		for _, value := range values {
			if !inside[typ] {
				require.Contains(t, string(text), "`"+value+"`", "the %s %s", typ, value)
			}
		}
	}
}

// TestPagesListTheirWords: a field of one of proto's string types, in a body
// of the HTTP API, has its values as a tag, for the OpenAPI document.
func TestPagesListTheirWords(t *testing.T) {
	all := words(t)
	seen := map[reflect.Type]bool{}
	var visit func(typ reflect.Type)
	visit = func(typ reflect.Type) {
		for typ != nil && (typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer) {
			typ = typ.Elem()
		}
		if typ == nil || typ.Kind() != reflect.Struct || seen[typ] {
			return
		}
		seen[typ] = true
		for i := range typ.NumField() {
			f := typ.Field(i)
			visit(f.Type)
			elem := f.Type
			if elem.Kind() == reflect.Slice {
				elem = elem.Elem()
			}
			values, is := all[elem.Name()]
			if !is || elem.Kind() != reflect.String || f.Name == "Role" {
				continue // Role has them in words: it can be empty
			}
			listed := strings.Split(f.Tag.Get("enum"), ",")
			require.Subset(t, values, listed, "%s.%s", typ.Name(), f.Name)
			for _, value := range values {
				// The demo's consents are not for anybody to start.
				if value != string(proto.MethodDemo) {
					require.Contains(t, listed, value, "%s.%s", typ.Name(), f.Name)
				}
			}
		}
	}
	for _, e := range proto.Endpoints() {
		visit(e.In)
		visit(e.Out)
	}
	require.Greater(t, len(seen), 50)
}
