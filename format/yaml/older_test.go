package yaml

import (
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// TestHintsOfOlderFilesFit: a block kept its header, and a core tag was all that
// went into the hint; other tags and anchors stayed.
func TestHintsOfOlderFilesFit(t *testing.T) {
	t.Parallel()
	token := fakeToken(1, "str")
	for _, tt := range []struct{ encrypted, value, hint, want string }{
		{"a: |\n  T\n", "x\ny\n", "", "a: |\n  x\n  y\n"},
		{"a: |+\n  T\n", "x\n", "", "a: |+\n  x\n"},
		{"a: >\n  T\n", "x y\n", "\n  x\n  y", "a: >\n  x\n  y\n"},
		{"a: |\n  T\n", "hello", "!!binary \n  aGVsbG8=", "a: !!binary |\n  aGVsbG8=\n"},
		{"a: !Ref T\n", "x", "", "a: !Ref x\n"},
		{"a: &z \"T\"\n", "3", "!!int \"3\"", "a: &z !!int \"3\"\n"},
		{"a: \"T\"\n", "\n", "|+\n\n", "a: |+\n\n\n"},
	} {
		d, err := Format{}.ParseEncrypted([]byte(strings.ReplaceAll(tt.encrypted, "T", token)))
		if err != nil {
			t.Fatal(err)
		}
		l := &format.Layout{}
		if tt.hint != "" {
			l.Scalars = map[string]string{format.TokenHash(token): tt.hint}
		}
		got, err := d.Unmask([]format.Plain{{Set: true, Value: tree.StringValue(tt.value)}}, l)
		if err != nil || string(got) != tt.want {
			t.Errorf("%q with %q: got %q, %v, want %q", tt.encrypted, tt.hint, got, err, tt.want)
		}
	}
}
