package sops

import (
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A memory holds the tokens of a file by what they stand for, so that a value
// that did not change keeps its token. Place and plaintext are both part of the
// key: a nonce is only ever used again for the very same bytes.
type memory map[remembered][]string

type remembered struct {
	aad     string
	value   tree.Value
	comment bool
}

// keep adds the token of one occurrence.
func (m memory) keep(aad []byte, v tree.Value, comment bool, token string) {
	k := remembered{string(aad), v, comment}
	m[k] = append(m[k], token)
}

// remember returns the memory of o, which is made when it is first needed: to
// read a file takes none.
func (o *Opened) remember(sel *rule.Selector) memory {
	if o.memory != nil {
		return o.memory
	}
	o.memory = memory{}
	if o.origin == nil {
		return o.memory
	}
	tokens := tokensOf(o.origin.doc, o.origin.doc.Leaves())
	for leaf := range sel.Leaves(o.origin.trees) {
		if ref, v, ok := secretOf(leaf); ok && tokens[ref] != "" {
			o.memory.keep(leaf.AAD, v, leaf.Comment != nil, tokens[ref])
		}
	}
	return o.memory
}

// A recall gives each token of a memory out once, in order, so that equal
// elements of a list keep their own.
type recall struct {
	m    memory
	used map[remembered]int
}

func (r *recall) token(aad []byte, v tree.Value, comment bool) (string, bool) {
	if len(r.m) == 0 {
		return "", false
	}
	k := remembered{string(aad), v, comment}
	all := r.m[k]
	i := r.used[k]
	if i >= len(all) {
		return "", false
	}
	r.used[k] = i + 1
	return all[i], true
}

// trimToken cuts what may follow a token, such as the line break of a block
// scalar.
func trimToken(text string) string {
	return text[:strings.LastIndexByte(text, ']')+1]
}
