package envelope

import (
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A memory holds the tokens of a file by what they mean, so that a value
// that did not change keeps its token. Place and plaintext are both part of the
// key: a nonce is only ever used again for the very same bytes.
type memory map[remembered][]known

// A remembered value is one as the plain text spells it.
type remembered struct {
	aad     string
	value   tree.Value
	comment bool
}

// A known token comes with its value, whose type the plain text need not show:
// SOPS writes the float 1.0 as 1.
type known struct {
	token string
	value tree.Value
}

// keep adds the token of a leaf whose value is v, and which the plain text spells
// as read.
func (m memory) keep(leaf rule.Leaf, read, v tree.Value, token string) {
	comment := leaf.Comment != nil
	if comment {
		read = v
	}
	k := remembered{string(leaf.AAD), read, comment}
	m[k] = append(m[k], known{token, v})
}

// known returns the tokens of the file that o was decrypted from, if they are
// those of its data key.
func (o *Decrypted) known(sel *rule.Selector) (memory, error) {
	if o.origin == nil || o.rotated {
		return nil, nil
	}
	n := o.origin.doc.Leaves()
	read, err := o.origin.spelled(n)
	if err != nil {
		return nil, err
	}
	m, tokens := memory{}, tokensOf(o.origin.doc, n)
	for leaf := range sel.Leaves(o.origin.trees) {
		if ref, v, ok := secretOf(leaf); ok && tokens[ref] != "" {
			m.keep(leaf, read[ref], v, tokens[ref])
		}
	}
	return m, nil
}

// spelled returns, by Ref, the values of the file as its plaintext spells them.
func (o *origin) spelled(n int) ([]tree.Value, error) {
	text, err := o.plaintext()
	if err != nil {
		return nil, err
	}
	out := make([]tree.Value, n)
	mine, plain := scalarsIn(o.trees), scalarsIn(text.doc.Trees())
	for i, s := range mine {
		if s.Ref < 0 {
			continue
		}
		out[s.Ref] = s.Value
		if len(mine) == len(plain) {
			out[s.Ref] = plain[i].Value
		}
	}
	return out, nil
}

// scalarsIn lists the scalars of trees in order.
func scalarsIn(trees []*tree.Map) []*tree.Scalar {
	var out []*tree.Scalar
	for _, t := range trees {
		tree.Each(t, func(n tree.Node) {
			if s, ok := n.(*tree.Scalar); ok {
				out = append(out, s)
			}
		})
	}
	return out
}

// A recall gives each token of a memory out once, in order, so that equal
// elements of a list keep their own.
type recall struct {
	m    memory
	used map[remembered]int
}

func (r *recall) token(aad []byte, v tree.Value, comment bool) (known, bool) {
	if len(r.m) == 0 {
		return known{}, false
	}
	k := remembered{string(aad), v, comment}
	all := r.m[k]
	i := r.used[k]
	if i >= len(all) {
		return known{}, false
	}
	r.used[k] = i + 1
	return all[i], true
}

// trimToken cuts what may follow a token, such as the line break of a block
// scalar.
func trimToken(text string) string {
	return text[:strings.LastIndexByte(text, ']')+1]
}
