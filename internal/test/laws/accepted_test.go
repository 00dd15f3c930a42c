package laws_test

import (
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/tree"
)

func TestAFileOfCommentsIsAccepted(t *testing.T) {
	t.Parallel()
	for _, src := range []string{"# todo\n", "# todo", "\n# a\n\n# b\n\n", "# a\r\n# b\r\n", "  # a\n"} {
		c, err := encryptText(t, formatFor(t, "x.yaml"), []byte(src))
		if err != nil {
			t.Errorf("%q: %v", src, err)
			continue
		}
		if strings.Contains(string(c.encrypted), "todo") {
			t.Errorf("%q is readable", src)
		}
		o, err := c.open(c.encrypted)
		if err != nil || string(plainOf(o)) != src {
			t.Errorf("%q came back as %q, %v", src, plainOf(o), err)
			continue
		}
		if err := o.Set(tree.Address{{Key: "a", IsKey: true}}, tree.Text("b")); err != nil {
			t.Errorf("%q: set: %v", src, err)
			continue
		}
		out, err := o.Encrypt(encryptOptions())
		if err != nil {
			t.Errorf("%q: set: %v", src, err)
			continue
		}
		if o, err = c.open(out); err != nil || !strings.Contains(string(plainOf(o)), "a: b") || strings.Count(string(plainOf(o)), "#") != strings.Count(src, "#") {
			t.Errorf("%q after set: %q, %v", src, plainOf(o), err)
		}
	}
}

// TestWhatSOPSRefusesIsRefusedWithItsPlace: line and column, and what to do.
func TestWhatSOPSRefusesIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ src, want string }{
		"another version.yaml":  {"# c\n%YAML 1.2\n---\na: b\n", "line 2, column 1: the directive asks for another version of YAML than 1.1"},
		"a deleted anchor.yaml": {"a: 1\nb: [x, *gone]\n", "line 2, column 8: unknown anchor"},
		"no delimiter.ini":      {"[s]\na = 1\nkey\n", "line 3, column 1: "},
		"a line.env":            {"A=1\nB\n", "line 2"},
		"cut off.json":          {"{\"a\": 1,\n \"b\"", "line 2, column 5: "},
		"first line.yaml":       {"a: [1, }\n", "line 1"},
		"control.yaml":          {"a: b\nc: \x01\n", "line 2, column 4: "},
	} {
		_, err := formatFor(t, name).Parse([]byte(tt.src))
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: %q: got %v, want %s", name, tt.src, err, tt.want)
		}
	}
}
