package formattest

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A leaf is a scalar or a comment with its path; the value of a comment is its
// text.
type leaf struct {
	path    string
	ref     int
	comment bool
	value   tree.Value
}

func leavesOf(trees []*tree.Map) []leaf {
	var out []leaf
	var walk func(path tree.Path, n tree.Node)
	walk = func(path tree.Path, n tree.Node) {
		switch n := n.(type) {
		case *tree.Map:
			for _, it := range n.Items {
				if tree.IsComment(it.Value) {
					walk(path, it.Value)
				} else {
					walk(append(path[:len(path):len(path)], it.Key), it.Value)
				}
			}
		case *tree.List:
			for _, it := range n.Items {
				walk(path, it)
			}
		case *tree.Scalar:
			out = append(out, leaf{path: path.String(), ref: n.Ref, value: n.Value})
		case *tree.Comment:
			out = append(out, leaf{path: path.String(), ref: n.Ref, comment: true, value: tree.StringValue(n.Text)})
		}
	}
	for _, m := range trees {
		walk(nil, m)
	}
	return out
}

// sameLeaves is the law that encrypted text holds what plain text does, with
// tokens for values.
func sameLeaves(what string, got, want []leaf) error {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Errorf("%s: leaf %d is %s %q (%s), want %s %q (%s)", what, i,
				got[i].path, got[i].value.Canonical(), got[i].value.Type(),
				want[i].path, want[i].value.Canonical(), want[i].value.Type())
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("%s: %d leaves, want %d", what, len(got), len(want))
	}
	return nil
}

func sameMeta(got tree.Node, want *tree.Map) error {
	m, ok := got.(*tree.Map)
	if !ok {
		return fmt.Errorf("Meta() is a %T", got)
	}
	if d := tree.Diff([]*tree.Map{want}, []*tree.Map{m}); d != "" {
		return fmt.Errorf("Meta() is not what was inserted: %s", d)
	}
	return nil
}

// exact is the first promise: opening gives the bytes that were encrypted.
func exact(s format.Document, values []format.Plain, l *format.Layout, src []byte) error {
	got, err := s.Unmask(values, l)
	if err != nil {
		return fmt.Errorf("Unmask: %w", err)
	}
	if !bytes.Equal(got, src) {
		return fmt.Errorf("Unmask gives %q, want %q", got, src)
	}
	return nil
}

// looksOnly is the law that a layout changes nothing but looks: without one,
// and with that of another file, the same values are at the same paths.
func looksOnly(f format.Format, s format.Document, values []format.Plain, want []leaf) error {
	for what, l := range map[string]*format.Layout{"no layout": nil, "a foreign layout": foreign(s)} {
		text, err := s.Unmask(values, l)
		if err != nil {
			return fmt.Errorf("Unmask with %s: %w", what, err)
		}
		d, err := f.Parse(text)
		if err != nil {
			return fmt.Errorf("text unmasked with %s: %w; text:\n%s", what, err, text)
		}
		got := canonical(leavesOf(d.Trees()))
		if err := sameLeaves(what, got, canonical(want)); err != nil {
			return fmt.Errorf("%w; text:\n%s", err, text)
		}
	}
	return nil
}

// foreign returns a layout whose hints fit no value though they are found.
func foreign(s format.Document) *format.Layout {
	l := &format.Layout{
		Scalars:   map[string]string{},
		Comments:  map[string]string{},
		Aliases:   map[string]string{"0": "*other", "1": "*other"},
		Lines:     map[string]string{"0": "other", "1": "  ", "2": "# other"},
		NoNewline: true,
	}
	for _, leaf := range leavesOf(s.Trees()) {
		token := leaf.value.Canonical()
		if !strings.HasPrefix(token, "ENC[") {
			continue
		}
		hash := format.TokenHash(token)
		l.Scalars[hash], l.Comments[hash] = `"other"`, "# other"
	}
	return l
}

// canonical forgets what looks may change: the type of a number or time (1.0 is
// spelled 1, and so -0.0 loses its sign), and comments.
func canonical(leaves []leaf) []leaf {
	var out []leaf
	for _, l := range leaves {
		text := l.value.Canonical()
		if l.value.Kind() == tree.Float && l.value.Float() == 0 {
			text = "0"
		}
		if !l.comment {
			out = append(out, leaf{path: l.path, value: tree.StringValue(text)})
		}
	}
	return out
}

// metaAlone is the law that SetMeta changes the metadata and nothing else, and
// that setting what is there changes no byte.
func metaAlone(f format.Format, s format.Document, encrypted []byte, values []format.Plain, l *format.Layout, src []byte) error {
	same, err := s.SetMeta(Meta("first"))
	if err != nil {
		return fmt.Errorf("SetMeta: %w", err)
	}
	if !bytes.Equal(same, encrypted) {
		return fmt.Errorf("SetMeta with the metadata that is there gives\n%s", same)
	}
	next := Meta("second")
	keys, _ := next.Get("age")
	keys.(*tree.List).Items = append(keys.(*tree.List).Items, &tree.Map{Items: []tree.Item{{Key: "recipient", Value: tree.Text("age1new")}}})
	next.Items = append(next.Items[:2:2], append([]tree.Item{{Key: "layout", Value: tree.Text(Token(1<<21, "str"))}}, next.Items[2:]...)...)
	other, err := s.SetMeta(next)
	if err != nil {
		return fmt.Errorf("SetMeta with other metadata: %w", err)
	}
	d, err := f.ParseEncrypted(other)
	if err != nil {
		return fmt.Errorf("after SetMeta: %w; text:\n%s", err, other)
	}
	if err := sameMeta(d.Meta(), next); err != nil {
		return fmt.Errorf("after SetMeta: %w; text:\n%s", err, other)
	}
	if err := exact(d, values, l, src); err != nil {
		return fmt.Errorf("after SetMeta: %w", err)
	}
	back, err := d.SetMeta(Meta("first"))
	if err != nil {
		return fmt.Errorf("SetMeta back: %w", err)
	}
	if !bytes.Equal(back, encrypted) {
		return fmt.Errorf("SetMeta there and back gives\n%s", back)
	}
	return nil
}
