package sops_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

const module = "github.com/seed-1f7fdfb8/sops"

// layers says in which layer each package is, as ARCHITECTURE.md has it: a package
// imports lower layers only. The tables after the first are about the packages
// below one of the first, which are one package with it to the rest of the project.
type layers struct{ all, within map[string]int }

func readLayers(t *testing.T) layers {
	t.Helper()
	page, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	l := layers{map[string]int{}, map[string]int{}}
	row := regexp.MustCompile("^\\| ([0-9]*) ?\\| `([^`]+)`[^|]*\\| [^|]+ \\|$")
	table, layer := l.all, 0
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "| layer | package | what it is |" && len(l.all) > 0 {
			table = l.within
		}
		m := row.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if m[1] != "" {
			layer, _ = strconv.Atoi(m[1])
		}
		name := m[2]
		if name == "sops" {
			name = ""
		}
		if _, twice := table[name]; twice {
			t.Errorf("ARCHITECTURE.md has two rows for %q", name)
		}
		table[name] = layer
	}
	if len(l.all) == 0 || len(l.within) == 0 {
		t.Fatal("ARCHITECTURE.md has no tables of layers")
	}
	return l
}

// of returns the layer of a package, for what imports it or is imported by it.
func (l layers) of(pkg, other string) (int, bool) {
	layer, inside := l.within[pkg]
	if _, both := l.within[other]; inside && both {
		return layer, true
	}
	if outer, _, below := strings.Cut(pkg, "/internal/"); inside && below {
		pkg = outer
	}
	layer, known := l.all[pkg]
	return layer, known
}

// awsOwners are the packages that may import the AWS SDK.
var awsOwners = []string{
	"keeper/awskms", "keeper/awskms/internal/session", "keeper/awskms/internal/userfiles", "keeper/awskms/internal/process", "keeper/awskms/internal/wire",
	"devkms/internal/sigv4",
}

// owners says which packages may import an outside module (by prefix).
var owners = map[string][]string{
	"github.com/aws/":          awsOwners,
	"filippo.io/age":           {"keeper/age"},
	"github.com/ProtonMail/":   {"keeper/pgp"},
	"go.yaml.in/yaml":          {"internal/yamlread", "format/yaml"},
	"golang.org/x/oauth2":      {"keeper/gcpkms"},
	"github.com/Azure/":        {"keeper/azurekv"},
	"golang.org/x/term":        {"internal/term"},
	"github.com/lib/pq":        {"internal/audit", "internal/test/postgrestest"},
	"github.com/google/shlex":  {"internal/editor", "keeper/age"},
	"github.com/rogpeppe":      {},
	"github.com/google/go-cmp": {},
	"gopkg.in/ini.v1":          {},
}

func TestImportsPointDown(t *testing.T) {
	layers := readLayers(t)
	eachImport(t, func(file, pkg, imported string) {
		inner, ours := strings.CutPrefix(imported, module)
		inner = strings.TrimPrefix(inner, "/")
		layer, known := layers.of(pkg, inner)
		if !known {
			t.Errorf("%s: package %q has no row in ARCHITECTURE.md; give it one first", file, pkg)
			return
		}
		if !ours || strings.HasSuffix(file, "_test.go") {
			return
		}
		if below, ok := layers.of(inner, pkg); !ok || below >= layer {
			t.Errorf("%s (layer %d) imports %s (layer %d)", file, layer, imported, below)
		}
	})
}

func TestTheArchitecturePageNamesNoPackageThatIsGone(t *testing.T) {
	layers := readLayers(t)
	for _, table := range []map[string]int{layers.all, layers.within} {
		for pkg := range table {
			if files, _ := filepath.Glob(filepath.Join(filepath.FromSlash(pkg), "*.go")); len(files) == 0 {
				t.Errorf("ARCHITECTURE.md has a row for %q, which has no Go files", pkg)
			}
		}
	}
}

func TestDocumentsAndKeysDoNotImportEachOther(t *testing.T) {
	document := func(p string) bool { return p == "tree" || p == "format" || strings.HasPrefix(p, "format/") }
	keys := func(p string) bool { return p == "keeper" || strings.HasPrefix(p, "keeper/") || p == "internal/unlock" }
	eachImport(t, func(file, pkg, imported string) {
		inner, ours := strings.CutPrefix(imported, module+"/")
		if !ours || strings.HasSuffix(file, "_test.go") {
			return
		}
		if document(pkg) && keys(inner) || keys(pkg) && document(inner) {
			t.Errorf("%s: the packages of documents and those of keys must not import each other: %s", file, imported)
		}
	})
}

func TestOutsideModulesHaveOwners(t *testing.T) {
	eachImport(t, func(file, pkg, imported string) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		for prefix, allowed := range owners {
			if !strings.HasPrefix(imported, prefix) {
				continue
			}
			ok := false
			for _, a := range allowed {
				ok = ok || a == pkg
			}
			if !ok {
				t.Errorf("%s imports %s, which belongs to %v", file, imported, allowed)
			}
		}
	})
}

