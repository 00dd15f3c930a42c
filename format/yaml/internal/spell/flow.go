package spell

import (
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Flow writes n on one line, without comments.
func Flow(n tree.Node) string {
	w := FlowWriter{Scalar: FlowScalar}
	w.Node(n)
	return w.String()
}

// A FlowWriter writes nodes in flow style.
type FlowWriter struct {
	strings.Builder
	Depth   int // of the collection in hand
	Scalar  func(*tree.Scalar) string
	Comment func(*tree.Comment) string
	// Pad is the line break and indentation around comments; without it they
	// are left out and all is on one line.
	Pad string
}

func (w *FlowWriter) Node(n tree.Node) {
	switch n := n.(type) {
	case *tree.Map:
		w.collection("{", "}", len(n.Items), func(i int) (string, tree.Node) {
			return FlowKey(n.Items[i].Key) + ": ", n.Items[i].Value
		})
	case *tree.List:
		w.collection("[", "]", len(n.Items), func(i int) (string, tree.Node) { return "", n.Items[i] })
	case *tree.Scalar:
		w.WriteString(w.Scalar(n))
	}
}

// collection writes n entries. Comments are on lines of their own, above what
// follows.
func (w *FlowWriter) collection(begin, end string, n int, entry func(int) (key string, value tree.Node)) {
	w.WriteString(begin)
	w.Depth++
	var above []*tree.Comment
	first := true
	for i := range n {
		key, value := entry(i)
		if c, ok := value.(*tree.Comment); ok {
			above = append(above, c)
			continue
		}
		if !first {
			w.WriteString(",")
		}
		if !w.comments(above) && !first {
			w.WriteString(" ")
		}
		above, first = nil, false
		w.WriteString(key)
		w.Node(value)
	}
	w.comments(above)
	w.Depth--
	w.WriteString(end)
}

// comments reports whether it began a new line.
func (w *FlowWriter) comments(cs []*tree.Comment) bool {
	if len(cs) == 0 || w.Pad == "" {
		return false
	}
	for _, c := range cs {
		w.WriteString(w.Pad + "#" + w.Comment(c))
	}
	w.WriteString(w.Pad)
	return true
}

// MergeKey is the key under which maps are merged into another.
const MergeKey = "<<"

// FlowKey writes a key of a flow map. The merge key would be a plain string in
// quotes.
func FlowKey(k string) string {
	if k == MergeKey {
		return k
	}
	return Quoted(k)
}

// FlowScalar writes n so that it reads back with its type.
func FlowScalar(n *tree.Scalar) string {
	if n.Value.Kind() == tree.String {
		return Quoted(n.Value.Str())
	}
	return Exact(n)
}

// Exact is spellTyped with floats as they were typed, or at least such that
// they read back as floats.
func Exact(n *tree.Scalar) string {
	v := n.Value
	if n.Spelling != "" && yamltext.PlainType(n.Spelling) == yamltext.Float {
		return n.Spelling
	}
	t := Typed(v)
	if v.Kind() == tree.Float && strings.Trim(t, "-0123456789") == "" {
		t += ".0"
	}
	return t
}
