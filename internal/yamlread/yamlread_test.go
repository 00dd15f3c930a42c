package yamlread_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/internal/yamlread"
)

type sample struct {
	name    string
	list    []string
	pairs   map[string]string
	yes     bool
	number  int
	policy  string
	regions int
}

func sampleFields() []yamlread.Field[sample] {
	return []yamlread.Field[sample]{
		{Name: "name", Required: true, Read: func(r *yamlread.Reader, n yamlread.Node, s *sample) { s.name = r.Text(n, "name").Value }},
		{Name: "list", Read: func(r *yamlread.Reader, n yamlread.Node, s *sample) {
			for _, t := range r.Texts(n, "list") {
				s.list = append(s.list, t.Value)
			}
		}},
		{Name: "pairs", Read: func(r *yamlread.Reader, n yamlread.Node, s *sample) {
			s.pairs = map[string]string{}
			for k, t := range r.Pairs(n, "pairs") {
				s.pairs[k] = t.Value
			}
		}},
		{Name: "yes", Read: func(r *yamlread.Reader, n yamlread.Node, s *sample) { s.yes, _ = r.Bool(n, "yes") }},
		{Name: "number", Read: func(r *yamlread.Reader, n yamlread.Node, s *sample) { s.number, _ = r.Number(n, "number", 1) }},
		{Name: "policy", Read: func(r *yamlread.Reader, n yamlread.Node, s *sample) { s.policy = r.JSON(n) }},
		{Name: "regions", Read: func(r *yamlread.Reader, n yamlread.Node, s *sample) { s.regions = len(r.Items(n, "regions")) }},
	}
}

func read(src string) (sample, []yamlread.Problem, error) {
	var s sample
	root, err := yamlread.Parse([]byte(src))
	if err != nil {
		return s, nil, err
	}
	r := yamlread.NewReader(len(src))
	yamlread.Fields(r, root, "the file", sampleFields(), &s)
	return s, r.Problems, nil
}

func TestValuesAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	got, problems, err := read(`
<<: {number: 7, name: merged}
name: 007
list: [a, 1, true]
pairs: {k: v, account: 012}
yes: true
policy: {Version: 2012-10-17, Statement: [{Action: "a<b", Allow: null}]}
regions: [x, null, y]
`)
	if err != nil || len(problems) > 0 {
		t.Fatalf("got %v, %v", problems, err)
	}
	want := sample{
		name: "007", list: []string{"a", "1", "true"}, pairs: map[string]string{"k": "v", "account": "012"}, yes: true, number: 7, regions: 2,
		policy: "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Action\": \"a<b\",\n      \"Allow\": null\n    }\n  ]\n}",
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(sample{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestProblemsNameTheirPlaceAndTheRemedy(t *testing.T) {
	t.Parallel()
	_, problems, err := read(`name: [a]
nmae: x
list: {}
name: again
yes: "true"
number: 0
pairs: {k: }
`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range problems {
		got = append(got, strings.Join([]string{string(rune('0' + p.At.Line)), p.Error()}, ": "))
	}
	want := []string{
		`4: "name" appears twice in the file, first on line 1 (keep one of them)`,
		`1: name must be a text, not a list`,
		`2: the file has no "nmae" (did you mean "name"?)`,
		`3: list must be a text or a list of texts, not a mapping`,
		`5: yes must be true or false, not a text (write true or false, without quotes)`,
		`6: number is 0, less than 1`,
		`7: "k" in pairs has no value (write "" for an empty text)`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWhatIsNoSingleDocumentIsRefused(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"":                        "the file is empty",
		"# only a comment\n":      "the file is empty",
		"name: a\n---\nname: b\n": "the file holds more than one document",
		"name: [\n":               "not valid YAML",
		"name: a\n---\n[":         "not valid YAML",
	} {
		_, err := yamlread.Parse([]byte(src))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", src, err, want)
		}
	}
}

func TestSyntaxProblemsNameTheLineOnWhichTheCollectionBegins(t *testing.T) {
	t.Parallel()
	for _, src := range []string{"a: 1\nb: [x, ${y}]\n", "a: 1\nb: {x: 1 ]\n"} {
		_, err := yamlread.Parse([]byte(src))
		var p yamlread.Problem
		if !errors.As(err, &p) || p.At.Line != 2 {
			t.Errorf("%q: got %v on line %d, want line 2", src, err, p.At.Line)
		}
	}
}

// FuzzReadingEnds: whatever the aliases mean, reading ends and is bounded, and
// a file without a problem has what is required.
func FuzzReadingEnds(f *testing.F) {
	f.Add("name: a\npolicy: &a {b: *a}\n")
	f.Add("name: a\npolicy: [&a [*a, *a]]\n")
	f.Add("<<: &a {<<: *a}\nname: x\n")
	f.Add("? [a]\n: b\n")
	f.Fuzz(func(t *testing.T, src string) {
		root, err := yamlread.Parse([]byte(src))
		if err != nil {
			if !errors.Is(err, yamlread.ErrEmpty) && !errors.As(err, new(yamlread.Problem)) {
				t.Fatalf("an error of another type: %v", err)
			}
			return
		}
		r := yamlread.NewReader(len(src))
		var s sample
		named := false
		table := append(sampleFields()[1:], yamlread.Field[sample]{Name: "name", Required: true, Read: func(r *yamlread.Reader, n yamlread.Node, s *sample) {
			named = true
			s.name = r.Text(n, "name").Value
		}})
		yamlread.Fields(r, root, "the file", table, &s)
		if len(r.Problems) == 0 && !named {
			t.Fatalf("no problem, and no name in %q", src)
		}
	})
}
