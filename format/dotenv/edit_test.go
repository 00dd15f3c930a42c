package dotenv_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/format/dotenv"
	"github.com/seed-1f7fdfb8/sops/internal/test/formattest"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func TestALineWithoutEqualsIsNamedAndNotShown(t *testing.T) {
	t.Parallel()
	_, err := dotenv.Format{}.Parse([]byte("A=1\n\nhunter2\n"))
	var e *format.Error
	if !errors.As(err, &e) || e.Line != 3 || len(e.Hints()) == 0 || strings.Contains(err.Error()+e.Hint, "hunter2") {
		t.Errorf("got %v, hints %q", err, e.Hints())
	}
}

func TestReservedNamesBeginWithThePrefix(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"SOPS_A=1\nsops=2\n a_sops_b=3\n#sops_x=1\n": 0,
		"A=1\nsops_x=1\n": 2,
	} {
		if got := parse(t, text).Reserved(); got != want {
			t.Errorf("%q: line %d, want %d", text, got, want)
		}
	}
}

func TestSetWritesOneLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, address string
		value         tree.Value
		want          string
	}{
		{"A=1\nB=2\n", `["A"]`, tree.StringValue("x\ny"), "A=x\\ny\nB=2\n"},
		{"A=1\nA=2\n", `["A"]`, tree.StringValue("x"), "A=x\nA=2\n"},
		{"A=1\n\n# tail\n", `["B"]`, tree.IntValue(5), "A=1\nB=5\n\n# tail\n"},
		{"A=1", `["B"]`, tree.BoolValue(true), "A=1\nB=true"},
		{"", `["B"]`, tree.Value{}, "B=\n"},
		{"# head\n", `["B"]`, tree.StringValue("x"), "# head\nB=x\n"},
		{"\uFEFFA=1\n", `["A"]`, tree.StringValue("x"), "\uFEFFA=x\n"},
	} {
		got, err := formattest.Set(parse(t, c.text), address(t, c.address), tree.NewScalar(c.value))
		if err != nil || string(got) != c.want {
			t.Errorf("%q set %s: %q, %v; want %q", c.text, c.address, got, err, c.want)
		}
	}
}

func TestSetRefusesWhatALineCannotHold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		address string
		value   tree.Node
		want    string
	}{
		{`["A"]["b"]`, tree.Text("x"), `["A"]["b"]: dotenv has no maps and no lists, an address is one key`},
		{`[0]`, tree.Text("x"), `[0]: dotenv has no maps and no lists, an address is one key`},
		{`["A"]`, &tree.List{}, `key "A" holds a map or a list, dotenv has single values only`},
		{`["A"]`, &tree.Map{}, `key "A" holds a map or a list, dotenv has single values only`},
		{`["#A"]`, tree.Text("x"), `key "#A" cannot be written in dotenv`},
		{`["A=B"]`, tree.Text("x"), `key "A=B" cannot be written in dotenv`},
		{`[$"A\nB"]`, tree.Text("x"), `key "A\nB" cannot be written in dotenv`},
	} {
		_, err := formattest.Set(parse(t, "A=1\n"), address(t, c.address), c.value)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("set %s: %v, want %s", c.address, err, c.want)
		}
	}
}

func TestUnsetLeavesTheCommentsAbove(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"A=1\n# b\n# bb\nB=2\nC=3\n": "A=1\n# b\n# bb\nC=3\n",
		"# head\n\nB=2\n":            "# head\n\n",
		"B=2":                        "",
		"A=1\nB=2\nB=3":              "A=1\nB=3",
		"A=1\nB=2":                   "A=1",
	} {
		got, err := formattest.Unset(parse(t, text), address(t, `["B"]`))
		if err != nil || string(got) != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	if _, err := formattest.Unset(parse(t, "A=1\n"), address(t, `["B"]`)); !errors.Is(err, tree.ErrNotFound) {
		t.Error(err)
	}
}

