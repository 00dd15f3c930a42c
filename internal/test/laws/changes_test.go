package laws_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// wide holds, for each format, the beginning of a text, a piece of it with many
// forms, and one with few; %[1]d counts the pieces. What begins with old changes.
var wide = map[string][3]string{
	"yaml": {"# top\nlist:\n  # in the list\n  - one\n  # between\n  - 1.0\n  # end\nservices:\n", `  s%[1]d:
    # about s%[1]d
    name: old-%[1]d-
    quoted: "q %[1]d"
    single: 'old-%[1]d-'
    ratio: 2.0
    on: yes
    hex: 0x1F
    flag: true
    text: |
      old-%[1]d-
      more
    kept: |+
      line %[1]d

    folded: >-
      a b
      c d
    flow: {a: 1.0, b: [x, "y", old-%[1]d-]}
    tag: !Ref thing
`, "  s%[1]d: old-%[1]d-\n"},
	"json": {
		"{\n\t\"first\": 1.0", ",\n\t\"s%[1]d\": {\"name\": \"old-%[1]d-\", \"ratio\": 2.0, \"big\": 1e3, \"n\": [1, 1.50, \"\\u0041\"], \"b\": true}",
		",\n\t\"s%[1]d\": \"old-%[1]d-\"",
	},
	"dotenv": {"# top\nFIRST=1\n", "# about %[1]d\nNAME_%[1]d=old-%[1]d-\nQUOTED_%[1]d=\"x y\"\nN_%[1]d=1.0\n", "N%[1]d=old-%[1]d-\n"},
	"ini": {
		"; top\n[first]\na = 1.0\n", "; about %[1]d\n[s%[1]d]\nname = old-%[1]d-\nquoted = \"x y\"\nn = 1.0\nlist=0.4; 0.2\n",
		"k%[1]d = old-%[1]d-\n",
	},
}

const wideValues = 1000

func wideText(format string) string {
	var b strings.Builder
	b.WriteString(wide[format][0])
	for i := range wideValues {
		piece := wide[format][1]
		if i >= 40 {
			piece = wide[format][2]
		}
		fmt.Fprintf(&b, piece, i)
	}
	if format == "json" {
		b.WriteString("\n}\n")
	}
	return b.String()
}

// asSOPS returns the encrypted text as SOPS lays it out: the tree alone, with
// the comments in lists as elements, and neither seal nor layout.
func asSOPS(t *testing.T, c lawCase) []byte {
	t.Helper()
	d, err := c.format.ParseEncrypted(c.encrypted)
	if err != nil {
		t.Fatal(err)
	}
	var trees []*tree.Map
	for _, m := range d.Trees() {
		m = tree.Clone(m).(*tree.Map)
		tree.Each(m, func(n tree.Node) {
			l, ok := n.(*tree.List)
			if !ok {
				return
			}
			for i, it := range l.Items {
				if c, ok := it.(*tree.Comment); ok {
					l.Items[i] = tree.Text(c.Text)
				}
			}
		})
		trees = append(trees, m)
	}
	text, err := c.format.Render(trees)
	if err != nil {
		t.Fatal(err)
	}
	if d, err = c.format.ParseEncrypted(text); err != nil {
		t.Fatal(err)
	}
	masked, err := d.Mask(make([]string, d.Leaves()))
	if err != nil {
		t.Fatal(err)
	}
	meta := *c.decrypted.Meta
	meta.Seal, meta.Layout = "", ""
	out, err := masked.Insert(meta.Encode())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestAnyNumberOfChangesLeavesTheOthersAlone: what an edit does not touch keeps
// its token, its type, its quotes and its line.
func TestAnyNumberOfChangesLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	for name := range wide {
		for _, writer := range []string{"ours", "SOPS"} {
			t.Run(name+" by "+writer, func(t *testing.T) {
				t.Parallel()
				f := lawFormatNamed(t, name)
				c, err := encryptText(t, f, []byte(wideText(name)))
				if err != nil {
					t.Fatal(err)
				}
				encrypted := c.encrypted
				if writer == "SOPS" {
					encrypted = asSOPS(t, c)
				}
				for _, n := range []int{1, 33, wideValues} {
					for _, also := range []string{"", "a comment"} {
						checkChanges(t, c, encrypted, n, also)
					}
				}
			})
		}
	}
}

