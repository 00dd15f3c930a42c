package binary

import (
	"errors"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/jsontext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// An envelope is encrypted content. It may hold more than data, for instance if
// another syntax was encrypted with binary output; only data is ever shown.
type envelope struct {
	file   *jsontext.File
	src    []byte
	style  jsontext.Style
	trees  []*tree.Map
	leaves []*jsontext.Node
	meta   int // the member with the metadata, or -1
}

func (e *envelope) Trees() []*tree.Map { return e.trees }

// Bytes returns the text.
func (e *envelope) Bytes() []byte { return e.src }

func (e *envelope) Leaves() int { return len(e.leaves) }

func (e *envelope) Line(ref int) int { return e.file.Line(e.leaves[ref].Start) }

func (e *envelope) Meta() tree.Node {
	if e.meta < 0 {
		return nil
	}
	return e.file.Root.Members[e.meta].Node.Tree()
}

func (e *envelope) Reserved() int {
	if e.meta < 0 {
		return 0
	}
	return e.file.Line(e.file.Root.Members[e.meta].At)
}

// Mask replaces tokens by others, as when the data key changes.
func (e *envelope) Mask(tokens []string) (format.Masked, error) {
	if err := check(len(tokens), len(e.leaves)); err != nil {
		return format.Masked{}, err
	}
	var edits []format.Edit
	for ref, token := range tokens {
		if n := e.leaves[ref]; token != "" {
			edits = append(edits, format.Edit{Start: n.Start, End: n.End, Text: `"` + token + `"`})
		}
	}
	return format.Masked{Insert: func(meta *tree.Map) ([]byte, error) { return e.withMeta(edits, meta) }}, nil
}

// Unmask returns the content.
func (e *envelope) Unmask(values []format.Plain, _ *format.Layout) ([]byte, error) {
	if err := check(len(values), len(e.leaves)); err != nil {
		return nil, err
	}
	n, _ := e.trees[0].Get(dataKey)
	s, ok := n.(*tree.Scalar)
	if !ok {
		return nil, noData()
	}
	v := s.Value
	if values[s.Ref].Set {
		v = values[s.Ref].Value
	}
	if v.Kind() != tree.String {
		return nil, noData()
	}
	return format.Bytes(v.Str()), nil
}

func (e *envelope) SetMeta(meta *tree.Map) ([]byte, error) { return e.withMeta(nil, meta) }

func (e *envelope) withMeta(edits []format.Edit, meta *tree.Map) ([]byte, error) {
	if e.meta < 0 {
		return nil, errors.New("binary: the envelope has no metadata to replace")
	}
	root := &e.file.Root
	old := &root.Members[e.meta].Node
	text, err := e.file.Replace(old, meta, e.file.Style(root, e.style.Unit))
	if err != nil {
		return nil, writeError(err)
	}
	return format.Splice(e.src, append(edits[:len(edits):len(edits)], format.Edit{Start: old.Start, End: old.End, Text: text}))
}

// Apply fails: the content is one value, which is changed after it is decrypted.
func (e *envelope) Apply([]format.Change) (format.Document, error) {
	return nil, errors.New("binary: encrypted content is changed after it is decrypted")
}
