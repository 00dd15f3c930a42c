package ini

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/internal/test/formattest"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func address(keys ...string) tree.Address {
	var a tree.Address
	for _, k := range keys {
		a = append(a, tree.Step{Key: k, IsKey: true})
	}
	return a
}

func TestSetChangesOneLineInItsStyle(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, src, section, key, value, want string
	}{
		{"quotes stay", "a = \"x\" ; c\n", "DEFAULT", "a", "y", "a = \"y\" ; c\n"},
		{"literal quotes stay", "a = `x`\n", "DEFAULT", "a", "y\nz", "a = `y\nz`\n"},
		{"a plain value", "a=x\n", "DEFAULT", "a", "y", "a=y\n"},
		{"a sign needs quotes", "a = x\n", "DEFAULT", "a", "p;q", "a = `p;q`\n"},
		{"an empty value", "a =\nb=\n", "DEFAULT", "a", "y", "a = y\nb=\n"},
		{"a tight empty value", "a =\nb=\n", "DEFAULT", "b", "y", "a =\nb=y\n"},
		{"a value before a comment", "a = ; c\n", "DEFAULT", "a", "y", "a = y ; c\n"},
		{"a comment with quotes", "\ta = x ; `b` \"\"\"c\"\"\"\n", "DEFAULT", "a", "y;z", "\t; `b` \"\"\"c\"\"\"\n\ta = `y;z`\n"},
		{"the last of a repeated key", "a=1\na=2\n", "DEFAULT", "a", "3", "a=1\na=3\n"},
		{"several lines become one", "a = one \\\n two\nb=1\n", "DEFAULT", "a", "x", "a = x\nb=1\n"},
		{"to nothing", "a = x\n", "DEFAULT", "a", "", "a = \n"},
		{"a new key", "[s]\na: 1\n\n[t]\nx=1\n", "s", "b", "2", "[s]\na: 1\nb: 2\n\n[t]\nx=1\n"},
		{"a new key, aligned", "[s]\nlonger = 1\na      = 2\n", "s", "bc", "3", "[s]\nlonger = 1\na      = 2\nbc     = 3\n"},
		{"a new key, indented", "[s]\r\n\ta=1\r\n", "s", "b", "3", "[s]\r\n\ta=1\r\n\tb=3\r\n"},
		{"a new key at an open end", "[s]\na=1", "s", "b", "3", "[s]\na=1\nb=3"},
		{"a first key", "[s]\n\n[t]\n", "s", "b", "3", "[s]\nb = 3\n\n[t]\n"},
		{"a key before all sections", "; about s\n[s]\nb=1\n", "DEFAULT", "a", "3", "a = 3\n\n; about s\n[s]\nb=1\n"},
		{"a new section", "a=1\n", "s", "b", "3", "a=1\n\n[s]\nb = 3\n"},
		{"a new section in an empty file", "", "s", "b", "3", "[s]\nb = 3\n"},
		{"a new section at an open end", "[t]\na=1", "s", "b", "3", "[t]\na=1\n\n[s]\nb = 3"},
		{"a new section before the metadata", "[t]\na=1\n\n[sops]\nmac = x\n", "s", "b", "3", "[t]\na=1\n\n[s]\nb = 3\n\n[sops]\nmac = x\n"},
		{"after an open backslash", "a = x\\\n", "DEFAULT", "b", "3", "a = x\\\n\nb = 3\n"},
	} {
		d, err := Format{}.Parse([]byte(test.src))
		if err != nil {
			t.Fatal(err)
		}
		got, err := formattest.Set(d, address(test.section, test.key), tree.Text(test.value))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, string(got)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func TestSetOfAWholeSection(t *testing.T) {
	t.Parallel()
	d, err := Format{}.Parse([]byte("[a]\nx = \"1\"\ny=2\n\n[b]\nz=3\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		section string
		m       *tree.Map
		want    string
	}{
		{"a", metaOf("x", "1", "y", "2"), "[a]\nx = \"1\"\ny=2\n\n[b]\nz=3\n"},
		{"a", metaOf("x", "1", "long", "2"), "[a]\nx    = 1\nlong = 2\n\n[b]\nz=3\n"},
		{"b", &tree.Map{}, "[a]\nx = \"1\"\ny=2\n\n[b]\n"},
		{"c", metaOf("k", "v"), "[a]\nx = \"1\"\ny=2\n\n[b]\nz=3\n\n[c]\nk = v\n"},
	} {
		got, err := formattest.Set(d, address(test.section), test.m)
		if err != nil {
			t.Errorf("%s: %v", test.section, err)
		}
		if diff := cmp.Diff(test.want, string(got)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestUnsetLeavesTheCommentsAbove(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, src string
		a         tree.Address
		want      string
	}{
		{"a key", "; far\n\n; near\na=1 ; c\nb=2\n", address("DEFAULT", "a"), "; far\n\n; near\nb=2\n"},
		{"every line of it", "a=1\nb=2\na=3\n", address("DEFAULT", "a"), "b=2\n"},
		{"the last, at an open end", "a=1\nb=2", address("DEFAULT", "b"), "a=1"},
		{"several lines", "a = \"\"\"x\ny\"\"\"\nb=2\n", address("DEFAULT", "a"), "b=2\n"},
		{"a numbered key", "- = x\n- = y\n", address("DEFAULT", "#1"), "`#2` = y\n"},
		{"a section", "a=1\n\n; s\n[s]\nb=1\n\n[t]\nc=1\n", address("s"), "a=1\n\n; s\n\n[t]\nc=1\n"},
		{"the first section", "[s]\nb=1\n\n[t]\nc=1\n", address("s"), "[t]\nc=1\n"},
		{"the last section", "[s]\nb=1\n\n[t]\nc=1\n", address("t"), "[s]\nb=1\n"},
	} {
		d, err := Format{}.Parse([]byte(test.src))
		if err != nil {
			t.Fatal(err)
		}
		got, err := formattest.Unset(d, test.a)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, string(got)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func TestEditsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	d, err := Format{}.Parse([]byte("[s]\na=1\nb = \"\"\""))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		a tree.Address
		n tree.Node
	}{
		{address("s", "a", "deep"), tree.Text("x")},
		{address("s"), tree.Text("x")},
		{address("s", "a"), mapOf()},
		{address("s", "a"), &tree.List{}},
		{append(address("s"), tree.Step{Index: 0}), tree.Text("x")},
		{address("s", "a\nb"), tree.Text("x")},
		{address("sops", "mac"), tree.Text("x")},
		{address("s", "new"), tree.Text("the quotes above would open")},
	} {
		if got, err := formattest.Set(d, test.a, test.n); err == nil {
			t.Errorf("set %s gives %q", test.a, got)
		}
	}
	for _, a := range []tree.Address{nil, address("t"), address("s", "z"), append(address("s"), tree.Step{Index: 0})} {
		if got, err := formattest.Unset(d, a); err == nil {
			t.Errorf("unset %s gives %q", a, got)
		}
	}
}
