// Package keyplan works out which keys a file is to have: what it takes to get
// from the keys that it has to those that its rule wants, which threshold they
// get, and which of them nothing vouches for. It calls no key service, reads no
// file and asks no question.
//
//	change := &keyplan.Change{Old: groups, Wanted: rule.Groups}
//	change.Threshold, err = keyplan.ForRule(0, rule.Threshold, change.Before(), len(change.Wanted))
//	groups, missing := change.Kept(change.Stock())
//
// The entries of groups without an Enc are those that a key service must wrap.
package keyplan

import (
	"slices"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// A Change is the way from the keys that a file has to those that it shall have.
type Change struct {
	Old          []keeper.Group
	OldThreshold int
	Wanted       [][]keeper.MasterKey // as this run reaches them
	Threshold    int
	Forget       bool // the file does not say how keys are reached
}

// Before returns the keys that the file has.
func (c *Change) Before() keeper.Groups {
	g := keeper.Groups{Threshold: c.OldThreshold}
	for _, old := range c.Old {
		g.Groups = append(g.Groups, masters(old))
	}
	return g
}

// After returns the keys that the file shall have.
func (c *Change) After() keeper.Groups {
	return keeper.Groups{Groups: c.Wanted, Threshold: c.Threshold}
}

// InheritContexts keeps the context that a key has in the file where the rule
// names none: a list of ARNs has no place for contexts, and to lose one would
// open the file to others.
func (c *Change) InheritContexts() {
	for _, g := range c.Wanted {
		for j, m := range g {
			if m.TakesContext() && len(m.Context()) == 0 {
				g[j], _ = m.Under(c.contextOf(m))
			}
		}
	}
}

// Settle gives a wanted key what the rule leaves open, such as the version of an
// Azure key, as the file has it.
func (c *Change) Settle() {
	present := slices.Concat(c.Before().Groups...)
	for _, g := range c.Wanted {
		for j, m := range g {
			g[j] = m.Settled(present)
		}
	}
}

// contextOf returns the context under which the file has m, nil if it has m
// without one too.
func (c *Change) contextOf(m keeper.MasterKey) map[string]string {
	var texts map[string]string
	for _, g := range c.Old {
		for _, w := range g {
			if !keeper.Same(w.WithoutContext(), m.WithoutContext()) || awskey.Role(w.MasterKey) != awskey.Role(m) && !c.Forget {
				continue
			}
			if len(w.Context()) == 0 {
				return nil
			}
			if texts == nil {
				texts = w.Context()
			}
		}
	}
	return texts
}

// stored returns a group as the file will name its keys.
func (c *Change) stored(g []keeper.MasterKey) []keeper.MasterKey {
	if !c.Forget {
		return g
	}
	out := slices.Clone(g)
	for i, m := range out {
		out[i] = m.WithoutRoute()
	}
	return out
}

// Changes reports whether keys come or go, or the threshold changes.
func (c *Change) Changes() bool {
	if c.Splits() {
		return true
	}
	for i, g := range c.Wanted {
		before, after := entryIDs(masters(c.Old[i])), entryIDs(c.stored(g))
		slices.Sort(before)
		slices.Sort(after)
		if !slices.Equal(before, after) {
			return true
		}
	}
	return false
}

// Removes reports whether a key goes.
func (c *Change) Removes() bool {
	for _, g := range c.Old {
		for _, w := range g {
			if !slices.ContainsFunc(c.Wanted, func(wanted []keeper.MasterKey) bool { return has(wanted, w.MasterKey) }) {
				return true
			}
		}
	}
	return false
}

// Reorders reports whether keys of one kind are in another order. The order of
// kinds is that of the format.
func (c *Change) Reorders() bool {
	for i, g := range c.Wanted {
		if i >= len(c.Old) {
			return false
		}
		for _, kind := range kinds.Names() {
			of := func(g []keeper.MasterKey) []string {
				return entryIDs(slices.DeleteFunc(slices.Clone(g), func(m keeper.MasterKey) bool { return m.Kind != kind }))
			}
			if !slices.Equal(of(masters(c.Old[i])), of(c.stored(g))) {
				return true
			}
		}
	}
	return false
}

// Splits reports whether the data key must be split anew.
func (c *Change) Splits() bool {
	return len(c.Old) != len(c.Wanted) || c.Before().Needed() != c.After().Needed()
}

// Stock returns the file's keys under the names that are wanted. What KMS
// wrapped depends on key and context alone, so that another role or profile
// needs no call.
func (c *Change) Stock() []keeper.Group {
	out := make([]keeper.Group, len(c.Old))
	for i, g := range c.Old {
		out[i] = slices.Clone(g)
		if i >= len(c.Wanted) {
			continue
		}
		have := entryIDs(masters(g))
		for _, m := range c.Wanted[i] {
			at := slices.IndexFunc(g, func(w keeper.WrappedKey) bool { return unwrapsToo(w.MasterKey, m) })
			if at >= 0 && !slices.Contains(have, m.EntryID()) {
				same := g[at]
				same.MasterKey = m
				out[i] = append(out[i], same)
			}
		}
	}
	return out
}

// unwrapsToo reports whether what one AWS key wrapped is unwrapped by the other.
func unwrapsToo(a, b keeper.MasterKey) bool { return a.TakesContext() && keeper.Same(a, b) }

// Kept fills the wanted groups from stock. Entries without an Enc are missing.
func (c *Change) Kept(stock []keeper.Group) (groups []keeper.Group, missing int) {
	splits := c.Splits()
	groups = make([]keeper.Group, len(c.Wanted))
	for i, g := range c.Wanted {
		for _, m := range g {
			w := keeper.WrappedKey{MasterKey: m}
			at := -1
			if !splits {
				at = slices.IndexFunc(stock[i], func(w keeper.WrappedKey) bool { return w.EntryID() == m.EntryID() })
			}
			if at >= 0 {
				w = stock[i][at]
			} else {
				missing++
			}
			groups[i] = append(groups[i], w)
		}
	}
	return groups, missing
}

// StoredNames renames the keys of groups as the file will name them.
func (c *Change) StoredNames(groups []keeper.Group) {
	if !c.Forget {
		return
	}
	for _, g := range groups {
		for i, w := range g {
			g[i].MasterKey = w.WithoutRoute()
		}
	}
}

func masters(g keeper.Group) []keeper.MasterKey {
	out := make([]keeper.MasterKey, len(g))
	for i, w := range g {
		out[i] = w.MasterKey
	}
	return out
}

// entryIDs tell entries apart.
func entryIDs(g []keeper.MasterKey) []string {
	out := make([]string, len(g))
	for i, m := range g {
		out[i] = m.EntryID()
	}
	return out
}

func has(g []keeper.MasterKey, m keeper.MasterKey) bool {
	return slices.ContainsFunc(g, func(n keeper.MasterKey) bool { return keeper.Same(n, m) })
}