func TestMetadataIsReplacedWhereItStands(t *testing.T) {
	t.Parallel()
	text := "sops_mac=old\nA=1\r\nsops_lastmodified=then\r\nB=2\nsops_gone=x\n"
	d, err := dotenv.Format{}.ParseEncrypted([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m := &tree.Map{}
	for _, kv := range [][2]string{{"first", "1"}, {"lastmodified", "now"}, {"layout", "a\nb"}, {"mac", "new"}} {
		m.Put(kv[0], tree.Text(kv[1]))
	}
	got, err := d.SetMeta(m)
	want := "sops_first=1\nsops_mac=new\nA=1\r\nsops_lastmodified=now\nsops_layout=a\\nb\nB=2\n"
	if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestMetadataIsReadAnywhereAndInAnyOrder(t *testing.T) {
	t.Parallel()
	d, err := dotenv.Format{}.ParseEncrypted([]byte("sops_age__list_1__map_enc=b\\nc\r\nA=1\nsops_version=3\nsops_age__list_0__map_enc=a\n"))
	if err != nil {
		t.Fatal(err)
	}
	enc := func(s string) tree.Node { return &tree.Map{Items: []tree.Item{{Key: "enc", Value: tree.Text(s)}}} }
	want := &tree.Map{}
	want.Put("age", &tree.List{Items: []tree.Node{enc("a"), enc("b\nc")}})
	want.Put("version", tree.Text("3"))
	if diff := tree.Diff([]*tree.Map{want}, []*tree.Map{d.Meta().(*tree.Map)}); diff != "" {
		t.Error(diff)
	}
	_, err = dotenv.Format{}.ParseEncrypted([]byte("A=1\nsops_a=1\nsops_a=2\n"))
	var e *format.Error
	if !errors.As(err, &e) || e.Line != 2 {
		t.Errorf("a name twice: %v", err)
	}
}

func TestMetadataLinesOfCRLFFilesEndInLFAlone(t *testing.T) {
	t.Parallel()
	masked, err := parse(t, "A=1\r\n\r\n").Mask(make([]string, 1))
	if err != nil {
		t.Fatal(err)
	}
	got, err := masked.Insert(formattest.Meta("x"))
	if err != nil || strings.Count(string(got), "\r") != 1 {
		t.Errorf("%v, text %q", err, got)
	}
}

func TestRenderWritesScalarsAsSOPSDoes(t *testing.T) {
	t.Parallel()
	m := &tree.Map{Items: []tree.Item{{Value: &tree.Comment{Text: " a\nb"}}}}
	for _, v := range []tree.Value{
		tree.StringValue("x\ny # \"z\""), tree.IntValue(-12), tree.BoolValue(true),
		{},
		tree.FloatValue(1), tree.FloatValue(math.Copysign(0, -1)), tree.FloatValue(123456.5), tree.FloatValue(1234567.25),
		tree.FloatValue(1e21), tree.FloatValue(0.00001), tree.FloatValue(math.Inf(1)), tree.FloatValue(math.NaN()),
		tree.TimeValue(time.Date(2001, 12, 14, 21, 59, 43, 1e8, time.FixedZone("", -5*3600))),
	} {
		m.Items = append(m.Items, tree.Item{Key: "K", Value: tree.NewScalar(v)})
	}
	want := "# a\n#b\nK=x\\ny # \"z\"\nK=-12\nK=true\nK=\nK=1.0\nK=-0.0\nK=123456.5\nK=1.23456725E+06\nK=1E+21\nK=1E-05\nK=+Inf\nK=NaN\nK=2001-12-14T21:59:43-05:00\n"
	got, err := dotenv.Format{}.Render([]*tree.Map{m})
	if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestRenderRefusesDepthAndSecondDocuments(t *testing.T) {
	t.Parallel()
	deep := &tree.Map{}
	deep.Put("A", &tree.List{})
	if _, err := (dotenv.Format{}).Render([]*tree.Map{deep}); err == nil || !strings.Contains(err.Error(), `"A"`) {
		t.Errorf("a list: %v", err)
	}
	if _, err := (dotenv.Format{}).Render([]*tree.Map{{}, {}}); err == nil || !strings.Contains(err.Error(), "one document") {
		t.Errorf("two documents: %v", err)
	}
}

func TestRenderValueShowsStringsAndMapsOnly(t *testing.T) {
	t.Parallel()
	m := &tree.Map{}
	m.Put("A", tree.Text("1"))
	for _, c := range []struct {
		node tree.Node
		want string
	}{{tree.Text("a\nb"), "a\nb"}, {m, "A=1\n"}} {
		got, err := dotenv.Format{}.RenderValue(c.node)
		if err != nil || string(got) != c.want {
			t.Errorf("%q, %v; want %q", got, err, c.want)
		}
	}
	for _, n := range []tree.Node{tree.NewScalar(tree.IntValue(1)), &tree.List{}} {
		if _, err := (dotenv.Format{}).RenderValue(n); err == nil {
			t.Errorf("%T is shown", n)
		}
	}
}

func address(t *testing.T, s string) tree.Address {
	t.Helper()
	a, err := tree.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func parse(t *testing.T, text string) format.Document {
	t.Helper()
	d, err := dotenv.Format{}.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}
