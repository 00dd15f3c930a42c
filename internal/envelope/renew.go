package envelope

import (
	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// renew gives every secret of the encrypted text a new token, under the new
// data key of a rotation, and the hints of the layout the hashes of those. The
// lines of the text stay where they are.
func (p *patch) renew() error {
	n := p.text.Leaves()
	old, tokens := tokensOf(p.text, n), make([]string, n)
	for leaf := range p.selector.Leaves(p.trees) {
		ref, v, ok := secretOf(leaf)
		if !ok || old[ref] == "" {
			continue
		}
		nonce, err := p.nonce()
		if err != nil {
			return err
		}
		typ := v.Type()
		if leaf.Comment != nil {
			typ = "comment"
		}
		tokens[ref] = p.cipher.Encrypt(nonce, v.Canonical(), leaf.AAD, typ)
	}
	masked, err := p.text.Mask(tokens)
	p.tokens, p.masked, p.layout = tokens, &masked, rekey(p.layout, old, tokens)
	return err
}

// settle reads the text that renew made, so that it can be changed.
func (p *patch) settle() error {
	if p.masked == nil {
		return nil
	}
	out, err := p.masked.Insert(p.decrypted.Meta.Encode())
	if err != nil {
		return err
	}
	p.masked = nil
	p.text, err = p.decrypted.format.ParseEncrypted(out)
	return err
}

// secretOf returns the place and the value of a leaf that has a token.
func secretOf(leaf rule.Leaf) (ref int, v tree.Value, ok bool) {
	if leaf.Comment != nil {
		return leaf.Comment.Ref, tree.StringValue(leaf.Comment.Text), leaf.Secret && leaf.Comment.Text != ""
	}
	v = leaf.Scalar.Value
	return leaf.Scalar.Ref, v, leaf.Secret && v.Kind() != tree.Null && !v.Empty()
}

// tokensOf returns the tokens of an encrypted document by Ref.
func tokensOf(d format.Document, n int) []string {
	out := make([]string, n)
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

// rekey puts the hints of a layout under the tokens that took the place of the
// old ones. The name of a hint begins with the hash of a token; what follows is
// the format's own, where one token has several hints.
func rekey(l *format.Layout, old, tokens []string) *format.Layout {
	if l == nil {
		return nil
	}
	renewed, size := map[string]string{}, 0
	for ref, token := range tokens {
		if token != "" {
			hash := format.TokenHash(old[ref])
			renewed[hash], size = format.TokenHash(token), len(hash)
		}
	}
	rename := func(hints map[string]string) map[string]string {
		out := make(map[string]string, len(hints))
		for name, hint := range hints {
			if is, ok := renewed[name[:min(size, len(name))]]; ok {
				out[is+name[size:]] = hint
			}
		}
		return out
	}
	out := *l
	out.Scalars, out.Comments, out.Aliases = rename(l.Scalars), rename(l.Comments), rename(l.Aliases)
	return &out
}
