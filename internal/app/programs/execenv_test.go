package programs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/format/ini"
	"github.com/seed-1f7fdfb8/sops/format/yaml"
	"github.com/seed-1f7fdfb8/sops/tree"
)

const nested = `a: 1
b-c: {d: x, e: [true, null, {f: 1.5}], g: {}, h: []}
`

func TestVariablesAreNamedByPlace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		names Names
		want  string
	}{
		{Names{Flatten: true}, "a=1 b-c_d=x b-c_e_0=true b-c_e_1= b-c_e_2_f=1.5"},
		{Names{Flatten: true, Separator: "."}, "a=1 b-c.d=x b-c.e.0=true b-c.e.1= b-c.e.2.f=1.5"},
		{Names{Flatten: true, Separator: "__", Upper: true}, "A=1 B-C__D=x B-C__E__0=true B-C__E__1= B-C__E__2__F=1.5"},
		{Names{Flatten: true, Prefix: "p_"}, "p_a=1 p_b-c_d=x p_b-c_e_0=true p_b-c_e_1= p_b-c_e_2_f=1.5"},
		{Names{Flatten: true, Prefix: "p_", Upper: true}, "p_A=1 p_B-C_D=x p_B-C_E_0=true p_B-C_E_1= p_B-C_E_2_F=1.5"},
	} {
		d, err := yaml.Format{}.Parse([]byte(nested))
		if err != nil {
			t.Fatal(err)
		}
		got, err := listed(d.Trees()[0], variables{names: test.names})
		if err != nil {
			t.Errorf("%+v: %v", test.names, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test.names, diff)
		}
	}
}

func TestVariablesOfINIHaveNoDefaultSection(t *testing.T) {
	t.Parallel()
	d, err := ini.Format{}.Parse([]byte("a = 1\n[DEFAULT.x]\nb = 2\n[s]\nDEFAULT = 3\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := listed(d.Trees()[0], variables{ini: true, names: Names{Flatten: true}})
	if want := "a=1 DEFAULT.x_b=2 s_DEFAULT=3"; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

// Two places with one name, in every way in which that can come about, and what
// no variable holds.
func TestVariablesAreRefusedByPlace(t *testing.T) {
	t.Parallel()
	for text, wants := range map[string][]string{
		"a_b: canary\na: {b: canary}":   {`["a_b"] and ["a"]["b"]`, "a_b"},
		"a_0: canary\na: [canary]":      {`["a_0"] and ["a"][0]`},
		"a: {b_c: 1}\na_b: {c: canary}": {`["a"]["b_c"] and ["a_b"]["c"]`},
		"a: canary\nA: canary":          {`["a"] and ["A"]`},
		"x: {a=b: canary}":              {`["x"]["a=b"]`},
		`x: ["canary\0"]`:               {`["x"][0] holds a NUL`},
		`x: {"a\0": canary}`:            {"holds a NUL"},
	} {
		d, err := yaml.Format{}.Parse([]byte(text + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = listed(d.Trees()[0], variables{names: Names{Flatten: true, Upper: true}})
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", text, err)
			continue
		}
		for _, want := range wants {
			if !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(want)) {
				t.Errorf("%q: %v does not name %s", text, err, want)
			}
		}
	}
}

func listed(m *tree.Map, v variables) (string, error) {
	v.at = map[string]tree.Address{}
	err := v.children(nil, "", m)
	return strings.Join(v.list, " "), err
}
