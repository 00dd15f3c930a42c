package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// Keys that the tests use.
const (
	ageA = "age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz"
	ageB = "age15xqkuy709wy2qcrczm4h97t8dzfhktftnzyt4c5qdky0jdkq9pvq99kwyc"
	ageC = "age1998wleqmxyk0ke028vul8jn4xlqwss8ldfwc40fp6vglvxtmn50qadmgs0"
	arnA = "arn:aws:kms:us-east-1:111122223333:key/aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb"
	arnB = "arn:aws:kms:eu-west-1:111122223333:alias/orchard"
	role = "arn:aws:iam::111122223333:role/gardener"
	fp   = "7FD79B1A0417D339E8437091E87A88F59982BA7B"
	gcp  = "projects/demo/locations/global/keyRings/kr/cryptoKeys/k1"
)

// root is the directory that the configurations of the tests are in; there
// need not be one.
func root() string {
	dir, err := filepath.Abs(filepath.FromSlash("/nowhere/repo"))
	if err != nil {
		panic(err)
	}
	return dir
}

func under(path string) string { return filepath.Join(root(), filepath.FromSlash(path)) }

// fill puts the keys of the tests into a text.
func fill(src string) string {
	return strings.NewReplacer("AGE_A", ageA, "AGE_B", ageB, "AGE_C", ageC, "ARN_A", arnA, "ARN_B", arnB, "ROLE", role, "FP", fp, "GCP", gcp).Replace(src)
}

func parse(t *testing.T, src string) *File {
	t.Helper()
	f, err := Parse(under(Name), []byte(fill(src)))
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	return f
}

// texts prints problems as the golden tables have them.
func texts(problems []Problem) []string {
	var list []string
	for _, p := range problems {
		list = append(list, p.String())
	}
	return list
}

func TestEmptyConfigurationsHaveNoRules(t *testing.T) {
	t.Parallel()
	for _, src := range []string{"", "# only a comment\n", "---\n", "null\n", "creation_rules:\n", "stores: {yaml: {indent: 2}}\n", "{}\n"} {
		f := parse(t, src)
		if _, err := f.RuleFor(under("a.yaml")); !errors.Is(err, ErrNoRules) {
			t.Errorf("%q: RuleFor = %v, want ErrNoRules", src, err)
		}
		if _, err := f.DestinationFor(under("a.yaml")); !errors.Is(err, ErrNoRules) {
			t.Errorf("%q: DestinationFor = %v, want ErrNoRules", src, err)
		}
	}
}

func TestAnEmptyListOfRulesMatchesNothing(t *testing.T) {
	t.Parallel()
	f := parse(t, "creation_rules: []\ndestination_rules: []\n")
	_, err := f.RuleFor(under("a.yaml"))
	if !errors.Is(err, ErrNoRule) || errors.Is(err, ErrNoRules) {
		t.Errorf("RuleFor = %v, want ErrNoRule", err)
	}
	if _, err := f.DestinationFor(under("a.yaml")); !errors.Is(err, ErrNoRule) {
		t.Errorf("DestinationFor = %v, want ErrNoRule", err)
	}
}

func TestOnlyTheFirstDocumentIsRead(t *testing.T) {
	t.Parallel()
	f := parse(t, "creation_rules: [{age: AGE_A}]\n---\ncreation_rules: 5\n")
	if _, err := f.RuleFor(under("a.yaml")); err != nil {
		t.Error(err)
	}
}

func TestStoresAreRead(t *testing.T) {
	t.Parallel()
	two, none, tabs := 2, 0, -1
	for src, want := range map[string]Stores{
		"stores: {yaml: {indent: 2}, json: {indent: 0}, json_binary: {indent: -1}, dotenv: {}, ini: {}}": {Indents: Indents{&two, &none, &tabs}},
		"stores: {yaml: {}, json: {indent: ~}, dotenv:}":                                                 {},
		"stores:":                   {},
		"stores: {metadata: plain}": {Metadata: MetadataPlain},
	} {
		if diff := cmp.Diff(want, parse(t, src).Stores); diff != "" {
			t.Errorf("%s: %s", src, diff)
		}
	}
}

