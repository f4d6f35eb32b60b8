package layers

import (
	"fmt"
	"go/ast"
	"strings"
)

func checkFileSize(_ *House, f *file, report reporter) {
	most := maxFileLines
	if strings.HasPrefix(f.dir, "cmd/") && !f.test {
		most = maxCommandFileLines
	}
	if f.lines > most && !f.generated {
		report(f.ast.Name, fmt.Sprintf("%d lines", f.lines))
	}
}

func checkFuncSize(_ *House, f *file, report reporter) {
	if f.generated {
		return
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		name := ""
		switch fn := n.(type) {
		case *ast.FuncDecl:
			name = fn.Name.Name
		case *ast.FuncLit: // of a package variable; others are inside a FuncDecl
			name = "a function literal"
		default:
			return true
		}
		if lines := f.line(n.End()) - f.line(n.Pos()) + 1; lines > maxFuncLines {
			report(n, fmt.Sprintf("%s has %d lines", name, lines))
		}
		return false
	})
}

func checkInterfaceSize(_ *House, f *file, report reporter) {
	if f.generated {
		return
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if it, ok := spec.Type.(*ast.InterfaceType); ok {
			if methods := f.methods(it, 0); methods > maxInterfaceMethods {
				report(spec, fmt.Sprintf("%s has %d methods", spec.Name.Name, methods))
			}
		}
		return true
	})
}

// methods counts the methods of it, those of interfaces from the same file
// that it embeds included. One embedded from elsewhere counts as one.
func (f *file) methods(it *ast.InterfaceType, depth int) int {
	count := 0
	for _, m := range it.Methods.List {
		if len(m.Names) > 0 {
			count += len(m.Names)
			continue
		}
		inner, ok := f.interfaceNamed(m.Type)
		if ok && depth < 8 {
			count += f.methods(inner, depth+1)
			continue
		}
		count++
	}
	return count
}

func (f *file) interfaceNamed(expr ast.Expr) (*ast.InterfaceType, bool) {
	name, ok := expr.(*ast.Ident)
	if !ok {
		return nil, false
	}
	for _, decl := range f.ast.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range gen.Specs {
			if ts, ok := spec.(*ast.TypeSpec); ok && ts.Name.Name == name.Name {
				it, ok := ts.Type.(*ast.InterfaceType)
				return it, ok
			}
		}
	}
	return nil, false
}

var clockReaders = map[string]bool{"Now": true, "Since": true, "Until": true}

// checkClock looks for calls only: naming time.Now as the default of a now
// function is how an edge hands the clock in.
func checkClock(h *House, f *file, report reporter) {
	if f.test || h.Rooms[f.dir].Clock || h.Clocks[f.path] != "" {
		return
	}
	pkg := f.nameOf("time")
	ast.Inspect(f.ast, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !clockReaders[sel.Sel.Name] {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && pkg != "" && x.Name == pkg {
			report(call, "calls time."+sel.Sel.Name)
		}
		return true
	})
}
