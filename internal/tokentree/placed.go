package tokentree

import (
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A Placed comment is one with the additional data of its container.
type Placed struct {
	*tree.Comment
	AAD string
}

// Selected returns what the selection rule says about each scalar, and the
// comments, both in order.
func Selected(by *rule.Selector, trees []*tree.Map) (secret []bool, comments []Placed) {
	for leaf := range by.Leaves(trees) {
		if leaf.Comment != nil {
			comments = append(comments, Placed{leaf.Comment, string(leaf.AAD)})
			continue
		}
		secret = append(secret, leaf.Secret)
	}
	return secret, comments
}
