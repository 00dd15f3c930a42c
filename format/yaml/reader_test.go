package yaml

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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

// drawing is a text that two scans have in common if they agree.
func drawing(s *scan) string {
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
	for i := range s.leaves {
		l := s.leafAt(i)
		l.value = tree.Value{}
		fmt.Fprintf(&b, "leaf %d %+v\n", i, l)
	}
	for _, x := range s.sites {
		x.value = nil
		fmt.Fprintf(&b, "site %+v\n", x)
	}
	fmt.Fprintf(&b, "%+v %+v %+v %d %+v\n", s.parts, s.tags, s.keys, s.reserved, s.brackets)
	if s.meta != nil {
		draw(s.meta, 0)
	}
	return b.String()
}

// TestTheRefereeFindsTheSame asks the library about texts of which our parser is
// certain: comments belong to the same in both readings. For the others, the
// two must agree on all but that. The share of those is shown, and is small.
func TestTheRefereeFindsTheSame(t *testing.T) {
	t.Parallel()
	changes := map[string]func(string) string{
		"as it is":   func(s string) string { return s },
		"no newline": func(s string) string { return strings.TrimRight(s, "\r\n") },
		"CRLF":       func(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n") },
	}
	for change, f := range changes {
		for _, encrypted := range []bool{false, true} {
			read, doubted := 0, 0
			for name, text := range texts(t) {
				text = f(text)
				p, err := yamltext.Options{Entry: !encrypted}.Parse(text)
				if err != nil {
					continue
				}
				read++
				ours, err := scanOf([]byte(text), p, encrypted)
				if refereeErr := referee(p, encrypted); refereeErr != nil {
					t.Errorf("%s (%s, encrypted %v): %v", name, change, encrypted, refereeErr)
				}
				if len(p.Doubts) > 0 {
					doubted++
					continue
				}
				if err != nil {
					continue
				}
				theirs, err := scanOf([]byte(text), p, encrypted)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				if d := firstLine(drawing(ours), drawing(theirs)); d != "" {
					t.Errorf("%s (%s, encrypted %v):\n%s", name, change, encrypted, d)
				}
			}
			t.Logf("%s, encrypted %v: %d of %d texts were in doubt", change, encrypted, doubted, read)
			if change == "as it is" && 100*doubted > 3*read {
				t.Errorf("%d of %d texts were in doubt", doubted, read)
			}
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