// Limits of size, in lines of code: blank lines and comments are free.
const (
	mostLinesOfPackage = 1500
	mostLinesOfFile    = 400 // with blank lines and comments
)

// large are the packages that may be larger, each with its own limit and why it
// is not two packages.
var large = map[string]struct {
	limit  int
	reason string
}{
	"format/yaml":       {3750, "one syntax with ten styles of scalars: reading, masking and changing share the places of leaves and one spelling"},
	"internal/yamltext": {3000, "one grammar: scanner, parser and owners of comments pass tokens of one text, and a border would export all of them"},
	"internal/cli":      {2400, "one file a command and what all of them share: it grows with the commands"},
	"devkms":            {1800, "the world, its server and its faults are one public API, on the same values"},
}

func TestPackagesStaySmall(t *testing.T) {
	code := map[string]int{}
	eachFile(t, func(file string) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "\n"); n > mostLinesOfFile {
			t.Errorf("%s has %d lines, more than %d", file, n, mostLinesOfFile)
		}
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
				code[path.Dir(file)]++
			}
		}
	})
	for pkg, n := range code {
		limit := mostLinesOfPackage
		if l, ok := large[pkg]; ok {
			limit = l.limit
			if n <= mostLinesOfPackage {
				t.Errorf("%s is not large any more: take it out of the list", pkg)
			}
		}
		if n > limit {
			t.Errorf("%s has %d lines of code, more than %d: split it by its jobs", pkg, n, limit)
		}
	}
}

// eachImport calls f for every import of every Go file of the project.
func eachImport(t *testing.T, f func(file, pkg, imported string)) {
	t.Helper()
	eachFile(t, func(file string) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		pkg := path.Dir(filepath.ToSlash(file))
		if pkg == "." {
			pkg = ""
		}
		for _, im := range parsed.Imports {
			name, _ := strconv.Unquote(im.Path.Value)
			f(file, pkg, name)
		}
	})
}

func eachFile(t *testing.T, f func(file string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "tools" || strings.HasPrefix(d.Name(), ".") && file != ".") {
			return fs.SkipDir
		}
		if strings.HasSuffix(file, ".go") {
			f(filepath.ToSlash(file))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// reserved says which packages may call a function that others must be handed
// the effect of. Tests may call all of them.
var reserved = map[string][]string{
	"os.Exit":      {"cmd/sops", "internal/test/corpus", "internal/test/bench/faults", "internal/test/bench/compare"},
	"os.Getenv":    {"internal/env", "internal/test/corpus", "internal/test/bench/faults", "internal/test/bench/compare"},
	"os.LookupEnv": {"internal/env", "internal/test/corpus", "internal/test/bench/faults", "internal/test/bench/compare"},
	"os.Environ":   {"internal/env", "internal/test/corpus", "internal/test/bench/faults", "internal/test/bench/compare"},
	// decrypt: its functions take no context; session: what profiles say is for the whole run.
	"context.Background": {"cmd/sops", "decrypt", "keeper/awskms/internal/session", "internal/test/corpus", "internal/test/bench/faults", "internal/test/bench/compare"},
	"context.TODO":       {},
}

func TestEffectsComeFromOnePlace(t *testing.T) {
	eachFile(t, func(file string) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" {
					t.Errorf("%s: init()", file)
				}
			case *ast.SelectorExpr:
				if pkg, ok := n.X.(*ast.Ident); ok {
					name := pkg.Name + "." + n.Sel.Name
					if allowed, known := reserved[name]; known && !slices.Contains(allowed, path.Dir(file)) {
						t.Errorf("%s calls %s, which belongs to %v", file, name, allowed)
					}
				}
			}
			return true
		})
	})
}

// notRead are variables that are set for programs that are run.
var notRead = []string{"SOPS_AGE_RECIPIENT"}

func TestEveryVariableIsInTheRegistry(t *testing.T) {
	known := map[string]bool{}
	for _, v := range env.Variables() {
		known[v.Name] = true
	}
	for _, k := range kinds.All() {
		for _, v := range k.Variables {
			known[v.Name] = true
		}
	}
	eachFile(t, func(file string) {
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "devkms/") || strings.HasPrefix(file, "internal/test/") {
			return
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			name, _ := strconv.Unquote(lit.Value)
			if regexp.MustCompile(`^SOPS_[A-Z_]*[A-Z]$`).MatchString(name) && !known[name] && !slices.Contains(notRead, name) {
				t.Errorf("%s reads %s, which is neither in internal/env/variables.go nor in the description of a kind of key", file, name)
			}
			return true
		})
	})
}

// TestNamesOfAWSStayWithItsKeeper holds that no other package knows how keys of
// AWS KMS are reached: it asks their description.
func TestNamesOfAWSStayWithItsKeeper(t *testing.T) {
	eachFile(t, func(file string) {
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "keeper/awskms/") ||
			strings.HasPrefix(file, "devkms/") || strings.HasPrefix(file, "internal/test/") {
			return
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && (lit.Value == `"role"` || lit.Value == `"aws_profile"`) {
				t.Errorf("%s names the field %s of AWS KMS", file, lit.Value)
			}
			return true
		})
	})
}
