package merge

import (
	"slices"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// Equal reports whether two nodes have the same values. The order of keys, comments
// and spellings do not count; the types of values do. Nil equals nil only.
func Equal(a, b tree.Node) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	x, xIs := a.(*tree.Scalar)
	y, yIs := b.(*tree.Scalar)
	if xIs && yIs {
		return x.Value.Kind() == y.Value.Kind() && x.Value.Canonical() == y.Value.Canonical()
	}
	return xIs == yIs && key(a) == key(b)
}

// key returns a text that equal nodes share, and no others.
func key(n tree.Node) string {
	var b strings.Builder
	writeKey(&b, n)
	return b.String()
}

func writeKey(b *strings.Builder, n tree.Node) {
	switch n := n.(type) {
	case *tree.Map:
		var parts []string
		for _, it := range n.Items {
			if !tree.IsComment(it.Value) {
				parts = append(parts, lengthed(it.Key)+key(it.Value))
			}
		}
		// Pairs of one key keep their order.
		slices.SortStableFunc(parts, func(x, y string) int { return strings.Compare(keyPart(x), keyPart(y)) })
		b.WriteString("{" + strings.Join(parts, "") + "}")
	case *tree.List:
		b.WriteByte('[')
		for _, it := range n.Items {
			if !tree.IsComment(it) {
				writeKey(b, it)
			}
		}
		b.WriteByte(']')
	case *tree.Scalar:
		b.WriteString(n.Value.Type() + ":" + lengthed(n.Value.Canonical()))
	}
}

// lengthed writes a text so that where it ends is certain.
func lengthed(s string) string { return strconv.Itoa(len(s)) + ":" + s }

// keyPart cuts what lengthed wrote off the front of s.
func keyPart(s string) string {
	length, rest, _ := strings.Cut(s, ":")
	n, _ := strconv.Atoi(length)
	return rest[:n]
}

func documentsKey(docs []*tree.Map) string { return key(listOf(docs)) }

// textLength counts the bytes of all values of a node.
func textLength(n tree.Node) int {
	total := 0
	tree.Each(n, func(n tree.Node) {
		if s, ok := n.(*tree.Scalar); ok {
			total += len(s.Value.Canonical())
		}
	})
	return total
}
