package yaml

import (
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// The metadata of a file is indented as the program that wrote it does, which
// says nothing of a content that has an indentation.
func TestNewEntriesAreIndentedAsTheContentIs(t *testing.T) {
	t.Parallel()
	const meta = "sops:\n    kms:\n        - arn: x\n          context:\n              a: b\n    version: 3.13.3\n"
	tests := []struct{ name, src, want string }{
		{"maps", "a:\n  b: x\n", "a:\n  b: x\nnew:\n  k: v\n"},
		{"maps, not lists", "a:\n   b:\n     - x\n", "a:\n   b:\n     - x\nnew:\n   k: v\n"},
		{"lists where there are no maps", "a:\n  - x\n", "a:\n  - x\nnew:\n  k: v\n"},
		{"the metadata where the content shows none", "a:\n- x\n", "a:\n- x\nnew:\n    k: v\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d, err := Format{}.ParseEncrypted([]byte(test.src + meta))
			if err != nil {
				t.Fatal(err)
			}
			changed, err := d.Apply([]format.Change{{At: address(t, `["new"]`), New: object(item("k", tree.Text("v")))}})
			if err != nil {
				t.Fatal(err)
			}
			if got := string(changed.Bytes()); got != test.want+meta {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want+meta)
			}
		})
	}
}
