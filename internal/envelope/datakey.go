package envelope

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// recover unwraps the data key. Where that fails, it tries the contexts under
// which the file may have been wrapped although it does not say so.
func (s *Encrypted) recover(ctx context.Context, k keeper.Keeper, o DecryptOptions) (r *unlock.Recovered, err error) {
	defer func() {
		if err == nil && o.Note != nil {
			o.Note("Data key recovered successfully")
		}
		if err == nil && o.Recovered != nil {
			err = o.Recovered(r)
		}
	}()
	k = orNone(k)
	if o.Unlock.Verify == nil {
		o.Unlock.Verify = s.decryptsMAC
	}
	groups, err := o.bind(s.Meta.Keys())
	if err != nil {
		return nil, err
	}
	if r, err = unlock.Recover(ctx, k, groups, s.Meta.Threshold, o.Unlock); err == nil {
		return r, nil
	}
	for _, t := range s.retries(groups, o) {
		if r, retry := unlock.Recover(ctx, k, t.groups, s.Meta.Threshold, o.Unlock); retry == nil {
			if t.note != "" {
				o.warn("%s", t.note)
			}
			return r, nil
		}
	}
	return nil, err
}

// A retry is another reading of a file's keys.
type retry struct {
	groups []keeper.Group
	note   string
}

// retries lists them. Files of SOPS before 3.3.0 may have been wrapped under an
// encryption context in which every value had been replaced by one of the
// values.
func (s *Encrypted) retries(groups []keeper.Group, o DecryptOptions) []retry {
	var out []retry
	if newer("3.3.0", s.Meta.Version) {
		for _, v := range contextValues(groups) {
			out = append(out, retry{
				withContextValue(groups, v),
				"the data key was wrapped by SOPS before 3.3.0 under a damaged encryption context; rotate the file to mend it",
			})
		}
	}
	if spare, used := withMissingContext(groups, o.SpareContext); used {
		out = append(out, retry{groups: spare})
	}
	return out
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
func contextValues(groups []keeper.Group) []string {
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

// bind gives the context of o to every AWS key that has none. One that has the
// same is fine as well.
func (o DecryptOptions) bind(groups []keeper.Group) ([]keeper.Group, error) {
	if len(o.Context) == 0 {
		return groups, nil
	}
	bound, used := withMissingContext(groups, o.Context)
	for _, g := range groups {
		for _, w := range g {
			used = used || w.TakesContext() && maps.Equal(w.Context(), o.Context)
		}
	}
	if !used {
		f := failf(ErrContext, "the encryption context has no effect: no AWS key of the file takes it")
		f.Advice = []string{"leave it out: what the file stores is used without being asked for"}
		return nil, f
	}
	return bound, nil
}

// KeysUnder returns the wrapped keys of the file, those of AWS without an
// encryption context under the given one. It must have an effect, unless it is
// empty.
func (s *Encrypted) KeysUnder(context map[string]string) ([]keeper.Group, error) {
	return DecryptOptions{Context: context}.bind(s.Meta.Keys())
}

// withMissingContext returns the groups with a context for every AWS key that
// has none, and whether there was one.
func withMissingContext(groups []keeper.Group, texts map[string]string) (out []keeper.Group, used bool) {
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

func withContextValue(groups []keeper.Group, value string) []keeper.Group {
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
