package plaintext

import (
	"errors"
	"math"
	"slices"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/difference"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Same compares what a text must hold with what it reads as, as far as
// the format can tell values apart: an integer that came from YAML is a text
// once it is in a dotenv file, and the float 1 is written as 1, as SOPS
// does. Texts must be the same to the byte.
func Same(f format.Format, want, got []*tree.Map) error {
	diff := tree.Diff(want, got)
	if diff == "" {
		return nil
	}
	different := errors.New("the text reads back differently: " + diff)
	a, b := bare(want), bare(got)
	for i := range min(len(a), len(b)) {
		if !sameTexts(a[i], b[i]) {
			return different
		}
	}
	if sameRendering(f, a, b) {
		return nil
	}
	for _, t := range slices.Concat(a, b) {
		wholeFloats(t)
	}
	if tree.Diff(a, b) == "" || sameRendering(f, a, b) {
		return nil
	}
	return different
}

func sameRendering(f format.Format, a, b []*tree.Map) bool {
	x, err := f.Render(a)
	if err != nil {
		return false
	}
	y, err := f.Render(b)
	return err == nil && string(x) == string(y)
}

// bare returns copies without comments.
func bare(trees []*tree.Map) []*tree.Map {
	out := tree.CloneAll(trees)
	for _, t := range out {
		tree.Each(t, func(n tree.Node) {
			switch n := n.(type) {
			case *tree.Map:
				n.Items = slices.DeleteFunc(n.Items, func(it tree.Item) bool { return tree.IsComment(it.Value) })
			case *tree.List:
				n.Items = slices.DeleteFunc(n.Items, tree.IsComment)
			}
		})
	}
	return out
}

// sameTexts reports whether two trees have the same text wherever both have
// one. Their shapes are compared elsewhere, and so are maps in which a key is there
// twice.
func sameTexts(a, b tree.Node) bool {
	switch a := a.(type) {
	case *tree.Map:
		b, ok := b.(*tree.Map)
		if !ok {
			return true
		}
		mine, theirs := difference.Keys(a), difference.Keys(b)
		for k, v := range mine {
			if other, ok := theirs[k]; ok && !sameTexts(v, other) {
				return false
			}
		}
	case *tree.List:
		b, ok := b.(*tree.List)
		return !ok || len(a.Items) != len(b.Items) || slices.EqualFunc(a.Items, b.Items, sameTexts)
	case *tree.Scalar:
		b, ok := b.(*tree.Scalar)
		return !ok || a.Value.Kind() != tree.String || b.Value.Kind() != tree.String || a.Value == b.Value
	}
	return true
}

// wholeFloats makes integers of floats without a fraction.
func wholeFloats(t *tree.Map) {
	tree.Each(t, func(n tree.Node) {
		s, ok := n.(*tree.Scalar)
		if !ok || s.Value.Kind() != tree.Float {
			return
		}
		if f := s.Value.Float(); f == math.Trunc(f) && math.Abs(f) < 1<<63 {
			s.Value = tree.IntValue(int64(f))
		}
	})
}