func lawFormatNamed(t *testing.T, name string) format.Format {
	t.Helper()
	return formatFor(t, map[string]string{"yaml": "x.yaml", "json": "x.json", "dotenv": "x.env", "ini": "x.ini"}[name])
}

// checkChanges changes the values of n pieces, and perhaps adds a comment.
func checkChanges(t *testing.T, c lawCase, encrypted []byte, n int, also string) {
	t.Helper()
	o, err := c.open(encrypted)
	if err != nil {
		t.Fatal(err)
	}
	text := string(plainOf(o))
	changed := 0
	for i := range n {
		old := fmt.Sprintf("old-%d-", i)
		changed += strings.Count(text, old)
		text = strings.ReplaceAll(text, old, fmt.Sprintf("new-%d-", i))
	}
	lines := changed
	if also != "" && c.format.Name() != "json" {
		sign := "#"
		if c.format.Name() == "ini" {
			sign = ";"
		}
		text = sign + " " + also + "\n" + text
		lines++
	}
	if err := o.Replace([]byte(text)); err != nil {
		t.Fatal(err)
	}
	out, err := o.Encrypt(encryptOptions())
	if err != nil {
		t.Fatalf("%d changes %s: %v", n, also, err)
	}
	back, err := c.open(out)
	if err != nil || string(plainOf(back)) != text {
		t.Errorf("%d changes %s: the text does not come back: %v\n%s", n, also, err, cmp.Diff(firstLines(text), firstLines(string(plainOf(back)))))
	}
	before, after := bodyLines(t, c.format, encrypted), bodyLines(t, c.format, out)
	// INI keeps a block of comments above a key as one.
	if gone := missing(before, after); len(gone) > lines {
		t.Errorf("%d changes of %d values %s: %d lines are gone, such as\n%s", n, changed, also, len(gone), strings.Join(gone[:min(6, len(gone))], "\n"))
	}
	if diff := missing(typesOf(t, c, encrypted, n), typesOf(t, c, out, n)); len(diff) > 0 {
		t.Errorf("%d changes %s: types are gone: %v", n, also, diff[:min(6, len(diff))])
	}
}

func firstLines(s string) []string {
	l := strings.Split(s, "\n")
	return l[:min(len(l), 40)]
}

func bodyLines(t *testing.T, f format.Format, encrypted []byte) []string {
	t.Helper()
	return strings.Split(string(bodyOf(t, f, encrypted)), "\n")
}

// missing returns what a has and b has not, counted.
func missing(a, b []string) []string {
	have := map[string]int{}
	for _, s := range b {
		have[s]++
	}
	var out []string
	for _, s := range a {
		if have[s]--; have[s] < 0 {
			out = append(out, s)
		}
	}
	return out
}

// typesOf lists the values of the pieces that do not change, with their types as
// the tokens say them.
func typesOf(t *testing.T, c lawCase, encrypted []byte, n int) []string {
	t.Helper()
	s, err := envelope.Parse(encrypted, c.format)
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.DecryptWith(c.decrypted.Data, envelope.DecryptOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, at := range addresses(o.Trees()) {
		v, err := tree.Find(o.Trees()[0], at)
		if err != nil {
			t.Fatal(err)
		}
		if v := v.(*tree.Scalar).Value; !slices.Contains([]string{"old", "new"}, v.Canonical()[:min(3, len(v.Canonical()))]) {
			out = append(out, at.String()+" "+v.Type())
		}
	}
	return out
}
