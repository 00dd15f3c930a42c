package json_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/format/json"
	"github.com/seed-1f7fdfb8/sops/internal/test/formattest"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func TestRenderWritesTheLayoutOfSOPS(t *testing.T) {
	t.Parallel()
	m := &tree.Map{Items: []tree.Item{
		{Value: &tree.Comment{Text: " gone"}},
		{Key: "<k>", Value: tree.Text("a&b\u2028")},
		{Key: "l", Value: &tree.List{Items: []tree.Node{&tree.Comment{Text: " gone"}, tree.NewScalar(tree.Value{}), list()}}},
		{Key: "c", Value: &tree.List{Items: []tree.Node{&tree.Comment{Text: " gone"}}}},
		{Key: "t", Value: tree.NewScalar(tree.TimeValue(time.Date(2001, 12, 14, 21, 59, 43, 1e8, time.UTC)))},
		{Key: "f", Value: tree.NewScalar(tree.FloatValue(1e21))},
		{Key: "m", Value: pair("x", &tree.Map{})},
	}}
	lines := []string{
		`{`,
		`>"\u003ck\u003e": "a\u0026b\u2028",`,
		`>"l": [`, `>>null,`, `>>[]`, `>],`,
		`>"c": [],`,
		`>"t": "2001-12-14T21:59:43.1Z",`,
		`>"f": 1e+21,`,
		`>"m": {`, `>>"x": {}`, `>}`,
		`}`, ``,
	}
	for unit, f := range map[string]json.Format{"\t": {}, "  ": json.Indented(2), "": json.Indented(0)} {
		got, err := f.Render([]*tree.Map{m})
		want := strings.ReplaceAll(strings.Join(lines, "\n"), ">", unit)
		if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
			t.Errorf("unit %q: %v (-want +got)\n%s", unit, err, diff)
		}
	}
	if json.Indented(-1) != (json.Format{}) {
		t.Error("Indented(-1) is not the zero Format")
	}
}

func TestRenderRefusesWhatJSONCannotHold(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]*tree.Map{
		`["a"]["b"]: JSON has no NaN and no infinite numbers`: pair("a", pair("b", tree.NewScalar(tree.FloatValue(math.NaN())))),
		`["a"][1]: the text is not UTF-8, JSON cannot hold it`: pair("a", &tree.List{Items: []tree.Node{
			tree.Text("x"), &tree.Comment{}, tree.Text("\xff"),
		}}),
	} {
		_, err := json.Format{}.Render([]*tree.Map{m})
		var e *format.Error
		if !errors.As(err, &e) || e.Msg != want || !e.Content || len(e.Hints()) == 0 {
			t.Errorf("got %#v, want %s", err, want)
		}
	}
	if _, err := (json.Format{}).Render([]*tree.Map{{}, {}}); err == nil || !strings.Contains(err.Error(), "exactly one document") {
		t.Errorf("two documents: %v", err)
	}
}

func TestRenderValue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		node tree.Node
		want string
	}{
		{"string", tree.Text("a\n<"), "a\n<"},
		{"string that is not UTF-8", tree.Text("\xff"), "\xff"},
		{"int", tree.NewScalar(tree.IntValue(5)), "5"},
		{"null", tree.NewScalar(tree.Value{}), "null"},
		{"list", list(1, 2), "[\n\t1,\n\t2\n]"},
		{"map", pair("a", list()), "{\n\t\"a\": []\n}\n"},
	} {
		got, err := json.Format{}.RenderValue(c.node)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}

// Tools find encrypted JSON by this marker.
func TestMetadataHasTheFormThatToolsLookFor(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{\n  \"a\": 1\n}\n": "\n    \"mac\": \"ENC[AES256_GCM,",
		"{}":                 "\n\t\t\"mac\": \"ENC[AES256_GCM,",
		`{"a":1}`:            `, "mac": "ENC[AES256_GCM,`,
	} {
		d := parse(t, text)
		masked, err := d.Mask(make([]string, d.Leaves()))
		if err != nil {
			t.Fatal(err)
		}
		got, err := masked.Insert(formattest.Meta("x"))
		if err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%q: no %q in\n%s", text, want, got)
		}
	}
}

func TestReservedNamesAreFoundAtTheTopOnly(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		`{"a": {"sops": 1}, "Sops": 2}`:      0,
		"{\n\"a\": 1,\n\"sops\": null\n}":    3,
		"{\"a\": 1,\n\"\\u0073ops\": \"x\"}": 2,
	} {
		if got := parse(t, text).Reserved(); got != want {
			t.Errorf("%q: line %d, want %d", text, got, want)
		}
	}
}

func TestTwoMetadataBlocksAreRefused(t *testing.T) {
	t.Parallel()
	_, err := json.Format{}.ParseEncrypted([]byte("{\"sops\": {},\n \"a\": 1, \"sops\": {}}"))
	var e *format.Error
	if !errors.As(err, &e) || e.Line != 2 || e.Column != 10 {
		t.Error(err)
	}
}

func TestMetadataThatStandsElsewhereIsCutCleanly(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"sops": {"mac": "x"}, "a": 1}`:         `{"a": 1}`,
		`{"a": 1, "sops": {"mac": "x"}, "b": 2}`: `{"a": 1, "b": 2}`,
		"{\n  \"sops\": {}\n}\n":                 "{}\n",
		"{\n  \"sops\": {},\n  \"a\": 1\n}\n":    "{\n  \"a\": 1\n}\n",
	} {
		d, err := json.Format{}.ParseEncrypted([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Unmask(make([]format.Plain, d.Leaves()), nil)
		if err != nil || string(got) != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestOnlySpellingsThatCannotBeDerivedAreRemembered(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]*format.Layout{
		`{"a": "x", "b": 1, "c": 1.5, "d": true}`: nil,
		`{"a": "\u003c"}`:                         nil,
		`{"a": "<", "b": "x"}`:                    {Lines: map[string]string{"html": "raw"}},
		`{"a": 1.50}`:                             {Scalars: map[string]string{format.TokenHash(formattest.Token(0, "x")): "1.50"}},
		"\uFEFF{ }":                               {BOM: true, Lines: map[string]string{"inside": " "}},
	} {
		d := parse(t, text)
		tokens := make([]string, d.Leaves())
		for i := range tokens {
			tokens[i] = formattest.Token(i, "x")
		}
		got, err := d.Mask(tokens)
		if diff := cmp.Diff(want, got.Layout); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", text, err, diff)
		}
	}
}

func TestErrorsHaveAPosition(t *testing.T) {
	t.Parallel()
	_, err := json.Format{}.Parse([]byte("{\n  \"ä\": x}"))
	if err == nil || err.Error() != "line 2, column 8: a value is expected here" {
		t.Error(err)
	}
}
