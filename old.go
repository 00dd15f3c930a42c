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
	groups, err := o.bind(s.Meta.Keys())
	if err != nil {
		return key.Data{}, err
	}
	d, err := unlock.DataKey(ctx, k, groups, s.Meta.Threshold, o.Unlock)
	if err == nil || !newer("3.3.0", s.Meta.Version) {
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

// newer reports whether version a is later than b. One that cannot be read is
// as old as any.
func newer(a, b string) bool { return slices.Compare(numbers(a), numbers(b)) > 0 }

// numbers returns major, minor and patch as far as they are numbers.
func numbers(version string) []int {
	var out []int
	core, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), "-")
	for part := range strings.SplitSeq(core, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		out = append(out, n)
	}
	return out
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

// bind gives the context of o to every AWS key that has none. One that has the
// same is fine as well.
func (o OpenOptions) bind(groups []key.Group) ([]key.Group, error) {
	if len(o.Context) == 0 {
		return groups, nil
	}
	used := false
	for _, g := range groups {
		for i, w := range g {
			if w.Kind != key.KMS {
				continue
			}
			own := w.Map("context")
			if len(own) == 0 {
				g[i].MasterKey = w.With("context", o.Context)
			}
			used = used || len(own) == 0 || maps.Equal(own, o.Context)
		}
	}
	if !used {
		return nil, failf(CodeContext, "the encryption context has no effect: no AWS key of the file takes it")
	}
	return groups, nil
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
