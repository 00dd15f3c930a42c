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
	return tokentree.Remember(sel, o.origin.Doc, o.origin.Trees, read), nil
}
