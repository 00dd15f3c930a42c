package yaml

import (
	"github.com/seed-1f7fdfb8/sops/format/yaml/internal/library"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Render writes trees in the layout of SOPS.
func (f Format) Render(trees []*tree.Map) ([]byte, error) {
	docs := make([]tree.Node, len(trees))
	for i, m := range trees {
		docs[i] = m
	}
	return library.Write(f.indent(), docs...)
}

// RenderValue writes one node: a string as it is, all else as a document.
func (f Format) RenderValue(n tree.Node) ([]byte, error) {
	if s, ok := n.(*tree.Scalar); ok && s.Value.Kind() == tree.String {
		return []byte(s.Value.Str()), nil
	}
	return library.Write(f.indent(), n)
}
