package unlock

import (
	"context"
	"io"

	"github.com/seed-1f7fdfb8/sops/internal/shamir"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Rewrap does what Wrap does for a file that has wrapped keys already: the
// entries of old that are still wanted stay as they are, and only the
// others are wrapped. The data key of r must be that of the file. oldThreshold
// belongs to old, threshold to groups.
//
// With several groups that needs as many groups as before, the same threshold,
// and the shares of r; otherwise the data key is split afresh and everything is
// wrapped.
func Rewrap(ctx context.Context, k keeper.Keeper, r *Recovered, old []keeper.Group, oldThreshold int,
	groups [][]keeper.MasterKey, threshold int, random io.Reader,
) ([]keeper.Group, error) {
	if err := checkGroups(groups, r.Data); err != nil {
		return nil, err
	}
	if len(old) != len(groups) || len(groups) > 1 && required(oldThreshold, len(old)) != required(threshold, len(groups)) {
		return Wrap(ctx, k, groups, threshold, r.Data, random)
	}
	out, missing := keep(old, groups)
	for i, ms := range missing {
		if len(ms) == 0 {
			continue
		}
		part, ok := r.part(i, len(groups), required(threshold, len(groups)))
		if !ok {
			return Wrap(ctx, k, groups, threshold, r.Data, random)
		}
		for j := range ms {
			ms[j].part = part
		}
	}
	var jobs []job
	for _, ms := range missing {
		jobs = append(jobs, ms...)
	}
	if err := wrapAll(ctx, k, jobs); err != nil {
		return nil, err
	}
	return out, nil
}

// keep returns groups with the entries of old that can stay, and for each group
// the jobs that fill the gaps.
func keep(old []keeper.Group, groups [][]keeper.MasterKey) (out []keeper.Group, missing [][]job) {
	out, missing = make([]keeper.Group, len(groups)), make([][]job, len(groups))
	for i, g := range groups {
		stock := map[string][]keeper.WrappedKey{}
		for _, w := range old[i] {
			id := w.EntryID()
			stock[id] = append(stock[id], w)
		}
		out[i] = make(keeper.Group, len(g))
		for j, m := range g {
			id := m.EntryID()
			if same := stock[id]; len(same) > 0 {
				out[i][j], stock[id] = same[0], same[1:]
				continue
			}
			missing[i] = append(missing[i], job{key: m, to: &out[i][j]})
		}
	}
	return out, missing
}

// part returns what the keys of a group wrap, if that is known without
// splitting the data key afresh.
func (r *Recovered) part(group, groups, threshold int) (keeper.Data, bool) {
	if groups == 1 {
		return r.Data, true
	}
	if len(r.Shares) != groups {
		return keeper.Data{}, false
	}
	if r.Shares[group].Len() > 0 {
		return r.Shares[group], true
	}
	var known [][]byte
	for i, d := range r.Shares {
		if d.Len() == 0 {
			continue
		}
		if int(d.Bytes()[keeper.Size]) != i+1 {
			// Numbered otherwise than we would: the missing share's number is
			// anyone's guess, and a number must not be given twice.
			return keeper.Data{}, false
		}
		known = append(known, d.Bytes())
	}
	if len(known) < threshold {
		return keeper.Data{}, false
	}
	share, err := shamir.At(known, byte(group+1))
	return keeper.NewData(share), err == nil
}