func TestAnchorsAliasesAndMergeKeysWork(t *testing.T) {
	t.Parallel()
	f := parse(t, `
anchors:
  first: &first AGE_A
  all: &all [*first, AGE_B]
defaults: &defaults
  encrypted_regex: ^secret$
  mac_only_encrypted: true
more: &more
  mac_only_encrypted: false
  shamir_threshold: 0
creation_rules:
  - path_regex: ^a
    <<: [*more, *defaults]
    age: *all
  - <<: *defaults
    age: [*first]
    encrypted_regex: ^own$
`)
	a, err := f.RuleFor(under("a.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if a.MACOnlyEncrypted || a.Selection.EncryptedRegex != "^secret$" || len(a.Groups[0]) != 2 {
		t.Errorf("got %+v", a)
	}
	b, err := f.RuleFor(under("b.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if !b.MACOnlyEncrypted || b.Selection.EncryptedRegex != "^own$" || len(b.Groups[0]) != 1 {
		t.Errorf("got %+v", b)
	}
	if got := texts(f.Warnings); got != nil {
		t.Errorf("warnings: %q", got)
	}
}

// The messages are read by people: each names the line, what is wrong, and in
// brackets what to do.
func TestMistakesOfFormAreErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{"hello\n", "line 1: the configuration must be a mapping (KEY: VALUE), not a text"},
		{"- a\n", "line 1: the configuration must be a mapping (KEY: VALUE), not a list"},
		{"creation_rules: {age: x}\n", "line 1: creation_rules must be a list, not a mapping (begin each element with a dash)"},
		{"creation_rules:\n  - age\n", "line 2: a creation rule must be a mapping (KEY: VALUE), not a text"},
		{"creation_rules:\n  - age: {a: b}\n", "line 2: age must be a text or a list of texts, not a mapping"},
		{"creation_rules:\n  - age: [[a]]\n", "line 2: an element of age must be a text, not a list"},
		{"creation_rules:\n  - path_regex: [a]\n", "line 2: path_regex must be a text, not a list"},
		{"creation_rules:\n  - mac_only_encrypted: \"true\"\n", "line 2: mac_only_encrypted must be true or false, not a text (write true or false, without quotes)"},
		{"creation_rules:\n  - shamir_threshold: two\n", "line 2: shamir_threshold must be a whole number, not a text (write digits without quotes)"},
		{"creation_rules:\n  - shamir_threshold: 1.5\n", "line 2: shamir_threshold must be a whole number, not a number with a fraction (write digits without quotes)"},
		{"creation_rules:\n  - shamir_threshold: -1\n", "line 2: shamir_threshold is -1, less than 0"},
		{"creation_rules:\n  - key_groups: AGE_A\n", "line 2: key_groups must be a list, not a text (begin each element with a dash)"},
		{"creation_rules:\n  - key_groups: [{kms: [ARN_A]}]\n", "line 2: an element of kms must be a mapping (KEY: VALUE), not a text"},
		{"creation_rules:\n  - encryption_context: {a: }\n", `line 2: "a" in encryption_context has no value (write "" for an empty text)`},
		{"creation_rules:\n  - encryption_context: {a: [b]}\n", `line 2: "a" in encryption_context must be a text, not a list`},
		{"creation_rules:\n  - encryption_context: a:b\n", "line 2: encryption_context must be a mapping (KEY: VALUE), not a text"},
		{"creation_rules:\n  - metadata: none\n", `line 2: metadata is "none", which means nothing (write metadata: plain, or leave it out)`},
		{"stores:\n  metadata: none\n", `line 2: metadata is "none", which means nothing (write metadata: plain, or leave it out)`},
		{"creation_rules:\n  - integrity: maybe\n", `line 2: integrity is "maybe", which means nothing (write integrity: required, or leave it out)`},
		{"creation_rules:\n  - age: AGE_A\n    age: AGE_B\n", `line 3: "age" appears twice in a creation rule, first on line 2 (keep one of them)`},
		{"creation_rules:\n  - {[a]: b}\n", "line 2: a key in a creation rule must be a name"},
		{"stores: {yaml: {indent: -1}}\n", "line 1: indent is -1, less than 0"},
		{"stores: {json: {indent: -2}}\n", "line 1: indent is -2, less than -1"},
		{"destination_rules: [{vault_kv_version: 3}]\n", "line 1: there is no version 3 of the key-value engine (write 1 or 2)"},
	} {
		_, err := Parse(under(Name), []byte(fill(c.src)))
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: got %v, want an *Error", c.src, err)
			continue
		}
		if got := e.problem().String(); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.src, got, c.want)
		}
		if !strings.HasPrefix(err.Error(), under(Name)+": ") {
			t.Errorf("%q: %q does not begin with the file", c.src, err)
		}
	}
}

