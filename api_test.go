package sops_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestThePublicAPIHasNoInternalTypes looks at every declaration that importers
// see: a type of an internal package in it could not be named by them.
func TestThePublicAPIHasNoInternalTypes(t *testing.T) {
	eachFile(t, func(file string) {
		parts := strings.Split(path.Dir(file), "/")
		if strings.HasSuffix(file, "_test.go") || slices.Contains(parts, "internal") || parts[0] == "cmd" {
			return
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash(file), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		hidden := map[string]bool{} // names of internal packages
		for _, im := range parsed.Imports {
			name, _ := strconv.Unquote(im.Path.Value)
			local := path.Base(name)
			if im.Name != nil {
				local = im.Name.Name
			}
			hidden[local] = strings.HasPrefix(name, module+"/") && slices.Contains(strings.Split(name, "/"), "internal")
		}
		for _, d := range parsed.Decls {
			for _, typ := range exportedTypes(d) {
				ast.Inspect(typ, func(n ast.Node) bool {
					if s, ok := n.(*ast.SelectorExpr); ok {
						if pkg, ok := s.X.(*ast.Ident); ok && hidden[pkg.Name] {
							t.Errorf("%s: %s.%s is part of the public API", file, pkg.Name, s.Sel.Name)
						}
					}
					return true
				})
			}
		}
	})
}

// exportedTypes returns the type expressions of a declaration that importers
// see, without what is unexported in them.
func exportedTypes(d ast.Decl) []ast.Node {
	var all []ast.Node
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && (d.Recv == nil || receiverIsExported(d.Recv)) {
			all = append(all, d.Type)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && !s.Assign.IsValid() { // an alias is a name for importers
					all = append(all, visible(s.Type)...)
				}
			case *ast.ValueSpec:
				if s.Type != nil && slices.ContainsFunc(s.Names, (*ast.Ident).IsExported) {
					all = append(all, s.Type)
				}
			}
		}
	}
	return all
}

// visible returns a type without the unexported fields of a struct.
func visible(typ ast.Expr) []ast.Node {
	s, ok := typ.(*ast.StructType)
	if !ok {
		return []ast.Node{typ}
	}
	var all []ast.Node
	for _, f := range s.Fields.List {
		if f.Names == nil || slices.ContainsFunc(f.Names, (*ast.Ident).IsExported) {
			all = append(all, f.Type)
		}
	}
	return all
}

func receiverIsExported(r *ast.FieldList) bool {
	exported := false
	ast.Inspect(r.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			exported = exported || id.IsExported()
		}
		return true
	})
	return exported
}
