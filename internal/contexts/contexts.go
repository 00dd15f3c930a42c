// Package contexts finds the encryption contexts under which the data key of a file
// may have been wrapped although the file does not say so.
package contexts

import (
	"maps"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// values returns the different values of the contexts with two or more.
func values(groups []keeper.Group) []string {
	all := map[string]bool{}
	for _, g := range groups {
		for _, w := range g {
			texts := w.Context()
			own := map[string]bool{}
			for _, v := range texts {
				own[v] = true
			}
			if len(own) > 1 {
				maps.Copy(all, own)
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Bind returns the groups with a context for every AWS key that
// has none, and whether there was one.
func Bind(groups []keeper.Group, texts map[string]string) (out []keeper.Group, used bool) {
	if len(texts) == 0 {
		return groups, false
	}
	out = make([]keeper.Group, len(groups))
	for i, g := range groups {
		for _, w := range g {
			bound, took := w.Under(texts)
			w.MasterKey, used = bound, used || took
			out[i] = append(out[i], w)
		}
	}
	return out, used
}

func withValue(groups []keeper.Group, value string) []keeper.Group {
	out := make([]keeper.Group, len(groups))
	for i, g := range groups {
		for _, w := range g {
			w.Fields = slices.Clone(w.Fields)
			for j, f := range w.Fields {
				if w.IsContext(f.Name) {
					same := map[string]string{}
					for name := range f.Map {
						same[name] = value
					}
					w.Fields[j].Map = same
				}
			}
			out[i] = append(out[i], w)
		}
	}
	return out
}

// A Retry is another reading of a file's keys.
type Retry struct {
	Groups []keeper.Group
	Note   string // what it says of the file, or ""
}

// Retries lists those that there are. Files of SOPS before 3.3.0 may have been
// wrapped under an encryption context in which every value had been replaced by one
// of the values; spare is a context for keys that have none.
func Retries(groups []keeper.Group, version string, spare map[string]string) []Retry {
	var out []Retry
	if meta.Newer("3.3.0", version) {
		for _, v := range values(groups) {
			out = append(out, Retry{
				withValue(groups, v),
				"the data key was wrapped by SOPS before 3.3.0 under a damaged encryption context; rotate the file to mend it",
			})
		}
	}
	if bound, used := Bind(groups, spare); used {
		out = append(out, Retry{Groups: bound})
	}
	return out
}
