package keyplan

import (
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// A Grant is the keys that are about to get a data key. Anybody who can write to
// a file may have added a key of their own, made fewer groups suffice, or brought
// back an old version with a key that was removed since. Doubts finds such keys.
type Grant struct {
	Before, After [][]keeper.MasterKey // the groups of the file, now and then
	Named         []keeper.MasterKey   // those that flags of this run name
	Needed        int                  // how many groups open the file
	SealVouches   bool                 // a seal does as well as a rule
	Always        bool                 // where there is neither a seal nor a rule, every key is in doubt
}

// A Seal is what an encrypted file knows of its own keys.
type Seal interface {
	Unverified() []keeper.MasterKey // no seal vouches for them
	Injected() []keeper.MasterKey   // those of them that were put into a sealed list
}

// Doubts lists, for people, what neither the rule nor the flags of this run
// vouch for. The seal counts where there is no rule, which is nil then.
func (g Grant) Doubts(seal Seal, rule *keeper.Groups) []string {
	var out []string
	suspects := seal.Injected()
	switch {
	case rule != nil && !g.SealVouches:
		suspects = slices.Concat(g.Before...)
	case rule != nil || g.Always:
		suspects = seal.Unverified()
	}
	if rule != nil && len(suspects) > 0 {
		if want := rule.Needed(); g.Needed < want {
			out = append(out, fmt.Sprintf("%d groups suffice instead of %d", g.Needed, want))
		}
	}
	for i, keys := range g.After {
		for _, m := range keys {
			if has(suspects, m) && !has(g.Named, m) && !g.ruled(rule, i, m) {
				out = append(out, m.Name()+inGroup(i, len(g.After)))
			}
		}
	}
	return out
}

// ruled reports whether the rule has m in the group of the new number i, or in
// that where the file has it: a rule may be as it was before a group went.
func (g Grant) ruled(rule *keeper.Groups, i int, m keeper.MasterKey) bool {
	if rule == nil {
		return false
	}
	for j, wanted := range rule.Groups {
		settled := func(w keeper.MasterKey) bool { return keeper.Same(w.Settled([]keeper.MasterKey{m}), m) }
		if slices.ContainsFunc(wanted, settled) && (i == j || j < len(g.Before) && has(g.Before[j], m)) {
			return true
		}
	}
	return false
}

func inGroup(i, groups int) string {
	if groups == 1 {
		return ""
	}
	return fmt.Sprintf(" in group %d", i+1)
}
