package envelope

import (
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/internal/tokentree"
)

// known returns the tokens of the file that o was decrypted from, if they are
// those of its data key.
func (o *Decrypted) known(sel *rule.Selector) (tokentree.Memory, error) {
	if o.origin == nil || o.rotated {
		return nil, nil
	}
	read, err := o.origin.Spelled()
	if err != nil {
		return nil, renderFailure(err)
	}
	m, tokens := tokentree.Memory{}, tokentree.Tokens(o.origin.Doc)
	for leaf := range sel.Leaves(o.origin.Trees) {
		if ref, v, ok := tokentree.Secret(leaf); ok && tokens[ref] != "" {
			m.Keep(leaf, read[ref], v, tokens[ref])
		}
	}
	return m, nil
}
