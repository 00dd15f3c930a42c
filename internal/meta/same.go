package meta

import (
	"maps"
	"slices"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// SameEntries reports whether two lists of groups hold the same entries. The
// order counts among the keys of one kind only: a file has a list for each kind,
// so that the order of kinds is that of the format.
func SameEntries(a, b []keeper.Group) bool {
	return slices.EqualFunc(a, b, func(g, h keeper.Group) bool {
		return maps.EqualFunc(entriesByKind(g), entriesByKind(h), slices.Equal[[]entryKey])
	})
}

// An entryKey is what a file must keep of a wrapped key.
type entryKey struct{ id, enc string }

func entriesByKind(g keeper.Group) map[string][]entryKey {
	out := map[string][]entryKey{}
	for _, w := range g {
		out[w.Kind] = append(out[w.Kind], entryKey{w.EntryID(), w.Enc})
	}
	return out
}
