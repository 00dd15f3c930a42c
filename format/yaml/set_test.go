package yaml

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/test/formattest"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func address(t testing.TB, s string) tree.Address {
	t.Helper()
	a, err := tree.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func object(items ...tree.Item) *tree.Map    { return &tree.Map{Items: items} }
func item(key string, n tree.Node) tree.Item { return tree.Item{Key: key, Value: n} }
func list(items ...tree.Node) *tree.List     { return &tree.List{Items: items} }
func number(i int64) *tree.Scalar            { return tree.NewScalar(tree.IntValue(i)) }
func null() *tree.Scalar                     { return tree.NewScalar(tree.Value{}) }
func pairXZ() *tree.Map {
	return object(item("x", number(1)), item("z", list(tree.Text("a"), tree.Text("b"))))
}

func TestSetWritesWhereAPersonWould(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, src, at string
		n             tree.Node
		want          string
	}{
		{"plain stays plain", "a: one # c\nb: 2\n", `["a"]`, tree.Text("two"), "a: two # c\nb: 2\n"},
		{"plain that would be a number is quoted", "a: one\n", `["a"]`, tree.Text("12"), "a: \"12\"\n"},
		{"a number in place of text", "a: 'one'\n", `["a"]`, number(3), "a: 3\n"},
		{"single quotes stay", "a: 'one'\n", `["a"]`, tree.Text("it's"), "a: 'it''s'\n"},
		{"double quotes stay", "a: \"one\"\n", `["a"]`, tree.Text("t\nwo"), "a: \"t\\nwo\"\n"},
		{"lines become a block", "m:\n  a: one\n", `["m"]["a"]`, tree.Text("1\n2\n"), "m:\n  a: |\n    1\n    2\n"},
		{"lines before a comment are quoted", "a: one # c\n", `["a"]`, tree.Text("1\n2\n"), "a: \"1\\n2\\n\" # c\n"},
		{"a block stays a block", "a: |   # why\n   one\n   two\nb: 1\n", `["a"]`, tree.Text("x\ny\n"), "a: |   # why\n   x\n   y\nb: 1\n"},
		{"a block with another end", "a: |\n   one\n   two\nb: 1\n", `["a"]`, tree.Text("x\ny"), "a: |-\n    x\n    y\nb: 1\n"},
		{"tag and anchor stay", "a: !Ref &x one\n", `["a"]`, tree.Text("two"), "a: !Ref &x two\n"},
		{"a core tag goes", "a: !!int \"7\"\n", `["a"]`, tree.Text("two"), "a: \"two\"\n"},
		{"null without text", "a:\nb: 1\n", `["a"]`, tree.Text("x"), "a: x\nb: 1\n"},
		{"null before a comment", "a: # c\nb: 1\n", `["a"]`, tree.Text("x"), "a: x # c\nb: 1\n"},
		{"null in a list", "a:\n-\n- 1\n", `["a"][0]`, tree.Text("x"), "a:\n- x\n- 1\n"},
		{"null by word", "a: ~\n", `["a"]`, pairXZ(), "a:\n    x: 1\n    z:\n        - a\n        - b\n"},
		{"map for scalar keeps the comment", "m:\n    a: 1 # c\n    b: 2\n", `["m"]["a"]`, pairXZ(), "m:\n    a: # c\n        x: 1\n        z:\n            - a\n            - b\n    b: 2\n"},
		{"scalar for a map", "a: # c\n  x: 1\n  # d\n  y: 2\nb: 1\n", `["a"]`, number(5), "a: 5 # c\nb: 1\n"},
		{"map for a map", "a: # c\n  x: 1\nb: 1\n", `["a"]`, object(item("z", null())), "a: # c\n  z: null\nb: 1\n"},
		{"map for a quoted text on lines", "a: \"x\n  y\" # c\nb: 1\n", `["a"]`, object(item("z", null())), "a:\n    z: null\nb: 1\n"},
		{"scalar for a tagged list", "a: !Sub # c\n  - x\nb: 1\n", `["a"]`, number(5), "a: 5 # c\nb: 1\n"},
		{"map for a tagged list", "a: !Sub\n  - x\nb: 1\n", `["a"]`, object(item("z", null())), "a:\n  z: null\nb: 1\n"},
		{"number for a block keeps the comment", "a: |  # why\n   one\n   two\nb: 1\n", `["a"]`, number(5), "a: 5  # why\nb: 1\n"},
		{"map in a list", "l:\n- a: 1\n  b: 2\n- c\n", `["l"][0]`, pairXZ(), "l:\n- x: 1\n  z:\n      - a\n      - b\n- c\n"},
		{"scalar in a list of maps", "l:\n- a: 1\n  b: 2\n- c\n", `["l"][0]`, tree.Text("z"), "l:\n- z\n- c\n"},
		{"empty containers", "a: 1\n", `["a"]`, list(), "a: []\n"},
		{"new key at the end", "a: 1\nb: 2\n", `["c"]`, tree.Text("x"), "a: 1\nb: 2\nc: x\n"},
		{"new key without last newline", "a: 1\nb: 2", `["c"]`, tree.Text("x"), "a: 1\nb: 2\nc: x"},
		{"new key in a map before a comment of the next", "m:\n  a: 1\n# next\nn: 2\n", `["m"]["b"]`, number(2), "m:\n  a: 1\n  b: 2\n# next\nn: 2\n"},
		{"new key after deeper comments", "m:\n  a: 1\n  # foot\n", `["q"]`, number(2), "m:\n  a: 1\n  # foot\nq: 2\n"},
		{"new key after one without colon", "? a\n# foot\n", `["b"]`, number(2), "? a\nb: 2\n# foot\n"},
		{"new key that needs quotes", "a: 1\n", `["yes"]`, number(2), "a: 1\n\"yes\": 2\n"},
		{"new key in flow", "a: {b: 1, c: 2}\n", `["a"]["d"]`, tree.Text("x"), "a: {b: 1, c: 2, d: \"x\"}\n"},
		{"new key in quoted flow", `{"a": {"b": 1}}` + "\n", `["a"]["d"]`, pairXZ(), `{"a": {"b": 1, "d": {"x": 1, "z": ["a", "b"]}}}` + "\n"},
		{"missing parents", "a:\n   b: 1\n", `["c"]["d"]["e"]`, number(1), "a:\n   b: 1\nc:\n   d:\n      e: 1\n"},
		{"missing parents in an empty map", "a: {}\n", `["a"]["d"][0]`, number(1), "a:\n    d:\n        - 1\n"},
		{"append to a list", "l:\n-   a\n-   b\nm: 1\n", `["l"][2]`, tree.Text("c"), "l:\n-   a\n-   b\n-   c\nm: 1\n"},
		{"append a map", "l:\n  - a\n", `["l"][1]`, pairXZ(), "l:\n  - a\n  - x: 1\n    z:\n      - a\n      - b\n"},
		{"append in flow", "l: [a, b]\n", `["l"][2]`, number(3), "l: [a, b, 3]\n"},
		{"append to an empty list", "l: []\n", `["l"][0]`, number(3), "l:\n    - 3\n"},
		{"key in a map of a list", "l:\n  - a: 1\n    b: 2\n", `["l"][0]["c"]`, number(3), "l:\n  - a: 1\n    b: 2\n    c: 3\n"},
		{"first document only", "a: 1\n---\na: 2\n", `["b"]`, number(3), "a: 1\nb: 3\n---\na: 2\n"},
		{"empty document", "---\n# c\n", `["b"]`, number(3), "---\n# c\nb: 3\n"},
		{"empty root", "{}\n", `["b"]`, number(3), "b: 3\n"},
		{"crlf", "a: 1\r\nb: 2\r\n", `["c"]["d"]`, number(3), "a: 1\r\nb: 2\r\nc:\r\n    d: 3\r\n"},
		{"bom", "\ufeffa: 1\n", `["a"]`, number(3), "\ufeffa: 3\n"},
		{"float stays a float", "a: x\n", `["a"]`, tree.NewScalar(tree.FloatValue(2)), "a: 2.0\n"},
	}
	for _, tt := range tests {
		d, err := Format{}.Parse([]byte(tt.src))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		got, err := formattest.Set(d, address(t, tt.at), tt.n)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestUnsetRemovesAnEntryAndNothingElse(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, src, at, want string }{
		{"a line", "a: 1\nb: 2 # c\nc: 3\n", `["b"]`, "a: 1\nc: 3\n"},
		{"below comments", "a: 1\n\n# one\n# two\nb: 2\nc: 3\n", `["b"]`, "a: 1\n\n# one\n# two\nc: 3\n"},
		{"a comment apart stays", "a: 1\n# one\n\nb: 2\n", `["b"]`, "a: 1\n# one\n\n"},
		{"a map", "a:\n  x: 1\n  y: |\n    t\n    u\nb: 2\n", `["a"]`, "b: 2\n"},
		{"the last entry", "a:\n  x: 1 # c\nb: 2\n", `["a"]["x"]`, "a: {}\nb: 2\n"},
		{"the last element", "a:\n- 1\nb: 2\n", `["a"][0]`, "a: []\nb: 2\n"},
		{"an element", "a:\n- 1\n- 2\n", `["a"][0]`, "a:\n- 2\n"},
		{"the first of a map in a list", "a:\n- x: 1\n  y: 2\n", `["a"][0]["x"]`, "a:\n- y: 2\n"},
		{"flow", "a: {x: 1, y: 2, z: 3}\n", `["a"]["y"]`, "a: {x: 1, z: 3}\n"},
		{"first in flow", "a: {x: 1, y: 2, z: 3}\n", `["a"]["x"]`, "a: {y: 2, z: 3}\n"},
		{"only in flow", "a: [1]\n", `["a"][0]`, "a: []\n"},
		{"the root", "a: 1\n", `["a"]`, "{}\n"},
		{"comments in the map of the last entry", "a:\n  # c\n  b: 1 # in\n  # foot\nc: 2\n", `["a"]["b"]`, "a: {}\n  # c\n  # foot\nc: 2\n"},
		{"comments in a map that goes", "# top\na:\n  # c\n  b: 1\n  # foot\n# about c\nc: 2\n", `["a"]`, "# top\n# about c\nc: 2\n"},
		{"comments in flow", "a: {x: 1, # x\n  # y\n  y: 2, # z\n  z: 3}\n", `["a"]["y"]`, "a: {x: 1, # x\n  # y\n  \n  z: 3}\n"},
		{"first of comments in flow", "a: {x: 1, # x\n  # y\n  y: 2}\n", `["a"]["x"]`, "a: {\n  # y\n  y: 2}\n"},
		{"last of comments in flow", "a: {x: 1, # x\n  # y\n  y: 2}\n", `["a"]["y"]`, "a: {x: 1, # x\n  # y\n  }\n"},
		{"an anchored value", "a: &x 1\nb: *x\nc: [*x, 2]\n", `["a"]`, "b: 1\nc: [1, 2]\n"},
		{"an anchored map that is merged", "a: &x {k: 1}\nb:\n  <<: *x\n  d: 2\n", `["a"]`, "b:\n  <<: {\"k\": 1}\n  d: 2\n"},
		{"an anchor within what goes", "a:\n  - k: &x one # c\nb: *x # in b\n", `["a"]`, "b: \"one\" # in b\n"},
		{"an anchor and an alias in what goes", "a:\n  k: &x one\n  l: *x\nb: 1\n", `["a"]`, "b: 1\n"},
		{"an anchored key", "&x a: 1\nb: *x\n", `["a"]`, "b: \"a\"\n"},
		{"an anchored block", "a: &x |\n  k\n  l\nb: *x\nc: 1\n", `["a"]`, "b: \"k\\nl\\n\"\nc: 1\n"},
		{"another anchor stays", "a: &x 1\nb: &y 2\nc: *x\nd: *y\n", `["a"]`, "b: &y 2\nc: 1\nd: *y\n"},
		{"no last newline", "a: 1\nb: 2", `["b"]`, "a: 1"},
		{"crlf", "a: 1\r\n# c\r\nb: 2\r\n", `["b"]`, "a: 1\r\n# c\r\n"},
	}
	for _, tt := range tests {
		d, err := Format{}.Parse([]byte(tt.src))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		got, err := formattest.Unset(d, address(t, tt.at))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestSetThroughAnAliasNamesTheAnchor(t *testing.T) {
	t.Parallel()
	tests := []struct{ src, at, want string }{
		{"a: &x {b: 1}\nc: *x\n", `["c"]["b"]`, "its anchor is on line 1"},
		{"a: &x {b: 1}\nc: *x\n", `["a"]["b"]`, ""},
		{"a: &x one\nc: *x\n", `["a"]`, "has an anchor"},
	}
	for _, tt := range tests {
		d, err := Format{}.Parse([]byte(tt.src))
		if err != nil {
			t.Fatal(err)
		}
		_, err = formattest.Set(d, address(t, tt.at), tree.Text("new"))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q at %s: got %v, want %q", tt.src, tt.at, err, tt.want)
		}
		var e *format.Error
		if tt.want != "" && (!errors.As(err, &e) || e.Line == 0) {
			t.Errorf("%q at %s: %v has no line", tt.src, tt.at, err)
		}
	}
}

// scalarsOf lists the addresses of all scalars of a document.
func scalarsOf(n tree.Node, at tree.Address, f func(tree.Address, *tree.Scalar)) {
	switch n := n.(type) {
	case *tree.Map:
		for _, it := range n.Items {
			scalarsOf(it.Value, append(at[:len(at):len(at)], tree.Step{Key: it.Key, IsKey: true}), f)
		}
	case *tree.List:
		i := 0
		for _, it := range n.Items {
			scalarsOf(it, append(at[:len(at):len(at)], tree.Step{Index: i}), f)
			if !tree.IsComment(it) {
				i++
			}
		}
	case *tree.Scalar:
		f(at, n)
	}
}

// setLaws checks what every Set and Unset keeps. Every n-th leaf is tried.
func setLaws(t testing.TB, name string, src []byte, every int) (tried, refused int) {
	d, err := Format{}.Parse(src)
	if err != nil || d.Reserved() > 0 {
		return 0, 0
	}
	i := 0
	scalarsOf(d.Trees()[0], nil, func(a tree.Address, s *tree.Scalar) {
		if i++; i%every != 0 {
			return
		}
		same, err := formattest.Set(d, a, tree.NewScalar(s.Value))
		if err != nil {
			refused++ // through an alias
			return
		}
		if tried++; !bytes.Equal(same, src) {
			t.Errorf("%s: %s set to what it is:\n%s", name, a, cmp.Diff(string(src), string(same)))
		}
		// Set itself compares the result with what was asked.
		for _, v := range []tree.Node{tree.Text("new value"), tree.Text("two\nlines\n"), number(7), pairXZ(), list()} {
			if _, err := formattest.Set(d, a, v); err != nil {
				refused++
			}
		}
		if _, err := formattest.Unset(d, a); err != nil {
			refused++
		}
		if !a[len(a)-1].IsKey {
			return
		}
		fresh := append(a[:len(a)-1:len(a)-1], tree.Step{Key: "zz_fresh", IsKey: true})
		with, err := formattest.Set(d, fresh, tree.Text("v"))
		if err != nil {
			refused++
			return
		}
		again, err := Format{}.Parse(with)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		back, err := formattest.Unset(again, fresh)
		// A pair that was in a flow list without braces keeps those it got.
		braced := bytes.Count(with, []byte("{")) > bytes.Count(src, []byte("{"))
		// So does a block scalar its sign, if it ended the text without a break.
		open := !endsInBreak(src) && bytes.ContainsAny(src, "|>")
		if err != nil || !bytes.Equal(back, src) && !braced && !open {
			t.Errorf("%s: unset of %s: %v\n%s", name, fresh, err, cmp.Diff(string(src), string(back)))
		}
	})
	return tried, refused
}

func TestSetLawsHoldOverTheCorpus(t *testing.T) {
	t.Parallel()
	tried, refused := 0, 0
	eachCorpusFile(t, func(path string, src []byte) {
		n, no := setLaws(t, path, src, 1+len(src)/2000)
		tried, refused = tried+n, refused+no
	})
	t.Logf("%d leaves tried, %d changes refused", tried, refused)
}

// eachCorpusFile calls f for testdata/corpus and the directories of
// SOPS_CORPUS.
func eachCorpusFile(t *testing.T, f func(path string, src []byte)) {
	t.Helper()
	dirs := append([]string{filepath.Join("testdata", "corpus")}, filepath.SplitList(os.Getenv("SOPS_CORPUS"))...)
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".yaml") {
				return err
			}
			src, err := os.ReadFile(path)
			if err == nil {
				f(path, src)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
