package yaml

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// texts returns the YAML files of the project's test data, and those below the
// directories of $SOPS_CORPUS.
func texts(t testing.TB) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, dir := range append([]string{"testdata", "../../internal/test/golden"}, filepath.SplitList(os.Getenv("SOPS_CORPUS"))...) {
		err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml") {
				return err
			}
			text, err := os.ReadFile(name)
			files[name] = strings.TrimPrefix(string(text), byteOrderMark)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// drawing is a text that two scans have in common if they agree. Values without
// text have no place of their own.
func drawing(text string, s *scan) string {
	var b strings.Builder
	var draw func(n tree.Node, depth int)
	draw = func(n tree.Node, depth int) {
		pad := strings.Repeat(" ", depth)
		switch n := n.(type) {
		case *tree.Map:
			for _, it := range n.Items {
				fmt.Fprintf(&b, "%s%q:\n", pad, it.Key)
				draw(it.Value, depth+1)
			}
		case *tree.List:
			fmt.Fprintf(&b, "%s-\n", pad)
			for _, it := range n.Items {
				draw(it, depth+1)
			}
		case *tree.Scalar:
			fmt.Fprintf(&b, "%s=%d %d %q\n", pad, n.Ref, n.Value.Kind(), n.Value.Canonical())
		case *tree.Comment:
			fmt.Fprintf(&b, "%s#%d %v %q\n", pad, n.Ref, n.Inline, n.Text)
		}
	}
	for _, m := range s.trees {
		b.WriteString("document\n")
		draw(m, 1)
	}
	for i, l := range s.leaves {
		if l.start == l.end {
			// Neither do empty comments, which all look the same to the library.
			l.prop, l.start, l.end, l.line = 0, 0, 0, 0
		}
		l.value = tree.Value{}
		if l.block() && strings.TrimSpace(text[l.start+1:l.end]) == strings.TrimSpace(text[l.start+1:l.head]) {
			l.body, l.end = 0, 0
		}
		fmt.Fprintf(&b, "leaf %d %+v\n", i, l)
	}
	for _, x := range s.sites {
		x.value = nil
		fmt.Fprintf(&b, "site %+v\n", x)
	}
	for _, p := range s.parts {
		p.meta.next = 0
		if !p.flow {
			p.open = 0
		}
		fmt.Fprintf(&b, "part %+v\n", p)
	}
	fmt.Fprintf(&b, "%+v %d\n", s.keys, s.reserved)
	if s.meta != nil {
		fmt.Fprintf(&b, "%+v\n", s.brackets)
	}
	if s.meta != nil {
		draw(s.meta, 0)
	}
	return b.String()
}

// TestTheLibraryFindsTheSame compares our reading with that by way of the library,
// place by place, wherever our parser has no doubts.
func TestTheLibraryFindsTheSame(t *testing.T) {
	t.Parallel()
	changes := map[string]func(string) string{
		"as it is":   func(s string) string { return s },
		"no newline": func(s string) string { return strings.TrimRight(s, "\r\n") },
		"CRLF":       func(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n") },
	}
	for change, f := range changes {
		for _, encrypted := range []bool{false, true} {
			sure, doubts, refused := 0, 0, 0
			for name, text := range texts(t) {
				text = f(text)
				p, err := yamltext.Options{Entry: !encrypted}.Parse(text)
				switch {
				case err != nil || len(p.Documents) == 0:
					refused++
					continue
				case len(p.Doubts) > 0:
					doubts++
					if err := referee(p, encrypted); err != nil {
						t.Errorf("%s (%s, encrypted %v): %v", name, change, encrypted, err)
					}
				default:
					sure++
				}
				theirs, libErr := readByLibrary([]byte(text), encrypted)
				ours, err := scanOf([]byte(text), p, encrypted)
				if libErr != nil || err != nil {
					if fmt.Sprint(err) != fmt.Sprint(libErr) {
						t.Errorf("%s (%s, encrypted %v): got error %v, want %v", name, change, encrypted, err, libErr)
					}
					continue
				}
				for _, tag := range ours.tags {
					// The library's nodes do not tell a tag of a map from one of its first key.
					if !slices.ContainsFunc(theirs.tags, func(t tagged) bool { return t.span == tag.span }) {
						t.Errorf("%s: a tag at %v", name, tag.span)
					}
				}
				if d := firstLine(drawing(text, ours), drawing(text, theirs)); d != "" {
					t.Errorf("%s (%s, encrypted %v):\n%s", name, change, encrypted, d)
				}
			}
			t.Logf("%s, encrypted %v: %d read by our parser alone, %d by the library too, %d refused", change, encrypted, sure, doubts, refused)
		}
	}
}

func firstLine(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "got  " + g[i] + "\nwant " + w[i]
		}
	}
	if len(g) != len(w) {
		return fmt.Sprintf("%d lines, want %d", len(g), len(w))
	}
	return ""
}
