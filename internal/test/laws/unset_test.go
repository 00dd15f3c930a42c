package laws_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// TestUnsetLeavesTheCommentsAbove holds in every format, for files of both
// writers: a comment above a key can be the licence of the file.
func TestUnsetLeavesTheCommentsAbove(t *testing.T) {
	t.Parallel()
	key := func(keys ...string) tree.Address {
		var a tree.Address
		for _, k := range keys {
			a = append(a, tree.Step{Key: k, IsKey: true})
		}
		return a
	}
	for _, tt := range []struct {
		format, src string
		at          tree.Address
		want        string
	}{
		{"yaml", "# SPDX\n# more\na: 1\nb: 2\n", key("a"), "# SPDX\n# more\nb: 2\n"},
		{"yaml", "# SPDX\n\n# about a\na: 1\n# about b\nb: 2\n", key("a"), "# SPDX\n\n# about a\n# about b\nb: 2\n"},
		{"yaml", "# SPDX\na: 1\n# about b\nb: 2\n# foot\n", key("b"), "# SPDX\na: 1\n# about b\n# foot\n"},
		{"yaml", "# SPDX\na: 1\n# foot\n", key("a"), "# SPDX\n# foot\n{}\n"},
		{"yaml", "# SPDX\na:\n    # in a\n    b: 1\n    c: 2\n", key("a", "b"), "# SPDX\na:\n    # in a\n    c: 2\n"},
		{"yaml", "# SPDX\na:\n    # in a\n    b: 1\nc: 2\n", key("a", "b"), "# SPDX\na: {}\n    # in a\nc: 2\n"},
		{"yaml", "l:\n    # in l\n    - x\n    # more\n    - z\n", append(key("l"), tree.Step{Index: 0}), "l:\n    # in l\n    # more\n    - z\n"},
		{"yaml", "# one\na: 1\nb: 1\n---\n# two\nb: 2\n", key("a"), "# one\nb: 1\n---\n# two\nb: 2\n"},
		{"dotenv", "# SPDX\n# about A\nA=1\n# about B\nB=2\n", key("A"), "# SPDX\n# about A\n# about B\nB=2\n"},
		{"dotenv", "# SPDX\nA=1\n", key("A"), "# SPDX\n"},
		{"ini", "; SPDX\n[s]\n; about a\na = 1\n; about b\nb = 2\n", key("s", "a"), "; SPDX\n[s]\n; about a\n; about b\nb = 2\n"},
		{"ini", "; SPDX\n[s]\n; about a\na = 1\n\n[t]\nb = 2\n", key("s", "a"), "; SPDX\n[s]\n; about a\n\n[t]\nb = 2\n"},
		{"ini", "; SPDX\n[s]\na = 1\n\n[t]\nb = 2\n", key("s"), "; SPDX\n\n[t]\nb = 2\n"},
		{"json", "{\n\t\"a\": 1,\n\t\"b\": 2\n}\n", key("a"), "{\n\t\"b\": 2\n}\n"},
	} {
		c, err := encryptText(t, lawFormatNamed(t, tt.format), []byte(tt.src))
		if err != nil {
			t.Fatalf("%q: %v", tt.src, err)
		}
		for writer, encrypted := range map[string][]byte{"ours": c.encrypted, "SOPS": asSOPS(t, c)} {
			o, err := c.open(encrypted)
			if err != nil {
				t.Fatalf("%q by %s: %v", tt.src, writer, err)
			}
			if writer == "SOPS" && string(plainOf(o)) != tt.src {
				continue // it has no such layout
			}
			if err := o.Unset(tt.at); err != nil {
				t.Errorf("%q by %s: %v", tt.src, writer, err)
				continue
			}
			out, err := o.Encrypt(encryptOptions())
			if err != nil {
				t.Errorf("%q by %s: %v", tt.src, writer, err)
				continue
			}
			back, err := c.open(out)
			if err != nil {
				t.Errorf("%q by %s: %v", tt.src, writer, err)
				continue
			}
			if diff := cmp.Diff(tt.want, string(plainOf(back))); diff != "" {
				t.Errorf("%q by %s, unset %s (-want +got):\n%s", tt.src, writer, tt.at, diff)
			}
		}
	}
}
