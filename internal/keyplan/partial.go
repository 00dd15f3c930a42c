package keyplan

import (
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Loses reports why the change cannot go without the keys left, which could not
// be wrapped: the file has them already, or a group would have none. To be left
// out is for new keys.
func (c *Change) Loses(left []keeper.MasterKey, groups []keeper.Group) error {
	for _, m := range left {
		for _, g := range c.Old {
			if slices.ContainsFunc(g, func(w keeper.WrappedKey) bool { return sameService(w.MasterKey, m) }) {
				return fmt.Errorf("%s is in the file already and cannot be wrapped anew: --allow-partial removes no key", m.Identity())
			}
		}
	}
	return AnyOfEach(groups)
}

// sameService reports whether two entries name one key, however it is reached.
func sameService(a, b keeper.MasterKey) bool {
	return keeper.Same(a.WithoutContext(), b.WithoutContext())
}

// AnyOfEach refuses groups of which one has no wrapped key: no file could be
// opened with them.
func AnyOfEach(groups []keeper.Group) error {
	for i, g := range groups {
		if !slices.ContainsFunc(g, func(w keeper.WrappedKey) bool { return w.Enc != "" }) {
			return fmt.Errorf("no key of group %d can be wrapped", i+1)
		}
	}
	return nil
}
