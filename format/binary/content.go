package binary

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/jsontext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// content is plain bytes.
type content struct {
	src   []byte
	trees []*tree.Map
	style jsontext.Style
}

func (c *content) Trees() []*tree.Map { return c.trees }

// Bytes returns the content.
func (c *content) Bytes() []byte { return c.src }

func (c *content) Leaves() int { return 1 }

func (c *content) Line(int) int { return 1 }

func (c *content) Meta() tree.Node { return nil }

func (c *content) Reserved() int { return 0 }

// metaRoom is more than metadata takes as a rule.
const metaRoom = 8192

// Begin returns the text before the token.
func (c *content) Begin() (before string, room int) {
	const mark = "x"
	text, _ := c.style.Append(nil, &tree.Map{Items: []tree.Item{{Key: dataKey, Value: tree.Text(mark)}}})
	before, _, _ = strings.Cut(string(text), mark+`"`)
	return before, metaRoom
}

func (c *content) Mask(tokens []string) (format.Masked, error) {
	return c.MaskAs(tokens, format.Guide{})
}

// MaskAs writes the envelope, or what follows the token in one that was begun.
func (c *content) MaskAs(tokens []string, g format.Guide) (format.Masked, error) {
	if err := check(len(tokens), 1); err != nil {
		return format.Masked{}, err
	}
	if g.Begun != nil {
		return format.Masked{Insert: func(meta *tree.Map) ([]byte, error) { return c.end(g.Begun, meta) }}, nil
	}
	data, size := c.trees[0].Items[0].Value, len(c.src)
	if tokens[0] != "" {
		data, size = tree.Text(tokens[0]), len(tokens[0])
	}
	return format.Masked{Insert: func(meta *tree.Map) ([]byte, error) {
		m := &tree.Map{Items: []tree.Item{{Key: dataKey, Value: data}, {Key: reserved, Value: meta}}}
		b, err := c.style.Append(make([]byte, 0, size+metaRoom), m)
		if err != nil {
			return nil, writeError(err)
		}
		return append(b, '\n'), nil
	}}, nil
}

// end writes what follows the token.
func (c *content) end(begun []byte, meta *tree.Map) ([]byte, error) {
	const mark = "x"
	m := &tree.Map{Items: []tree.Item{{Key: dataKey, Value: tree.Text(mark)}, {Key: reserved, Value: meta}}}
	text, err := c.style.Append(nil, m)
	if err != nil {
		return nil, writeError(err)
	}
	_, rest, _ := strings.Cut(string(text), mark+`"`)
	return append(append(begun, '"'), rest+"\n"...), nil
}

func (c *content) Unmask(values []format.Plain, _ *format.Layout) ([]byte, error) {
	if err := check(len(values), 1); err != nil {
		return nil, err
	}
	if values[0].Set {
		return format.Bytes(values[0].Value.Canonical()), nil
	}
	return c.src, nil
}

func (c *content) SetMeta(*tree.Map) ([]byte, error) {
	return nil, errors.New("binary: plain content has no place for metadata")
}

// Apply gives the file another content.
func (c *content) Apply(changes []format.Change) (format.Document, error) {
	out := *c
	for _, change := range changes {
		text, err := newData(change)
		if err != nil {
			return nil, err
		}
		leaf := &tree.Scalar{Value: tree.StringValue(format.Text(text))}
		out.src, out.trees = text, []*tree.Map{{Items: []tree.Item{{Key: dataKey, Value: leaf}}}}
	}
	return &out, nil
}

func newData(c format.Change) ([]byte, error) {
	s, ok := c.New.(*tree.Scalar)
	switch {
	case !isData(c.At) && c.New == nil:
		return nil, fmt.Errorf("component %s: %w: a binary file holds nothing but its data", c.At, tree.ErrNotFound)
	case !isData(c.At):
		return nil, notData(c.At)
	case c.New == nil:
		return nil, &format.Error{Msg: "the content of a binary file cannot be removed", Hint: "delete the file, or set it to an empty string", Content: true}
	case !ok || s.Value.Kind() != tree.String:
		return nil, &format.Error{Msg: `the "data" of a binary file must be a string`, Content: true}
	}
	return []byte(s.Value.Str()), nil
}

func isData(a tree.Address) bool { return len(a) == 1 && a[0].IsKey && a[0].Key == dataKey }

func notData(a tree.Address) error {
	return &format.Error{
		Msg:     fmt.Sprintf("%s: a binary file holds nothing but its data", a),
		Hint:    `use the address '["data"]', or name the syntax with --input-type`,
		Content: true,
	}
}

// check refuses lists that do not belong to the document.
func check(n, leaves int) error {
	if n != leaves {
		return fmt.Errorf("binary: %d replacements for %d leaves", n, leaves)
	}
	return nil
}

func writeError(err error) error {
	var e *jsontext.Error
	if !errors.As(err, &e) {
		return err
	}
	return &format.Error{Msg: e.Msg, Hint: e.Hint, Content: true}
}