func TestSyntaxErrorsNameTheLine(t *testing.T) {
	t.Parallel()
	const (
		column   = " (the keys and dashes of one mapping or list begin in the same column: look at what follows this line)"
		quote    = " (indent with blanks, and put a text that holds such characters into quotes)"
		brackets = " (inside of brackets put a text that holds commas, brackets or braces into quotes)"
	)
	for _, c := range []struct{ src, want string }{
		{"a: [", "line 1: not valid YAML: did not find expected node content"},
		{"a: 1\n b: 2\n", "line 2: not valid YAML: mapping values are not allowed in this context" + quote},
		{"a: *b\n", "not valid YAML: unknown anchor 'b' referenced"},
		{"a:\n\t- x\n", "line 2: not valid YAML: found character that cannot start any token" + quote},
		{"a: 1\nb:\n  - c: x\n    d: y\n   e: z\n", "line 3: not valid YAML: did not find expected '-' indicator" + column},
		{"a:\n  - b\n- c\n", "line 3: not valid YAML: did not find expected key" + column},
		{"a: 1\nb: [x, ${y}]\n", "line 2: not valid YAML: did not find expected ',' or ']'" + brackets},
		{"a: \"x\n", "line 2: not valid YAML: found unexpected end of stream"},
		{"a: \xff\n", "not valid YAML: invalid leading UTF-8 octet"},
	} {
		_, err := Parse(under(Name), []byte(c.src))
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: got %v, want an *Error", c.src, err)
			continue
		}
		if got := e.problem().String(); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

func TestErrorsSayWhereAndWhatToDo(t *testing.T) {
	t.Parallel()
	_, err := Parse(under(Name), []byte("creation_rules:\n  - shamir_threshold: x\n  - age: {}\n"))
	if got, want := hint.PositionOf(err), (hint.Position{File: under(Name), Line: 2, Column: 23}); got != want {
		t.Errorf("position %+v, want %+v", got, want)
	}
	if diff := cmp.Diff([]string{"write digits without quotes"}, hint.Hints(err)); diff != "" {
		t.Error(diff)
	}
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := Parse(under(Name), []byte("stores: 3\ncreation_rules:\n  - path_regex: []\n  - age: {}\n"))
	want := strings.Join([]string{
		under(Name) + ": line 1: stores must be a mapping (KEY: VALUE), not a number",
		under(Name) + ": line 3: path_regex must be a text, not a list",
		under(Name) + ": line 4: age must be a text or a list of texts, not a mapping",
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func TestAliasBombsEnd(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("a: &a0 [{age: " + ageA + "}]\n")
	for i := 1; i < 30; i++ {
		last, this := string(rune('a'+(i-1)/10))+string(rune('0'+(i-1)%10)), string(rune('a'+i/10))+string(rune('0'+i%10))
		b.WriteString("x" + this + ": &" + this + " [{merge: *" + last + "}, {merge: *" + last + "}]\n")
	}
	b.WriteString("creation_rules: [{key_groups: *c9}]\n")
	for _, src := range []string{
		b.String(),
		"creation_rules: [{key_groups: &g [{merge: *g}]}]\n",
		"creation_rules: [&r {<<: *r}]\n",
		"creation_rules: &r\n  - age: x\n    <<: *r\n",
		"g: &g {age: x, agee: y}\ns: &s [" + strings.Repeat("*g , ", 300) + "]\ncreation_rules: [" + strings.Repeat("{key_groups: *s }, ", 300) + "]\n",
	} {
		_, err := Parse(under(Name), []byte(src))
		if err == nil || !strings.HasSuffix(err.Error(), ": the aliases mean too many nodes") {
			t.Errorf("%.40q: got %v", src, err)
		}
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "other.yaml")
	if _, err := Load(path); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(path, []byte("creation_rules: [{age: "+ageA+"}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if f.Path != path {
		t.Errorf("Path = %q, want %q", f.Path, path)
	}
}
