package sops_test

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
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

// layers says in which layer of ARCHITECTURE.md each package is. A package
// imports lower layers only.
var layers = map[string]int{
	"cmd/sops":                   8,
	"internal/cli":               7,
	"internal/app":               6,
	"decrypt":                    6,
	"":                           6,
	"internal/envelope":          5,
	"internal/test/laws":         10,
	"std":                        4,
	"format/yaml":                3,
	"format/json":                3,
	"format/dotenv":              3,
	"format/ini":                 3,
	"format/binary":              3,
	"internal/meta":              3,
	"internal/integrity":         4,
	"internal/config":            3,
	"format":                     2,
	"internal/jsontext":          2,
	"keeper/awskms":              2,
	"keeper/age":                 2,
	"keeper/pgp":                 2,
	"keeper/gcpkms":              2,
	"keeper/azurekv":             2,
	"keeper/vault":               2,
	"keeper/huaweikms":           2,
	"keeper/kinds":               2,
	"keeper/awskms/awskey":       1,
	"keeper/gcpkms/gcpkey":       1,
	"keeper/huaweikms/huaweikey": 1,
	"keeper/azurekv/azurekey":    1,
	"keeper/vault/vaultkey":      1,
	"keeper/pgp/pgpkey":          1,
	"keeper/age/agekey":          1,
	"internal/rule":              1,
	"internal/unlock":            3,
	"internal/yamlread":          2,
	"devkms":                     3,
	"tree":                       0,
	"keeper":                     0,
	"internal/cipher":            1,
	"internal/shamir":            1,
	"internal/atomicfile":        1,
	"internal/term":              1,
	"internal/editor":            1,
	"internal/env":               1,
	"internal/deadline":          1,
	"internal/helper":            1,
	"internal/rest":              1,
	"internal/hint":              1,
	"internal/suggest":           1,
	"internal/yamltext":          1,
	"internal/test/formattest":   3,
	"internal/test/faulttest":    4,
	"internal/test/keepertest":   2,
	"internal/test/pgptest":      3,
	"internal/test/vaulttest":    3,
	"internal/test/huaweitest":   3,
	"internal/test/httpfault":    2,
	"internal/test/gcptest":      3,
	"internal/test/azuretest":    3,
	"internal/test/corpus":       9,
	"internal/test/bench/faults": 9,
}

// within says in which layer of devkms its internal packages are. To the rest
// of the project they are one package with devkms.
var within = map[string]int{
	"devkms":                   6,
	"devkms/internal/kmsadmin": 5,
	"devkms/internal/kms":      4,
	"devkms/internal/sts":      4,
	"devkms/internal/keystore": 3,
	"devkms/internal/iam":      2,
	"devkms/internal/sigv4":    3,
	"devkms/internal/apierror": 2,
	"devkms/internal/awsname":  1,
}

// layerOf returns the layer of a package, for what imports it or is imported
// by it: inside of devkms another table holds.
func layerOf(pkg, other string) (int, bool) {
	_, inside := within[pkg]
	if _, both := within[other]; inside && both {
		return within[pkg], true
	}
	if inside {
		pkg = "devkms"
	}
	layer, known := layers[pkg]
	return layer, known
}

// owners says which packages may import an outside module (by prefix).
var owners = map[string][]string{
	"github.com/aws/":              {"keeper/awskms", "devkms/internal/sigv4"},
	"filippo.io/age":               {"keeper/age"},
	"github.com/ProtonMail/":       {"keeper/pgp"},
	"golang.org/x/oauth2":          {"keeper/gcpkms"},
	"github.com/Azure/":            {"keeper/azurekv"},
	"go.yaml.in/yaml":              {"internal/yamlread", "format/yaml", "internal/config", "keeper/awskms"},
	"github.com/urfave/cli":        {"internal/cli"},
	"golang.org/x/term":            {"internal/term"},
	"github.com/google/shlex":      {"internal/editor", "keeper/age"},
	"github.com/rogpeppe":          {},
	"github.com/google/go-cmp":     {},
	"gopkg.in/ini.v1":              {},
	"github.com/aws/aws-sdk-go-v2": {"keeper/awskms", "devkms/internal/sigv4"},
}

func TestImportsPointDown(t *testing.T) {
	eachImport(t, func(file, pkg, imported string) {
		inner, ours := strings.CutPrefix(imported, module)
		inner = strings.TrimPrefix(inner, "/")
		layer, known := layerOf(pkg, inner)
		if !known {
			t.Errorf("%s: package %q has no layer; give it one in arch_test.go first", file, pkg)
			return
		}
		if !ours || strings.HasSuffix(file, "_test.go") {
			return
		}
		if below, ok := layerOf(inner, pkg); !ok || below >= layer {
			t.Errorf("%s (layer %d) imports %s (layer %d)", file, layer, imported, below)
		}
	})
}

func TestTheArchitecturePageNamesEveryPackage(t *testing.T) {
	page, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	all := maps.Clone(layers)
	maps.Copy(all, within)
	for pkg, layer := range all {
		row := regexp.MustCompile("(?m)^\\|[^|]*\\| `" + regexp.QuoteMeta(cmp.Or(pkg, "sops")) + "`[^|]*\\| [^|]+ \\|$")
		if !row.Match(page) {
			t.Errorf("ARCHITECTURE.md has no row for %q (layer %d)", pkg, layer)
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
	"os.Exit":      {"cmd/sops", "internal/test/corpus", "internal/test/bench/faults"},
	"os.Getenv":    {"internal/env", "internal/test/corpus", "internal/test/bench/faults"},
	"os.LookupEnv": {"internal/env", "internal/test/corpus", "internal/test/bench/faults"},
	"os.Environ":   {"internal/env", "internal/test/corpus", "internal/test/bench/faults"},
	// decrypt: its functions take no context; awskms: what profiles say is for the whole run.
	"context.Background": {"cmd/sops", "decrypt", "keeper/awskms", "internal/test/corpus", "internal/test/bench/faults"},
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

// notRead are variables that are refused, or set for programs that are run.
var notRead = []string{"SOPS_KEYSERVICE", "SOPS_AGE_RECIPIENT"}

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
