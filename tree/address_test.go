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
		`["a"]`:          {k("a")},
		`['a']["b"][0]`:  {k("a"), k("b"), i(0)},
		` ["a"] [ 12 ] `: {k("a"), i(12)},
		`["a]b"]`:        {k("a]b")},
		`["a[b"]`:        {k("a[b")},
		`["it's"]`:       {k("it's")},
		`['say "x"']`:    {k(`say "x"`)},
		// Between the quotes everything is literal, as SOPS 3.13.3 has it.
		`["CORP\bob"]`: {k(`CORP\bob`)},
		`["C:\new"]`:   {k(`C:\new`)},
		`["a\\b"]`:     {k(`a\\b`)},
		`["u\u00e9"]`:  {k(`u\u00e9`)},
		`["a\"b"]`:     {k(`a\"b`)},
		`['a\'b']`:     {k(`a\'b`)},
		`["a\"]`:       {k(`a\`)},
		`["a"b"]`:      {k(`a"b`)},
		`["a"]b"]`:     {k(`a"]b`)},
		`["a""b"]`:     {k(`a""b`)},
		`["""]`:        {k(`"`)},
		`[""]`:         {k("")},
		`['']`:         {k("")},
		`["a" ]`:       {k("a")},
		`["a"]['\n']`:  {k("a"), k(`\n`)},
		`["l"][+1]`:    {k("l"), i(1)},
		// What cannot be typed has escapes of its own.
		`[$"a\nb"]["c"]`:  {k("a\nb"), k("c")},
		`[$"\u00e9\xff"]`: {k("\u00e9\xff")},
		`[$"a\"][\"b"]`:   {k(`a"]["b`)},
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
	for _, text := range []string{
		"", " ", "a", `["a"`, `[a]`, `[]`, `[-1]`, `["a"]b`, `["a`, `[1.5]`, `["a"][`,
		`["a']`, `['a"]`, `["a]`, `["]`, `["a"]]`, `[["a"]]`, `["a"["b"]`, `["a"]x["b"]`, `["a]["b"]`, `["a"] ]["b"]`,
		`[$a]`, `[$'a']`, `[$"a]`, `[$"a"`, `[$"\q"]`, `[0x1]`, `[1_0]`, `x["a"]`,
	} {
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
		if got, err := ParseAddress(a.String()); err != nil || cmp.Diff(a, got) != "" {
			t.Errorf("%s was read as %v, %v", a, got, err)
		}
		_, _ = ParseAddress(first) // never a panic
	})
}

// A message shows keys of files, which may hold anything.
func TestAnAddressHasNothingThatTerminalsObey(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"plain":         `["plain"]`,
		`it's`:          `["it's"]`,
		`say "x"`:       `["say "x""]`,
		`a"["b`:         `['a"["b']`,
		`a"["b']['c`:    `[$"a\"[\"b']['c"]`,
		"two\nlines":    `[$"two\nlines"]`,
		"\x1b[31m":      `[$"\x1b[31m"]`,
		"\u202egnp.exe": `[$"\u202egnp.exe"]`,
		"\xff":          `[$"\xff"]`,
		"é":             `["é"]`,
	} {
		if got := (Address{k(key)}).String(); got != want {
			t.Errorf("%q is written %s, want %s", key, got, want)
		}
	}
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
		t.Errorf("after the end: %v", err)
	}
	for _, a := range []Address{{k("a"), i(0)}, {k("l"), k("x")}, {k("a"), k("b"), k("c")}} {
		if _, err := Find(doc(), a); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", a, err)
		}
	}
}
