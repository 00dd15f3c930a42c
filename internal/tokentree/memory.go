package tokentree

import (
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A Memory holds the tokens of a file by what they mean, so that a value
// that did not change keeps its token. Place and plaintext are both part of the
// key: a nonce is only ever used again for the very same bytes.
type Memory map[remembered][]Known

// A remembered value is one as the plain text spells it.
type remembered struct {
	aad     string
	value   tree.Value
	comment bool
}

// A Known token comes with its value, whose type the plain text need not show:
// SOPS writes the float 1.0 as 1.
type Known struct {
	Token string
	Value tree.Value
}

// Keep adds the token of a leaf whose value is v, and which the plain text spells
// as read.
func (m Memory) Keep(leaf rule.Leaf, read, v tree.Value, token string) {
	comment := leaf.Comment != nil
	if comment {
		read = v
	}
	k := remembered{string(leaf.AAD), read, comment}
	m[k] = append(m[k], Known{token, v})
}

// A Recall gives each token of a memory out once, in order, so that equal
// elements of a list keep their own.
type Recall struct {
	m    Memory
	used map[remembered]int
}

// Token returns a token of the value at the place of the additional data.
func (r *Recall) Token(aad []byte, v tree.Value, comment bool) (Known, bool) {
	if len(r.m) == 0 {
		return Known{}, false
	}
	k := remembered{string(aad), v, comment}
	all := r.m[k]
	i := r.used[k]
	if i >= len(all) {
		return Known{}, false
	}
	r.used[k] = i + 1
	return all[i], true
}

// Recall returns a recall of all tokens.
func (m Memory) Recall() *Recall { return &Recall{m, map[remembered]int{}} }
