package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheListHasEnoughFilesAndNoneTwice(t *testing.T) {
	t.Parallel()
	rows, err := parseList(list)
	if err != nil {
		t.Fatal(err)
	}
	count, sums, targets := map[string]int{}, map[string]bool{}, map[string]bool{}
	for _, r := range rows {
		if sums[r.sum] || targets[r.target()] {
			t.Errorf("%s: %s is there twice", r.source, r.path)
		}
		sums[r.sum], targets[r.target()] = true, true
		count[formatOf(r.path)]++
	}
	for format, n := range enough {
		if count[format] < n {
			t.Errorf("%d %s files, want %d", count[format], format, n)
		}
	}
}

func TestRowsReadBackAsTheyArePrinted(t *testing.T) {
	t.Parallel()
	want := newRow(source{"npm", "@scope/name", "1.2.3"}, "package/.env.example", []byte("A=1\n"))
	got, err := parseList(want.String() + "\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0] != want {
		t.Errorf("%v, want %v", got, want)
	}
	if name := "dotenv/npm/@scope_name@1.2.3/package/.env.example.env"; want.target() != name {
		t.Errorf("target %s, want %s", want.target(), name)
	}
}

func TestFormatsAreToldFromNames(t *testing.T) {
	t.Parallel()
	names := []string{"a/b.yml", "b.yaml", "c.json", ".env", "x/.env.local", "d.env", "e.ini", "f.conf", "g.cfg", "h.go", "yaml"}
	var got []string
	for _, n := range names {
		got = append(got, formatOf(n))
	}
	want := []string{"yaml", "yaml", "json", "dotenv", "dotenv", "dotenv", "ini", "ini", "ini", "", ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTemplatesAndOtherConfigurationIsLeftOut(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		format, name, content string
		want                  bool
	}{
		{"yaml", "chart/templates/a.yaml", "a: {{ .Values.a }}\n", false},
		{"yaml", "chart/values.yaml", "a: {{ text\n", true}, // not for us to decide
		{"ini", "etc/x.conf", "[a]\nb = c\n\n[d]\ne = f\n", true},
		{"ini", "etc/x.conf", "server {\n  listen 80;\n}\n", false},
		{"ini", "etc/x.ini", "anything", true},
		{"json", "x.json", "", false},
		{"json", "x.json", "{\"a\": \"\x00\"}", false},
		{"json", "x.json", strings.Repeat(" ", maxSize+1), false},
	} {
		if got := wanted(x.format, x.name, []byte(x.content)); got != x.want {
			t.Errorf("%s %.40q: %t, want %t", x.name, x.content, got, x.want)
		}
	}
}

func TestNoPackageGivesMoreThanItsShare(t *testing.T) {
	t.Parallel()
	var rows []row
	for i := range 100 {
		rows = append(rows, newRow(source{}, "f", bytes.Repeat([]byte("x"), i)))
	}
	got := spread(rows, 4)
	var sizes []int
	for _, r := range got {
		sizes = append(sizes, r.size)
	}
	if diff := cmp.Diff([]int{0, 25, 50, 75}, sizes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
