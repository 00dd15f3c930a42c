package library

import (
	"strings"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/format/yaml/internal/spell"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Write writes trees as documents in the layout of SOPS.
func Write(indent int, trees ...tree.Node) ([]byte, error) {
	return write(indent, func(s *tree.Scalar) string { return spell.Typed(s.Value) }, trees...)
}

// WriteExact is Write with floats that read back as floats, where SOPS writes 1 for
// 1.0.
func WriteExact(indent int, n tree.Node) ([]byte, error) { return write(indent, spell.Exact, n) }

func write(indent int, spelling func(*tree.Scalar) string, trees ...tree.Node) ([]byte, error) {
	docs := make([]*node, len(trees))
	for i, n := range trees {
		var err error
		if docs[i], err = (builder{spelling}).node(n); err != nil {
			return nil, err
		}
	}
	return emit(docs, indent)
}

// A builder makes nodes; spell writes what is no string.
type builder struct{ spell func(*tree.Scalar) string }

func (b builder) node(n tree.Node) (*node, error) {
	switch n := n.(type) {
	case *tree.Map:
		return b.mapping(n)
	case *tree.List:
		return b.sequence(n)
	case *tree.Scalar:
		return b.scalar(n), nil
	}
	return &node{Kind: scalarNode, Tag: "!!null", Value: "null"}, nil
}

// pending are comments that wait for what they are above or after.
type pending struct{ head, inline []string }

func (p *pending) add(c *tree.Comment) {
	for line := range strings.SplitSeq(c.Text, "\n") {
		if c.Inline {
			p.inline = append(p.inline, "#"+line)
		} else {
			p.head = append(p.head, "#"+line)
		}
	}
}

// take returns what is above and after v. Only a scalar has a place
// after it.
func (p *pending) take(v *node) (head, inline string) {
	if v.Kind != scalarNode {
		p.head = append(p.head, p.inline...)
		p.inline = nil
	}
	head, inline = strings.Join(p.head, "\n"), strings.Join(p.inline, " ")
	*p = pending{}
	return head, inline
}

// rest returns what is left at the end of a container.
func (p *pending) rest() string { return strings.Join(append(p.head, p.inline...), "\n") }

func (b builder) mapping(m *tree.Map) (*node, error) {
	out := &node{Kind: mappingNode, Tag: "!!map"}
	var p pending
	for _, it := range m.Items {
		if c, ok := it.Value.(*tree.Comment); ok {
			p.add(c)
			continue
		}
		v, err := b.node(it.Value)
		if err != nil {
			return nil, err
		}
		k := b.scalar(tree.Text(it.Key))
		if v.Kind != scalarNode && len(v.Content) == 0 {
			// An empty container shows no comments of its own.
			p.head = append(p.head, v.HeadComment)
			v.HeadComment = ""
			p.head = nonEmpty(p.head)
		}
		k.HeadComment, v.LineComment = p.take(v)
		if len(out.Content) == 0 {
			// What is above the first key is above the map: in a list,
			// above the dash.
			out.HeadComment, k.HeadComment = k.HeadComment, ""
		}
		out.Content = append(out.Content, k, v)
	}
	if len(out.Content) == 0 {
		out.HeadComment = p.rest()
	} else if rest := p.rest(); rest != "" {
		out.Content[len(out.Content)-2].FootComment = rest
	}
	return out, nil
}

func nonEmpty(s []string) []string {
	if n := len(s); n > 0 && s[n-1] == "" {
		return s[:n-1]
	}
	return s
}

func (b builder) sequence(l *tree.List) (*node, error) {
	out := &node{Kind: sequenceNode, Tag: "!!seq"}
	var p pending
	for _, it := range l.Items {
		if c, ok := it.(*tree.Comment); ok {
			p.add(c)
			continue
		}
		v, err := b.node(it)
		if err != nil {
			return nil, err
		}
		var head string
		head, v.LineComment = p.take(v)
		if head != "" && v.HeadComment != "" {
			head += "\n"
		}
		v.HeadComment = head + v.HeadComment
		out.Content = append(out.Content, v)
	}
	if len(out.Content) == 0 {
		out.HeadComment = p.rest()
	} else {
		out.Content[len(out.Content)-1].FootComment = p.rest()
	}
	return out, nil
}

// scalarToNode makes the emitter write v as SOPS does.
func (b builder) scalar(scalar *tree.Scalar) *node {
	v := scalar.Value
	if v.Kind() != tree.String {
		return &node{Kind: scalarNode, Value: b.spell(scalar)}
	}
	s := v.Str()
	n := &node{Kind: scalarNode, Tag: "!!str", Value: s}
	switch {
	case !utf8.ValidString(s):
		n.Tag, n.Style, n.Value = "!!binary", taggedStyle, spell.Base64(s)
	case s == spell.MergeKey:
		n.Tag, n.Style = "!!merge", taggedStyle // SOPS prints the tag, the emitter no longer
	case strings.Contains(s, "\n"):
		n.Style = literalStyle
	case !spell.IsString(s):
		n.Style = doubleStyle
	}
	return n
}
