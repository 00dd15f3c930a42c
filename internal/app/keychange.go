package app

import (
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// A keyChange is the way from the keys that a file has to those that its rule
// wants.
type keyChange struct {
	old          []keeper.Group
	oldThreshold int
	wanted       [][]keeper.MasterKey // as this run reaches them
	threshold    int
	forget       bool // the file does not say how keys are reached
	mustSeal     bool // the rule asks for a seal

	recovered *unlock.Recovered // nil if the data key was not needed yet
	unsealed  error             // how the list of keys differs from the sealed one
}

// keyChange works out what the rule r means for a file.
func (a *App) keyChange(encrypted *envelope.Encrypted, r *config.Rule, o UpdateKeysOptions) (*keyChange, error) {
	c := &keyChange{
		old: encrypted.Meta.Keys(), oldThreshold: encrypted.Meta.Threshold, wanted: r.Groups,
		forget:   r.PersistIdentity != nil && !*r.PersistIdentity,
		mustSeal: r.Integrity == "required",
	}
	texts, err := a.newContext(o.EncryptionContext)
	switch {
	case err != nil:
		return nil, err
	case len(texts) > 0 && o.DropContext:
		return nil, fail(codeContext, "leave one of them out", "--drop-context and an encryption context exclude each other")
	case len(texts) > 0:
		c.wanted = r.Under(nil)
		if !withContext(c.wanted, texts) && o.EncryptionContext != "" {
			return nil, fail(codeContext, "leave it out, or name an AWS KMS key without a context of its own in the rule",
				"--encryption-context has no effect: no AWS KMS key of the rule takes it")
		}
	case !o.DropContext:
		c.inheritContexts()
	}
	c.threshold, err = newThreshold(o.Threshold, r.Threshold, c.oldThreshold, len(c.old), len(c.wanted))
	return c, err
}

// minThreshold is the fewest groups that sharing a secret makes sense for.
const minThreshold = 2

// newThreshold returns the threshold of the new groups: that of the flag, of
// the rule, or of the file, as far as there are as many groups.
func newThreshold(flag, rule, file, before, groups int) (int, error) {
	switch {
	case groups == 1 && flag > 1:
		return 0, fail(codeGeneric, "leave --shamir-secret-sharing-threshold out", "a threshold has no effect on a single key group")
	case groups == 1 && before == 1:
		return file, nil // it means nothing, and is no reason to touch the file
	case groups == 1:
		return 0, nil
	case flag != 0:
		return flag, checkThreshold(flag, groups)
	case rule != 0:
		return rule, checkThreshold(rule, groups)
	case before == 1 || file == 0:
		return groups, nil
	}
	return max(minThreshold, min(file, groups)), nil
}

func checkThreshold(threshold, groups int) error {
	if threshold < minThreshold || threshold > groups {
		return fail(codeGeneric, fmt.Sprintf("choose a number from %d to %d", minThreshold, groups),
			"a threshold of %d does not fit %d key groups", threshold, groups)
	}
	return nil
}

// inheritContexts keeps the context that a key has in the file where the rule
// is silent: a list of ARNs cannot tell contexts, and to lose one would open
// the file to others.
func (c *keyChange) inheritContexts() {
	for _, g := range c.wanted {
		for j, m := range g {
			if m.TakesContext() && len(m.Context()) == 0 {
				g[j], _ = m.Under(c.contextOf(m))
			}
		}
	}
}

// contextOf returns the context under which the file has m, nil if it has m
// without one too.
func (c *keyChange) contextOf(m keeper.MasterKey) map[string]string {
	var texts map[string]string
	for _, g := range c.old {
		for _, w := range g {
			if !keeper.Same(w.WithoutContext(), m.WithoutContext()) || awskey.Role(w.MasterKey) != awskey.Role(m) && !c.forget {
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
func (c *keyChange) stored(g []keeper.MasterKey) []keeper.MasterKey {
	if !c.forget {
		return g
	}
	out := slices.Clone(g)
	for i, m := range out {
		out[i] = m.WithoutRoute()
	}
	return out
}

// changes reports whether keys come or go, or the threshold changes.
func (c *keyChange) changes() bool {
	if c.splits() {
		return true
	}
	for i, g := range c.wanted {
		before, after := entryIDs(masters(c.old[i])), entryIDs(c.stored(g))
		slices.Sort(before)
		slices.Sort(after)
		if !slices.Equal(before, after) {
			return true
		}
	}
	return false
}

// removes reports whether a key goes.
func (c *keyChange) removes() bool {
	for _, g := range c.old {
		for _, w := range g {
			if !slices.ContainsFunc(c.wanted, func(wanted []keeper.MasterKey) bool { return has(wanted, w.MasterKey) }) {
				return true
			}
		}
	}
	return false
}

// reorders reports whether keys of one kind stand in another order. The order
// of kinds is that of the format.
func (c *keyChange) reorders() bool {
	for i, g := range c.wanted {
		if i >= len(c.old) {
			return false
		}
		for _, kind := range kinds.Names() {
			of := func(g []keeper.MasterKey) []string {
				return entryIDs(slices.DeleteFunc(slices.Clone(g), func(m keeper.MasterKey) bool { return m.Kind != kind }))
			}
			if !slices.Equal(of(masters(c.old[i])), of(c.stored(g))) {
				return true
			}
		}
	}
	return false
}

func masters(g keeper.Group) []keeper.MasterKey {
	out := make([]keeper.MasterKey, len(g))
	for i, w := range g {
		out[i] = w.MasterKey
	}
	return out
}

// entryIDs tells entries apart.
func entryIDs(g []keeper.MasterKey) []string {
	out := make([]string, len(g))
	for i, m := range g {
		out[i] = m.EntryID()
	}
	return out
}

// stock returns the file's keys under the names that the rule wants. What KMS
// wrapped depends on key and context alone, so that another role or profile
// needs no call.
func (c *keyChange) stock() []keeper.Group {
	out := make([]keeper.Group, len(c.old))
	for i, g := range c.old {
		out[i] = slices.Clone(g)
		if i >= len(c.wanted) {
			continue
		}
		have := entryIDs(masters(g))
		for _, m := range c.wanted[i] {
			at := slices.IndexFunc(g, func(w keeper.WrappedKey) bool { return sameLock(w.MasterKey, m) })
			if at >= 0 && !slices.Contains(have, m.EntryID()) {
				same := g[at]
				same.MasterKey = m
				out[i] = append(out[i], same)
			}
		}
	}
	return out
}

// sameLock reports whether what one AWS key wrapped opens with the other.
func sameLock(a, b keeper.MasterKey) bool {
	return a.TakesContext() && keeper.Same(a, b)
}

// splits reports whether the data key must be split afresh.
func (c *keyChange) splits() bool {
	return len(c.old) != len(c.wanted) || groupsNeeded(c.oldThreshold, len(c.old)) != groupsNeeded(c.threshold, len(c.wanted))
}

// kept fills the wanted groups from stock. Entries without an Enc are missing.
func (c *keyChange) kept(stock []keeper.Group) (groups []keeper.Group, missing int) {
	groups = make([]keeper.Group, len(c.wanted))
	for i, g := range c.wanted {
		for _, m := range g {
			w := keeper.WrappedKey{MasterKey: m}
			at := -1
			if !c.splits() {
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
