package envelope

import (
	"github.com/seed-1f7fdfb8/sops/internal/layouts"
	"github.com/seed-1f7fdfb8/sops/internal/tokentree"
)

// renew gives every secret of the encrypted text a new token, under the new
// data key of a rotation, and the hints of the layout the hashes of those. The
// lines of the text stay where they are.
func (p *patch) renew() error {
	n := p.text.Leaves()
	old, tokens := tokentree.Tokens(p.text), make([]string, n)
	for leaf := range p.selector.Leaves(p.trees) {
		ref, v, ok := tokentree.Secret(leaf)
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
	p.tokens, p.masked, p.layout = tokens, &masked, layouts.Rekey(p.layout, old, tokens)
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
