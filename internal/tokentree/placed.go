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

// Moved returns, by Ref, the comments of want that are in another container among got,
// and its additional data there; lost is one that is not among them, or nil. The
// tokens are those of want, by Ref; only those with one count.
func Moved(want, got []Placed, tokens []string) (moved map[int]string, lost *tree.Comment) {
	found := map[string]string{}
	for _, c := range got {
		found[c.Text] = c.AAD
	}
	moved = map[int]string{}
	for _, c := range want {
		if tokens[c.Ref] == "" {
			continue
		}
		aad, ok := found[tokens[c.Ref]]
		if !ok {
			return nil, c.Comment
		}
		if aad != c.AAD {
			moved[c.Ref] = aad
		}
	}
	return moved, nil
}
