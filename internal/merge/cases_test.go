package merge

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format/yaml"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// read returns the documents of a YAML text, nil for ∅.
func read(t testing.TB, text string) []*tree.Map {
	t.Helper()
	if text == "∅" {
		return nil
	}
	trees, err := parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return trees
}

func parse(text string) ([]*tree.Map, error) {
	d, err := yaml.Format{}.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	return d.Trees(), nil
}

// shown writes a result as the table of cases does: conflicts in their places.
func shown(r Result) string {
	by := map[string]Kind{}
	root := &tree.Map{}
	if len(r.Trees) > 0 {
		root = r.Trees[0]
	}
	var absent []string
	for _, c := range r.Conflicts {
		by[c.At.String()] = c.Kind
		if _, err := tree.Find(root, c.At); err != nil {
			absent = append(absent, c.At.String())
		}
	}
	out := flow(nil, root, by, absent)
	for _, n := range r.Notes {
		out += " note: " + n
	}
	return out
}

func flow(at tree.Address, n tree.Node, conflicts map[string]Kind, absent []string) string {
	if kind, ok := conflicts[at.String()]; ok && len(at) > 0 {
		return "CONFLICT " + string(kind)
	}
	below := func(s tree.Step) tree.Address { return append(at[:len(at):len(at)], s) }
	switch n := n.(type) {
	case *tree.Map:
		var parts []string
		for _, it := range n.Items {
			if c, ok := it.Value.(*tree.Comment); ok {
				parts = append(parts, "#"+c.Text)
				continue
			}
			parts = append(parts, it.Key+": "+flow(below(tree.Step{Key: it.Key, IsKey: true}), it.Value, conflicts, absent))
		}
		for _, a := range absent {
			address, _ := tree.ParseAddress(a)
			if last := len(address) - 1; address[:last].String() == at.String() {
				parts = append(parts, address[last].Key+": CONFLICT "+string(conflicts[a]))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case *tree.List:
		var parts []string
		i := 0
		for _, e := range n.Items {
			if c, ok := e.(*tree.Comment); ok {
				parts = append(parts, "#"+c.Text)
				continue
			}
			parts = append(parts, flow(below(tree.Step{Index: i}), e, conflicts, absent))
			i++
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case *tree.Scalar:
		return scalar(n.Value)
	}
	return "nothing"
}

func scalar(v tree.Value) string {
	switch v.Kind() {
	case tree.Null:
		return "null"
	case tree.Float:
		return strconv.FormatFloat(v.Float(), 'f', 1, 64)
	case tree.String:
		if _, err := strconv.Atoi(v.Str()); err == nil || v.Empty() {
			return strconv.Quote(v.Str())
		}
	}
	return v.Text()
}

// The cases are those of the design, in testdata/cases.txt: number, name, base,
// ours, theirs, and what comes out, also with the sides swapped.
func TestCases(t *testing.T) {
	table, err := os.ReadFile("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(table)) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		f := strings.Split(strings.TrimSpace(line), " | ")
		if len(f) != 6 && len(f) != 7 {
			t.Fatalf("%d fields: %s", len(f), line)
		}
		n++
		t.Run(f[0], func(t *testing.T) {
			o, a, b := read(t, f[2]), read(t, f[3]), read(t, f[4])
			if got := shown(Trees(o, a, b, Options{})); got != f[5] {
				t.Errorf("%s: %s\n ours: %s theirs: %s\n got %s\nwant %s", f[1], f[2], f[3], f[4], got, f[5])
			}
			want := f[len(f)-1]
			if got := shown(Trees(o, b, a, Options{})); got != want {
				t.Errorf("%s, sides swapped: %s\n ours: %s theirs: %s\n got %s\nwant %s", f[1], f[2], f[4], f[3], got, want)
			}
		})
	}
	if n < 40 {
		t.Errorf("only %d cases", n)
	}
}

func TestDocumentsByIdentity(t *testing.T) {
	doc := func(name, value string) string {
		return fmt.Sprintf("kind: Secret\nmetadata: {name: %s}\ndata: {v: %s}\n", name, value)
	}
	base := doc("a", "1") + "---\n" + doc("b", "2")
	swapped := doc("b", "2") + "---\n" + doc("a", "1")
	changed := doc("a", "9") + "---\n" + doc("b", "2")
	for i, r := range []Result{
		Trees(read(t, base), read(t, swapped), read(t, changed), Options{}),
		Trees(read(t, base), read(t, changed), read(t, swapped), Options{}),
	} {
		if len(r.Conflicts) > 0 {
			t.Fatalf("%d: conflicts: %v", i, r.Conflicts)
		}
		if got, want := key(listOf(r.Trees)), key(listOf(read(t, doc("b", "2")+"---\n"+doc("a", "9")))); got != want {
			t.Errorf("%d: got %s, want %s", i, got, want)
		}
	}
	r := Trees(read(t, "a: 1\n---\nb: 1\n"), read(t, "a: 2\n---\nb: 1\n"), read(t, "a: 1\n---\nb: 1\n---\nc: 1\n"), Options{})
	if len(r.Conflicts) != 1 || r.Conflicts[0].Kind != Documents {
		t.Errorf("another number of documents: got %v", r.Conflicts)
	}
}

func TestComments(t *testing.T) {
	for _, c := range []struct{ name, base, ours, theirs, want string }{
		{"one side", "# x\na: 1\n", "# x\na: 2\n", "# y\na: 1\n", "{# y, a: 2}"},
		{"both", "# x\na: 1\n", "# y\na: 1\n", "# z\na: 1\n", `{# y, # z, a: 1} note: both sides changed a comment at ["a"]: both texts stay`},
		{"with a new key", "a: 1\n", "a: 2\n", "a: 1\n# new\nb: 1\n", "{a: 2, # new, b: 1}"},
		{"removed with its item", "# x\na: 1\nb: 1\n", "b: 1\n", "# x\na: 1\nb: 2\n", "{b: 2}"},
		{"written beside what is removed", "# x\na: 1\nb: 1\n", "b: 1\n", "# y\na: 1\nb: 1\n", "{# y, b: 1}"},
		{"inline", "a: 1\nb: 1\n", "a: 1 # why\nb: 1\n", "a: 1\nb: 2\n", "{# why, a: 1, b: 2}"},
		{"in a list", "l:\n  - a\n  - b\n", "l:\n  # x\n  - a\n  - b\n", "l:\n  - a\n  - b\n  - c\n", "{l: [# x, a, b, c]}"},
	} {
		r := Trees(read(t, c.base), read(t, c.ours), read(t, c.theirs), Options{})
		if got := shown(r); got != c.want || len(r.Conflicts) > 0 {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestListUnion(t *testing.T) {
	r := Trees(read(t, "l: [a]"), read(t, "l: [a, b, c]"), read(t, "l: [a, c, d]"), Options{ListUnion: true})
	if got, want := shown(r), "{l: [a, b, c, d]}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDuplicateKeys(t *testing.T) {
	pairs := func(texts ...string) []*tree.Map {
		m := &tree.Map{}
		for _, s := range texts {
			k, v, _ := strings.Cut(s, "=")
			m.Items = append(m.Items, tree.Item{Key: k, Value: tree.Text(v)})
		}
		return []*tree.Map{m}
	}
	for _, c := range []struct {
		name               string
		base, ours, theirs []*tree.Map
		want               string
	}{
		{"n-th by n-th", pairs("A=x", "A=y"), pairs("A=p", "A=y"), pairs("A=x", "A=q"), "{A: p, A: q}"},
		{"one side drops one", pairs("A=x", "A=y"), pairs("A=x"), pairs("A=x", "A=y", "B=z"), "{A: x, B: z}"},
		{"dropped and changed", pairs("A=x", "A=y"), pairs("A=x"), pairs("A=x", "A=z"), "{A: CONFLICT list}"},
	} {
		if got := shown(Trees(c.base, c.ours, c.theirs, Options{})); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
