package ini

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func comment(text string) tree.Item {
	return tree.Item{Value: &tree.Comment{Text: text, Ref: tree.NoRef}}
}

func pair(key string, n tree.Node) tree.Item { return tree.Item{Key: key, Value: n} }

func mapOf(items ...tree.Item) *tree.Map { return &tree.Map{Items: items} }

func TestRenderWritesTheLayoutOfSOPS(t *testing.T) {
	t.Parallel()
	root := mapOf(
		pair("DEFAULT", mapOf(pair("top", tree.Text("1")), comment("about top"))),
		pair("a", mapOf(
			comment("about a\n# more"),
			pair("k", tree.Text("")),
			pair("longer", tree.Text("has \"dq\" in")), comment("one\n"), comment("; two"),
			pair("x=y", tree.Text("a;b")),
			pair("nl", tree.Text("a\nb")),
			pair("outer", tree.Text("  v")),
			pair("quoted", tree.Text(`"v"`)),
			pair("slash", tree.Text(`C:\`)),
			pair("#1", tree.Text("dash")),
		)),
		pair("empty", mapOf()),
		pair("kinds", mapOf(
			pair("i", tree.NewScalar(tree.IntValue(-7))),
			pair("b", tree.NewScalar(tree.BoolValue(true))),
			pair("n", tree.NewScalar(tree.Value{})),
			pair("f", tree.NewScalar(tree.FloatValue(2))),
			pair("g", tree.NewScalar(tree.FloatValue(1e6))),
			pair("t", tree.NewScalar(tree.TimeValue(time.Date(2020, 1, 2, 3, 4, 5, 6, time.UTC)))),
		)),
	)
	want := strings.Join([]string{
		"; about top", "top = 1", "",
		"; about a", "# more", "[a]",
		"k      = ",
		"; one", ";", "; two", "longer = has \"dq\" in",
		"`x=y`  = `a;b`",
		"nl     = \"\"\"a", "b\"\"\"",
		"outer  = \"  v\"",
		"quoted = `\"v\"`",
		"slash  = `C:\\`",
		"`#1`   = dash", "",
		"[empty]", "",
		"[kinds]", "i = -7", "b = true", "n = ", "f = 2.0", "g = 1E+06", "t = 2020-01-02T03:04:05Z", "",
	}, "\n")
	got, err := Format{}.Render([]*tree.Map{root})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Error(d)
	}
	after, err := Format{}.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	if d := sopsDiff(got, after); d != "" {
		t.Error(d)
	}
}

func TestRenderGivesBackEveryTreeItParses(t *testing.T) {
	t.Parallel()
	for _, src := range corner() {
		d, err := Format{}.Parse([]byte(src))
		if err != nil {
			continue
		}
		text, err := Format{}.Render(d.Trees())
		if err != nil {
			t.Errorf("%q: %v", src, err)
			continue
		}
		after, err := Format{}.Parse(text)
		if err != nil {
			t.Errorf("%q: %v\n%s", src, err, text)
			continue
		}
		if diff := tree.Diff(d.Trees(), after.Trees()); diff != "" {
			t.Errorf("%q: %s\n%s", src, diff, text)
		}
		if diff := sopsDiff(text, after); diff != "" {
			t.Errorf("%q: %s\n%s", src, diff, text)
		}
	}
}

func TestRenderNamesTheKeyThatCannotBeHeld(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		trees []*tree.Map
		want  string
	}{
		"outside":     {[]*tree.Map{mapOf(pair("k", tree.Text("v")))}, `"k"`},
		"a list":      {[]*tree.Map{mapOf(pair("s", mapOf(pair("l", &tree.List{}))))}, `"l"`},
		"a map":       {[]*tree.Map{mapOf(pair("s", mapOf(pair("m", mapOf()))))}, `"m"`},
		"twice":       {[]*tree.Map{mapOf(pair("s", mapOf(pair("d", tree.Text("1")), pair("d", tree.Text("2")))))}, `"d"`},
		"a break":     {[]*tree.Map{mapOf(pair("s", mapOf(pair("a\nb", tree.Text("1")))))}, `"a\nb"`},
		"no key":      {[]*tree.Map{mapOf(pair("s", mapOf(pair("", tree.Text("1")))))}, `""`},
		"no section":  {[]*tree.Map{mapOf(pair("s", mapOf()), pair("", mapOf()))}, `""`},
		"two":         {[]*tree.Map{mapOf(), mapOf()}, "one document"},
		"three marks": {[]*tree.Map{mapOf(pair("s", mapOf(pair("q", tree.Text("\n\"\"\" `\n")))))}, `"q"`},
	} {
		_, err := Format{}.Render(test.trees)
		var e *format.Error
		if !errors.As(err, &e) || !e.Content || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one about %s", name, err, test.want)
		}
	}
}

func TestRenderValue(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		n    tree.Node
		want string
	}{
		{tree.Text("a; b\n"), "a; b\n"},
		{tree.NewScalar(tree.IntValue(3)), "3"},
		{tree.NewScalar(tree.BoolValue(true)), "true"},
		{tree.NewScalar(tree.Value{}), "null"},
		{tree.NewScalar(tree.FloatValue(1.5)), "1.5"},
		{mapOf(comment("c"), pair("k", tree.Text("v")), pair("long", tree.Text(";"))), "; c\nk    = v\nlong = `;`\n"},
		{&tree.List{Items: []tree.Node{tree.Text("a"), &tree.Comment{}, mapOf(pair("k", tree.NewScalar(tree.IntValue(1))))}}, `["a",{"k":1}]`},
	} {
		got, err := Format{}.RenderValue(test.n)
		if err != nil || string(got) != test.want {
			t.Errorf("got %q (%v), want %q", got, err, test.want)
		}
	}
}
