package layers

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Violation is one place where the code leaves the plan.
type Violation struct {
	File  string // from the module's root
	Line  int
	Found string // what stands there
	Rule  *Rule
}

// String is the violation with its place, the rule and its reason.
func (v Violation) String() string {
	return fmt.Sprintf("%s:%d: %s\n\trule (%s): %s\n\twhy: %s", v.File, v.Line, v.Found, v.Rule.Name, v.Rule.Says, v.Rule.Why)
}

// file is one parsed Go file.
type file struct {
	path, dir string
	test      bool
	generated bool
	first     bool // of its directory, where what concerns the package is said
	lines     int
	fset      *token.FileSet
	ast       *ast.File
}

// Check holds every Go file under root, the module's top directory, against
// the plan. Files that do not parse are an error: the compiler says it better.
func Check(h *House, root fs.FS) ([]Violation, error) {
	files, err := parse(root)
	if err != nil {
		return nil, err
	}
	var violations []Violation
	for _, f := range files {
		for i := range Rules {
			rule := &Rules[i]
			rule.check(h, f, func(at ast.Node, found string) {
				violations = append(violations, Violation{File: f.path, Line: f.line(at.Pos()), Found: found, Rule: rule})
			})
		}
	}
	return violations, nil
}

// outOfSight are directories that hold no package of the house.
var outOfSight = []string{"node_modules", "testdata", "vendor", "bin", "dist", "kinwire-data"}

func parse(root fs.FS) ([]*file, error) {
	var files []*file
	seen := map[string]bool{}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() {
			hidden := name != "." && (base[0] == '.' || base[0] == '_')
			if hidden || slices.Contains(outOfSight, base) {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(base) != ".go" {
			return nil
		}
		f, err := parseFile(root, name)
		if err != nil {
			return err
		}
		f.first, seen[f.dir] = !seen[f.dir], true
		files = append(files, f)
		return nil
	})
	return files, err
}

func parseFile(root fs.FS, name string) (*file, error) {
	source, err := fs.ReadFile(root, name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	f := &file{
		path: name, dir: path.Dir(name), fset: token.NewFileSet(),
		test:      strings.HasSuffix(name, "_test.go"),
		generated: strings.HasSuffix(name, "_gen.go"),
		lines:     bytes.Count(source, []byte("\n")),
	}
	f.ast, err = parser.ParseFile(f.fset, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parsing: %w", err)
	}
	return f, nil
}

func (f *file) line(p token.Pos) int { return f.fset.Position(p).Line }

func importPath(spec *ast.ImportSpec) string {
	name, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value // the parser lets only good literals through
	}
	return name
}

// own returns the directory of an import that belongs to the module.
func (f *file) own(h *House, spec *ast.ImportSpec) (string, bool) {
	return strings.CutPrefix(importPath(spec), h.Module+"/")
}

// nameOf is the name under which the file knows an imported package, "" when
// it does not import it.
func (f *file) nameOf(pkg string) string {
	for _, spec := range f.ast.Imports {
		if importPath(spec) == pkg {
			if spec.Name != nil {
				return spec.Name.Name
			}
			return path.Base(pkg)
		}
	}
	return ""
}
