package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"kinwire/signaling/proto"
)

// source is what the generator reads from the text of package proto, where
// reflection cannot see: comments, and the constants of the string types.
type source struct {
	types  map[string]string            // doc comment by type name
	fields map[string]map[string]string // comment by type and field name
	enums  map[string][]member          // constants by the name of their type, in order
	consts map[string]string            // comment by the value of an untyped Type… constant
	closes []member                     // the close codes; value is `name: number`
}

// member is one constant of a string type.
type member struct{ value, doc string }

// readSource parses the non-test Go files in dir.
func readSource(dir string) (*source, error) {
	s := &source{
		types:  map[string]string{},
		fields: map[string]map[string]string{},
		enums:  map[string][]member{},
		consts: map[string]string{},
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("listing the source of package proto: %w", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading the source of package proto: %w", err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("parsing the source of package proto: %w", err)
		}
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				s.readDecl(g)
			}
		}
	}
	return s, nil
}

func (s *source) readDecl(g *ast.GenDecl) {
	for _, spec := range g.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			s.types[spec.Name.Name] = words(g.Doc, spec.Doc)
			if st, ok := spec.Type.(*ast.StructType); ok {
				s.readFields(spec.Name.Name, st)
			}
		case *ast.ValueSpec:
			if g.Tok == token.CONST {
				s.readConst(spec)
			}
		}
	}
}

func (s *source) readFields(typ string, st *ast.StructType) {
	s.fields[typ] = map[string]string{}
	for _, f := range st.Fields.List {
		for _, n := range f.Names {
			s.fields[typ][n.Name] = words(f.Doc, f.Comment)
		}
	}
}

func (s *source) readConst(spec *ast.ValueSpec) {
	if len(spec.Values) != 1 {
		return
	}
	lit, ok := spec.Values[0].(*ast.BasicLit)
	if !ok {
		return
	}
	if name, ok := strings.CutPrefix(spec.Names[0].Name, "Close"); ok && lit.Kind == token.INT {
		s.closes = append(s.closes, member{strings.ToLower(name[:1]) + name[1:] + ": " + lit.Value, words(spec.Doc, spec.Comment)})
		return
	}
	if lit.Kind != token.STRING {
		return
	}
	value, err := strconv.Unquote(lit.Value)
	if err != nil {
		return
	}
	doc := words(spec.Doc, spec.Comment)
	if typ, ok := spec.Type.(*ast.Ident); ok {
		s.enums[typ.Name] = append(s.enums[typ.Name], member{value, doc})
		return
	}
	if strings.HasPrefix(spec.Names[0].Name, "Type") {
		s.consts[value] = doc
	}
}

// words joins comments and unwraps their lines; a blank line stays.
func words(groups ...*ast.CommentGroup) string {
	var parts []string
	for _, g := range groups {
		for _, p := range strings.Split(g.Text(), "\n\n") {
			if p = strings.Join(strings.Fields(p), " "); p != "" {
				parts = append(parts, p)
			}
		}
	}
	return strings.Join(parts, "\n\n")
}

// reachable lists every named struct and string type of package proto that
// the tables use, each after the types that first mention it.
//
// The types of the HTTP API come last, and only where pages is true: the JSON
// Schema is of the WebSocket alone, the HTTP API has its OpenAPI document.
func reachable(pages bool) []reflect.Type {
	var list []reflect.Type
	seen := map[reflect.Type]bool{}
	var visit func(t reflect.Type)
	visit = func(t reflect.Type) {
		if t == nil || isBytes(t) {
			return
		}
		switch t.Kind() {
		case reflect.Slice, reflect.Pointer:
			visit(t.Elem())
			return
		case reflect.Struct:
		default:
			if !isEnum(t) {
				return
			}
		}
		if seen[t] {
			return
		}
		seen[t] = true
		list = append(list, t)
		if t.Kind() == reflect.Struct {
			for i := range t.NumField() {
				visit(t.Field(i).Type)
			}
		}
	}
	for _, r := range proto.Requests() {
		visit(r.Data)
		visit(r.Reply)
	}
	for _, e := range proto.Events() {
		visit(e.Data)
	}
	visit(reflect.TypeFor[proto.Error]())
	if pages {
		for _, e := range proto.Endpoints() {
			visit(e.In)
			visit(e.Out)
		}
	}
	return list
}

// isEnum reports whether t is one of proto's string types.
func isEnum(t reflect.Type) bool {
	return t.Kind() == reflect.String && t.PkgPath() == reflect.TypeFor[proto.Code]().PkgPath()
}

// field is one field of a struct as JSON shows it.
type field struct {
	reflect.StructField
	name     string // in JSON
	optional bool
}

// fieldsOf lists the fields of struct type t as JSON shows them.
func fieldsOf(t reflect.Type) []field {
	var list []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || name == "" {
			continue
		}
		list = append(list, field{f, name, strings.Contains(opts, "omitempty")})
	}
	return list
}

// isBytes reports whether t is bytes, which are base64 in JSON (RFC 4648,
// section 4) or the whole body.
func isBytes(t reflect.Type) bool {
	return t != nil && t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}
