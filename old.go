package sops

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/key"
)

// unlock recovers the data key. Files of SOPS before 3.3.0 may have been
// wrapped under an encryption context in which every value had been replaced by
// one of the values; that is tried where everything else failed.
func (s *Sealed) unlock(ctx context.Context, k key.Keeper, o OpenOptions) (key.Data, error) {
	groups := s.Meta.Keys()
	d, err := unlock.DataKey(ctx, k, groups, s.Meta.Threshold, o.Unlock)
	if err == nil || !olderThan33(s.Meta.Version) {
		return d, err
	}
	for _, v := range contextValues(groups) {
		if d, retry := unlock.DataKey(ctx, k, withContextValue(groups, v), s.Meta.Threshold, o.Unlock); retry == nil {
			o.warn("the data key was wrapped by SOPS before 3.3.0 under a damaged encryption context; rotate the file to mend it")
			return d, nil
		}
	}
	return key.Data{}, err
}

func olderThan33(version string) bool {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 2 {
		return false
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	return err1 == nil && err2 == nil && (major < 3 || major == 3 && minor < 3)
}

// contextValues returns the different values of the contexts with two or more.
func contextValues(groups []key.Group) []string {
	all := map[string]bool{}
	for _, g := range groups {
		for _, w := range g {
			texts := w.Map("context")
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

func withContextValue(groups []key.Group, value string) []key.Group {
	out := make([]key.Group, len(groups))
	for i, g := range groups {
		for _, w := range g {
			w.Fields = slices.Clone(w.Fields)
			for j, f := range w.Fields {
				if f.Name == "context" {
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
