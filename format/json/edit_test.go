package json_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/format/json"
	"github.com/seed-1f7fdfb8/sops/internal/test/formattest"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func list(values ...int64) *tree.List {
	l := &tree.List{}
	for _, v := range values {
		l.Items = append(l.Items, tree.NewScalar(tree.IntValue(v)))
	}
	return l
}

func pair(key string, n tree.Node) *tree.Map {
	return &tree.Map{Items: []tree.Item{{Key: key, Value: n}}}
}

func TestSetFollowsTheLayoutAround(t *testing.T) {
	t.Parallel()
	two := "{\n  \"a\": {\n    \"b\": 1\n  },\n  \"l\": [\n    1\n  ],\n  \"e\": {}\n}\n"
	for _, c := range []struct {
		name, text, address string
		value               tree.Node
		want                string
	}{
		{"value", `{"a":1.0,"b":"x"}`, `["a"]`, tree.Text("y"), `{"a":"y","b":"x"}`},
		{"equal value", `{"a":1.0}`, `["a"]`, tree.NewScalar(tree.FloatValue(1)), `{"a":1.0}`},
		{"equal map", `{"a":{ "b":1e0}}`, `["a"]`, pair("b", tree.NewScalar(tree.FloatValue(1))), `{"a":{ "b":1e0}}`},
		{"new key on one line", `{"a":1,"b":2}`, `["c"]`, list(1, 2), `{"a":1,"b":2,"c": [1, 2]}`},
		{"new key after one on one line", `{"a":1}`, `["c"]`, tree.Text("<"), `{"a":1, "c": "<"}`},
		{"HTML escapes of the file", `{"a":"\u003c"}`, `["c"]`, tree.Text("<"), `{"a":"\u003c", "c": "\u003c"}`},
		{"new key in an empty object", `{}`, `["c"]`, tree.Text("x"), "{\n\t\"c\": \"x\"\n}"},
		{"new key", two, `["c"]`, list(1), "{\n  \"a\": {\n    \"b\": 1\n  },\n  \"l\": [\n    1\n  ],\n  \"e\": {},\n  \"c\": [\n    1\n  ]\n}\n"},
		{"new nested keys", two, `["a"]["c"]["d"]`, tree.Text("x"), "{\n  \"a\": {\n    \"b\": 1,\n    \"c\": {\n      \"d\": \"x\"\n    }\n  },\n  \"l\": [\n    1\n  ],\n  \"e\": {}\n}\n"},
		{"into an empty map", two, `["e"]["f"]`, tree.Text("x"), "{\n  \"a\": {\n    \"b\": 1\n  },\n  \"l\": [\n    1\n  ],\n  \"e\": {\n    \"f\": \"x\"\n  }\n}\n"},
		{"append", two, `["l"][1]`, tree.Text("x"), "{\n  \"a\": {\n    \"b\": 1\n  },\n  \"l\": [\n    1,\n    \"x\"\n  ],\n  \"e\": {}\n}\n"},
		{"append on one line", `{"l": [1,2]}`, `["l"][7]`, tree.Text("x"), `{"l": [1,2,"x"]}`},
		{"map for a scalar", two, `["l"][0]["k"]`, tree.Text("x"), "{\n  \"a\": {\n    \"b\": 1\n  },\n  \"l\": [\n    {\n      \"k\": \"x\"\n    }\n  ],\n  \"e\": {}\n}\n"},
		{"map for a list", `{"l": [1]}`, `["l"]["k"]`, tree.Text("x"), `{"l": {"k": "x"}}`},
		{"list for a map", `{"l": {"k": 1}}`, `["l"][0]`, tree.Text("x"), `{"l": ["x"]}`},
		{"CRLF", "{\r\n  \"a\": 1\r\n}\r\n", `["b"]`, tree.Text("x"), "{\r\n  \"a\": 1,\r\n  \"b\": \"x\"\r\n}\r\n"},
		{"empty map on one line in a file of many", "{\n  \"a\": {\"b\": {}}\n}\n", `["a"]["b"]["c"]`, tree.Text("x"), "{\n  \"a\": {\"b\": {\"c\": \"x\"}}\n}\n"},
		{"new key among pairs that share lines", "{\n  \"a\": 1, \"b\": 2\n}", `["c"]`, tree.Text("x"), "{\n  \"a\": 1, \"b\": 2,\n  \"c\": \"x\"\n}"},
		{"append where elements share lines", "{\n  \"m\": [\n    1, 2,\n    3, 4\n  ]\n}", `["m"][4]`, tree.Text("x"), "{\n  \"m\": [\n    1, 2,\n    3, 4, \"x\"\n  ]\n}"},
		{"other elements", "{\"m\": [\n    1,\n    2\n  ]}", `["m"]`, list(1), "{\"m\": [\n    1\n]}"},
		{"first of duplicate keys", `{"a":1,"a":2}`, `["a"]`, tree.Text("x"), `{"a":"x","a":2}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := formattest.Set(parse(t, c.text), address(t, c.address), c.value)
			if diff := cmp.Diff(c.want, string(got)); err != nil || diff != "" {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
		})
	}
}

func TestUnsetTakesOneComma(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, address, want string }{
		{`{"a":1, "b":2, "c":3}`, `["a"]`, `{"b":2, "c":3}`},
		{`{"a":1, "b":2, "c":3}`, `["b"]`, `{"a":1, "c":3}`},
		{`{"a":1, "b":2, "c":3}`, `["c"]`, `{"a":1, "b":2}`},
		{`{ "a" : 1 }`, `["a"]`, `{}`},
		{"{\n  \"a\": [\n    1\n  ]\n}", `["a"][0]`, "{\n  \"a\": []\n}"},
		{"{\n  \"a\": 1,\n  \"b\": 2\n}", `["a"]`, "{\n  \"b\": 2\n}"},
		{"{\n  \"a\": 1,\n  \"b\": 2\n}", `["b"]`, "{\n  \"a\": 1\n}"},
	} {
		got, err := formattest.Unset(parse(t, c.text), address(t, c.address))
		if err != nil || string(got) != c.want {
			t.Errorf("%s without %s: %q, %v; want %q", c.text, c.address, got, err, c.want)
		}
	}
}

func TestUnsetSaysWhatIsNotThere(t *testing.T) {
	t.Parallel()
	for _, a := range []string{`["x"]`, `["a"]["b"]`, `["l"][1]`, `["l"]["k"]`, `[0]`} {
		_, err := formattest.Unset(parse(t, `{"a": 1, "l": [1]}`), address(t, a))
		if !errors.Is(err, tree.ErrNotFound) {
			t.Errorf("unset %s: %v", a, err)
		}
	}
}

func TestTheDocumentItselfIsNoList(t *testing.T) {
	t.Parallel()
	_, err := formattest.Set(parse(t, `{"a": 1}`), address(t, "[0]"), tree.Text("x"))
	if !errors.Is(err, tree.ErrNotFound) {
		t.Error(err)
	}
}

func TestCommentsInListsGoWithTheirCommas(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		gone []int
		want string
	}{
		{`{"l": ["a", "b", "c"]}`, []int{0}, `{"l": ["b", "c"]}`},
		{`{"l": ["a", "b", "c"]}`, []int{1}, `{"l": ["a", "c"]}`},
		{`{"l": ["a", "b", "c"]}`, []int{2}, `{"l": ["a", "b"]}`},
		{`{"l": ["a", "b", "c"]}`, []int{0, 1}, `{"l": ["c"]}`},
		{`{"l": ["a", "b", "c"]}`, []int{0, 2}, `{"l": ["b"]}`},
		{`{"l": ["a", "b", "c"]}`, []int{1, 2}, `{"l": ["a"]}`},
		{`{"l": [ "a", "b", "c" ]}`, []int{0, 1, 2}, `{"l": []}`},
		{`{"l": ["a", ["b"], {"c": ["d", "e"]}]}`, []int{0, 1, 2}, `{"l": [[], {"c": ["e"]}]}`},
	} {
		d := parse(t, c.text)
		values := make([]format.Plain, d.Leaves())
		for _, ref := range c.gone {
			values[ref] = format.Plain{Set: true, Comment: true, Value: tree.StringValue(" note")}
		}
		got, err := d.Unmask(values, nil)
		if err != nil || string(got) != c.want {
			t.Errorf("%s without %v: %q, %v; want %q", c.text, c.gone, got, err, c.want)
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
	d, err := json.Format{}.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}
