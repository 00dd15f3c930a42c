package shapes_test

import (
	"bytes"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/test/bench/shapes"
	"github.com/seed-1f7fdfb8/sops/std"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// values counts the scalars of trees.
func values(trees []*tree.Map) (n int) {
	for _, t := range trees {
		tree.Each(t, func(n2 tree.Node) {
			if _, ok := n2.(*tree.Scalar); ok {
				n++
			}
		})
	}
	return n
}

func TestEveryShapeHoldsSoManyValuesInEveryFormat(t *testing.T) {
	t.Parallel()
	for _, s := range shapes.All() {
		for _, name := range s.Formats {
			f, err := std.Format(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range []int{1, 7, 2345} {
				text := s.Make(name, n)
				d, err := f.Parse(text)
				if err != nil {
					t.Fatalf("%s in %s: %v\n%.300s", s.Name, name, err, text)
				}
				want := n
				switch s.Name {
				case "deep", "scalar", "binary":
					want = 1
				}
				if got := values(d.Trees()); got != want {
					t.Errorf("%s in %s: %d values, want %d", s.Name, name, got, want)
				}
				if !bytes.Equal(text, s.Make(name, n)) {
					t.Errorf("%s in %s is another text each time", s.Name, name)
				}
			}
		}
	}
}
