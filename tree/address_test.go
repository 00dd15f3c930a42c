package tree

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func k(s string) Step { return Step{Key: s, IsKey: true} }

func i(n int) Step { return Step{Index: n} }

func TestAddressesAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Address{
		`["a"]`:                 {k("a")},
		`['a']["b"][0]`:         {k("a"), k("b"), i(0)},
		` ["a"] [ 12 ] `:        {k("a"), i(12)},
		`["a]b"]`:               {k("a]b")},
		`["a[b"]`:               {k("a[b")},
		`["it's"]`:              {k("it's")},
		`['say "x"']`:           {k(`say "x"`)},
		`["a\"b"]`:              {k(`a"b`)},
		`["tab\tkey"]`:          {k("tab\tkey")},
		`["C:\path"]`:           {k(`C:\path`)}, // no valid escape: verbatim
		`[""]`:                  {k("")},
		`["a"]["\u00e9"]['\n']`: {k("a"), k("é"), k(`\n`)},
	} {
		got, err := ParseAddress(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestBadAddressesAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", " ", "a", `["a"`, `[a]`, `[]`, `[-1]`, `["a"]b`, `["a`, `[1.5]`, `["a"][`, `["a\"]`} {
		if a, err := ParseAddress(text); !errors.Is(err, ErrAddress) {
			t.Errorf("%q: %v, %v; want ErrAddress", text, a, err)
		}
	}
}

func FuzzAnAddressIsWhatItsTextReadsAs(f *testing.F) {
	f.Add("key", 3, "other")
	f.Add(`a"]["b`, 0, `\`)
	f.Fuzz(func(t *testing.T, first string, index int, last string) {
		a := Address{k(first), i(max(index, 0)), k(last)}
		if valid(first) && valid(last) {
			if got, err := ParseAddress(a.String()); err != nil || cmp.Diff(a, got) != "" {
				t.Errorf("%s was read as %v, %v", a, got, err)
			}
		}
		_, _ = ParseAddress(first) // never a panic
	})
}

// valid leaves out what JSON text cannot carry.
func valid(s string) bool {
	for _, r := range s {
		if r == 0xFFFD {
			return false
		}
	}
	return true
}

func doc() *Map {
	return &Map{Items: []Item{
		{Value: &Comment{Text: " top"}},
		{Key: "a", Value: &Map{Items: []Item{{Key: "b", Value: Text("x")}}}},
		{Key: "l", Value: &List{Items: []Node{&Comment{Text: " one"}, Text("1"), Text("2")}}},
	}}
}

func TestSetMakesWhatIsMissingAndUnsetTakesItAway(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]Address{
		"a key":           {k("z")},
		"a key below":     {k("a"), k("z")},
		"maps on the way": {k("z"), k("y"), k("x")},
		"a list":          {k("z"), i(0)},
		"an element":      {k("l"), i(2)},
	} {
		root := doc()
		Set(root, a, Text("new"))
		n, err := Find(root, a)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s, ok := n.(*Scalar); !ok || s.Value.Str() != "new" {
			t.Errorf("%s: got %v", name, n)
		}
		if err := Unset(root, a); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Find(root, a); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: still there: %v", name, err)
		}
	}
}

func TestPositionsPassOverComments(t *testing.T) {
	t.Parallel()
	n, err := Find(doc(), Address{k("l"), i(1)})
	if err != nil || n.(*Scalar).Value.Str() != "2" {
		t.Errorf("got %v, %v", n, err)
	}
	if _, err := Find(doc(), Address{k("l"), i(2)}); !errors.Is(err, ErrNotFound) {
		t.Errorf("behind the end: %v", err)
	}
	for _, a := range []Address{{k("a"), i(0)}, {k("l"), k("x")}, {k("a"), k("b"), k("c")}} {
		if _, err := Find(doc(), a); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", a, err)
		}
	}
}
