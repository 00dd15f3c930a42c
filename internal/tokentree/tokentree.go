// Package tokentree works on the trees of encrypted files, whose leaves are tokens:
// it lists the tokens, remembers them by what they mean, and finds the place of an
// address of the content among them.
package tokentree

import (
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Secret returns the place and the value of a leaf that has a token.
func Secret(leaf rule.Leaf) (ref int, v tree.Value, ok bool) {
	if leaf.Comment != nil {
		return leaf.Comment.Ref, tree.StringValue(leaf.Comment.Text), leaf.Secret && leaf.Comment.Text != ""
	}
	v = leaf.Scalar.Value
	return leaf.Scalar.Ref, v, leaf.Secret && v.Kind() != tree.Null && !v.Empty()
}

// Tokens returns the tokens of an encrypted document by Ref.
func Tokens(d format.Document) []string {
	out := make([]string, d.Leaves())
	note := func(ref int, text string) {
		if t := trimToken(text); ref >= 0 && cipher.IsToken(t) {
			out[ref] = t
		}
	}
	for _, t := range d.Trees() {
		tree.Each(t, func(n tree.Node) {
			switch n := n.(type) {
			case *tree.Scalar:
				note(n.Ref, n.Value.Str())
			case *tree.Comment:
				note(n.Ref, n.Text)
			}
		})
	}
	return out
}

// With returns n with tokens in place of values.
func With(n tree.Node, tokens map[*tree.Scalar]string) tree.Node {
	switch n := n.(type) {
	case *tree.Map:
		m := &tree.Map{Items: make([]tree.Item, len(n.Items))}
		for i, it := range n.Items {
			m.Items[i] = tree.Item{Key: it.Key, Value: With(it.Value, tokens)}
		}
		return m
	case *tree.List:
		l := &tree.List{Items: make([]tree.Node, len(n.Items))}
		for i, it := range n.Items {
			l.Items[i] = With(it, tokens)
		}
		return l
	case *tree.Scalar:
		if token := tokens[n]; token != "" {
			return tree.Text(token)
		}
	}
	return n
}

// Address finds the place of an address in the encrypted text, where the
// tokens of comments may be elements of lists.
func Address(index tree.Index, root *tree.Map, at tree.Address) tree.Address {
	out := make(tree.Address, len(at))
	copy(out, at)
	var n tree.Node = root
	for i, s := range at {
		if l, ok := n.(*tree.List); ok && !s.IsKey {
			out[i].Index = withComments(l, s.Index)
		}
		if n = index.Child(n, out[i]); n == nil {
			break // what follows does not exist yet
		}
	}
	return out
}

// withComments returns the position of the index-th element that is no comment
// in any form.
func withComments(l *tree.List, index int) int {
	position := 0
	for _, it := range l.Items {
		if tree.IsComment(it) {
			continue
		}
		if s, ok := it.(*tree.Scalar); !ok || !cipher.IsComment(s.Value.Str()) {
			if index == 0 {
				return position
			}
			index--
		}
		position++
	}
	return position + index
}

// trimToken cuts what may follow a token, such as the line break of a block
// scalar.
func trimToken(text string) string {
	return text[:strings.LastIndexByte(text, ']')+1]
}

// AsMeant returns trees without what a presentation adds to tokens: the line
// break that follows one in a block scalar of older files, and the element of a
// list that the token of a comment is in files of other programs.
func AsMeant(trees []*tree.Map) (meant []*tree.Map, changed bool) {
	some := false
	for _, t := range trees {
		tree.Each(t, func(n tree.Node) {
			s, ok := n.(*tree.Scalar)
			some = some || ok && (hasBreak(s) || strings.HasSuffix(s.Value.Str(), commentToken))
		})
	}
	if !some {
		return trees, false
	}
	out := tree.CloneAll(trees)
	for _, t := range out {
		tree.Each(t, func(n tree.Node) {
			switch n := n.(type) {
			case *tree.Scalar:
				if hasBreak(n) {
					n.Value = tree.StringValue(strings.TrimSuffix(n.Value.Str(), "\n"))
				}
			case *tree.List:
				for i, it := range n.Items {
					if s, ok := it.(*tree.Scalar); ok && cipher.IsComment(s.Value.Str()) {
						n.Items[i] = &tree.Comment{Text: s.Value.Str(), Ref: s.Ref}
					}
				}
			}
		})
	}
	return out, true
}

const commentToken = ",type:comment]"

func hasBreak(s *tree.Scalar) bool {
	return strings.HasSuffix(s.Value.Str(), "]\n") && cipher.IsToken(s.Value.Str())
}

// MoveComments turns the elements of lists that were tokens of comments into
// comments: those that are reports.
func MoveComments(n tree.Node, are func(*tree.Scalar) bool) {
	switch n := n.(type) {
	case *tree.Map:
		for _, it := range n.Items {
			MoveComments(it.Value, are)
		}
	case *tree.List:
		for i, it := range n.Items {
			if s, ok := it.(*tree.Scalar); ok && are(s) {
				n.Items[i] = &tree.Comment{Text: s.Value.Str(), Ref: s.Ref}
				continue
			}
			MoveComments(it, are)
		}
	}
}
