package content

import (
	"context"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Paths returns the path of each map, list and value of a file, in order, for
// shells that complete them. Nothing is decrypted: keys are readable. Of several
// documents the first counts, as for every command that takes a path.
func Paths(ctx context.Context, a *app.App, f app.File) ([]tree.Address, error) {
	s, err := a.ReadEncrypted(ctx, f, app.Common{}, app.NoFile)
	if err != nil {
		return nil, err
	}
	d, err := s.In.ParseEncrypted(s.Data)
	if err != nil || len(d.Trees()) == 0 {
		return nil, err
	}
	return paths(nil, nil, d.Trees()[0]), nil
}

// paths adds the paths of what is below n, which is at the path above.
func paths(all []tree.Address, above tree.Address, n tree.Node) []tree.Address {
	enter := func(s tree.Step, n tree.Node) {
		path := append(slices.Clone(above), s)
		all = paths(append(all, path), path, n)
	}
	switch n := n.(type) {
	case *tree.Map:
		for _, item := range n.Items {
			if !tree.IsComment(item.Value) {
				enter(tree.Step{Key: item.Key, IsKey: true}, item.Value)
			}
		}
	case *tree.List:
		at := 0 // comments have no place of their own
		for _, item := range n.Items {
			if !tree.IsComment(item) {
				enter(tree.Step{Index: at}, item)
				at++
			}
		}
	}
	return all
}
