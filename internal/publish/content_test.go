package publish

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/format/yaml"
)

func content(t *testing.T, src string) *Content {
	t.Helper()
	c, err := contentOf(src)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return c
}

func contentOf(src string) (*Content, error) {
	d, err := yaml.Format{}.Parse([]byte(src))
	if err != nil {
		return nil, err
	}
	return NewContent(d.Trees())
}

func TestContentIsJSONWithTypes(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"b: 1\na: x\n": `{"a":"x","b":1}`,
		"# c\na: [1, 1.5, true, null, {x: <&>}]\n": `{"a":[1,1.5,true,null,{"x":"<&>"}]}`,
		"a: 2020-01-02T03:04:05Z\n":                `{"a":"2020-01-02T03:04:05Z"}`,
		"a: 9223372036854775807\n":                 `{"a":9223372036854775807}`,
		"a: 1\n---\nb: {}\n":                       `{"a":1,"b":{}}`,
	} {
		got, err := content(t, src).JSON()
		if err != nil || string(got) != want {
			t.Errorf("%q: got %s, %v, want %s", src, got, err, want)
		}
	}
}

func TestWhatNoDestinationKeepsIsRefused(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"a: 1\n---\na: 2\n": `["a"]: duplicate key`,
		"a: .nan\n":         `["a"]: JSON has no such number`,
		"a: [.inf]\n":       `["a"][0]: JSON has no such number`,
		"{}\n":              "there are no values in it",
	} {
		if _, err := contentOf(src); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", src, err, want)
		}
	}
	for src, want := range map[string]string{
		"a: {b: ''}\n":         `["a"]["b"]: the value is empty`,
		"a: null\n":            `["a"]: the value is empty`,
		"a: {b: x}\na/b: x2\n": "would have the same name",
	} {
		if _, err := content(t, src).Leaves(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", src, err, want)
		}
	}
}

func TestDifferencesAreNamesWithoutValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		there, here string
		want        []Key
	}{
		{`{"a":1,"b":{"c":[1,2]}}`, "b: {c: [1, 2]}\na: 1\n", nil},
		{`{"a":1.0,"b":1e3,"c":"1"}`, "a: 1\nb: 1000.0\nc: '1'\n", nil},
		{`{"a":9007199254740993}`, "a: 9007199254740992\n", []Key{{Edited, `["a"]`}}},
		{`{"a":1}`, "a: '1'\n", []Key{{Edited, `["a"]`}}},
		{`{"a":null}`, "a: false\n", []Key{{Edited, `["a"]`}}},
		{`{"a":{"x":1},"gone":{"y":1,"z":[]}}`, "a: {x: 2, n: {m: 1}}\n", []Key{{Added, `["a"]["n"]["m"]`}, {Edited, `["a"]["x"]`}, {Removed, `["gone"]["y"]`}, {Removed, `["gone"]["z"]`}}},
		{`{"a":[1]}`, "a: {b: 1}\n", []Key{{Edited, `["a"]`}}},
		{`{"a":[1]}`, "a: [1, 2]\n", []Key{{Added, `["a"][1]`}}},
		{`{"a":{}}`, "a: []\n", []Key{{Edited, `["a"]`}}},
		{`[1]`, "a: 1\n", []Key{{Added, `["a"]`}}},
		{`{"a":1}{}`, "a: 1\n", []Key{{Added, `["a"]`}}},
	} {
		got := Whole(content(t, c.here), Decode([]byte(c.there)))
		if diff := cmp.Diff(c.want, got.Keys); diff != "" {
			t.Errorf("%s to %q: %s", c.there, c.here, diff)
		}
		if (got.State == Same) != (c.want == nil) {
			t.Errorf("%s to %q: state %s", c.there, c.here, got.State)
		}
	}
}

func TestMessagesThatQuoteAValueAreNotShown(t *testing.T) {
	t.Parallel()
	c := content(t, "a: {b: [canary, 12345, \"two\\nlines\"]}\nshort: x\n")
	for message, shown := range map[string]bool{
		"Value 'canary' is wrong": false, "number 12345": false, `{"v":"two\nlines"}`: false,
		"x is too short": true, "access denied": true,
	} {
		if got := c.Scrub(message); (got == message) != shown {
			t.Errorf("%q: got %q", message, got)
		}
	}
	if got := c.Scrub("a\x1b[2Jb\nc"); strings.ContainsAny(got, "\x1b\n") {
		t.Errorf("got %q", got)
	}
}

func TestOnlyKMSKeysOfLikeNamesAreCompared(t *testing.T) {
	t.Parallel()
	const id = "11111111-1111-4111-8111-000000000001"
	arn := "arn:aws:kms:eu-west-1:111111111111:key/" + id
	for _, c := range []struct {
		want, has string
		other     bool
	}{
		{"", arn, false},
		{arn, "", true},
		{arn, "alias/aws/ssm", true},
		{"alias/aws/ssm", "", false},
		{"alias/aws/ssm", "alias/aws/ssm", false},
		{arn, arn, false},
		{id, arn, false},
		{"other", arn, true},
		{"alias/a", arn, false},
		{"alias/a", "arn:aws:kms:eu-west-1:111111111111:alias/a", false},
		{"alias/a", "alias/b", true},
	} {
		if got := OtherKey(c.want, c.has); got != c.other {
			t.Errorf("OtherKey(%q, %q) = %v", c.want, c.has, got)
		}
	}
}
