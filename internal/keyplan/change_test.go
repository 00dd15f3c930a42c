package keyplan

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/age/agekey"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/pgp/pgpkey"
)

const (
	arnA  = "arn:aws:kms:eu-west-1:111122223333:key/a"
	arnB  = "arn:aws:kms:us-east-1:111122223333:key/b"
	roleR = "arn:aws:iam::111122223333:role/r"
)

func ageKey(name string) keeper.MasterKey { return agekey.Kind().Key("recipient", name) }

func wrapped(keys ...keeper.MasterKey) keeper.Group {
	var g keeper.Group
	for _, m := range keys {
		g = append(g, keeper.WrappedKey{MasterKey: m, Enc: "wrapped for " + m.EntryID()})
	}
	return g
}

// scenario returns a change between random groups of a few keys.
func scenario(r *rand.Rand) *Change {
	pool := []keeper.MasterKey{
		ageKey("x"), ageKey("y"), ageKey("z"), pgpkey.Kind().Key("fp", "AB"),
		awskey.Kind().Key("arn", arnA), awskey.Kind().Key("arn", arnA, "role", roleR),
		awskey.Kind().Key("arn", arnA).With("context", map[string]string{"k": "v"}), awskey.Kind().Key("arn", arnB),
	}
	some := func() [][]keeper.MasterKey {
		groups := make([][]keeper.MasterKey, 1+r.IntN(3))
		for i := range groups {
			for _, at := range r.Perm(len(pool))[:1+r.IntN(4)] {
				groups[i] = append(groups[i], pool[at])
			}
		}
		return groups
	}
	c := &Change{Wanted: some(), Forget: r.IntN(2) == 0}
	for _, g := range some() {
		c.Old = append(c.Old, wrapped(g...))
	}
	if n := len(c.Old); n > 1 {
		c.OldThreshold = keeper.MinThreshold + r.IntN(n-1)
	}
	if n := len(c.Wanted); n > 1 {
		c.Threshold = keeper.MinThreshold + r.IntN(n-1)
	}
	return c
}

func TestTheLawsOfAChange(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 5000 {
		c := scenario(r)
		groups, missing := c.Kept(c.Stock())
		name := "scenario " + strconv.Itoa(n)
		gaps := 0
		for i, g := range groups {
			if !slices.Equal(entryIDs(masters(g)), entryIDs(c.Wanted[i])) {
				t.Fatalf("%s: group %d has other keys than are wanted", name, i)
			}
			for _, w := range g {
				switch {
				case w.Enc == "":
					gaps++
				case c.Splits():
					t.Fatalf("%s: a share of another splitting is kept", name)
				case !slices.ContainsFunc(c.Old[i], func(old keeper.WrappedKey) bool {
					return old.Enc == w.Enc && keeper.Same(old.MasterKey, w.MasterKey)
				}):
					t.Fatalf("%s: group %d gets a wrapped key that is not of this key and this group", name, i)
				}
			}
		}
		if gaps != missing {
			t.Fatalf("%s: %d entries are empty, %d are said to be missing", name, gaps, missing)
		}
		if report := c.Report("f"); unchanged(report) != !c.Changes() {
			t.Fatalf("%s: Changes is %t, the report %+v", name, c.Changes(), report)
		}
	}
}

// unchanged reports whether a report keeps everything.
func unchanged(r Report) bool {
	return r.Threshold[0] == r.Threshold[1] && !slices.ContainsFunc(slices.Concat(r.Groups...), func(k KeyInReport) bool { return k.Change != Kept })
}

func TestNoChangeAsksForNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		c := scenario(r)
		c.Forget = false
		c.Wanted, c.Threshold = c.Before().Groups, c.OldThreshold
		if _, missing := c.Kept(c.Stock()); missing != 0 || c.Changes() || c.Removes() || c.Reorders() || c.Splits() {
			t.Fatalf("to leave %v as it is needs %d keys; changes %t, removes %t, reorders %t, splits %t",
				c.Old, missing, c.Changes(), c.Removes(), c.Reorders(), c.Splits())
		}
	}
}

func TestAnotherRouteNeedsNoCall(t *testing.T) {
	t.Parallel()
	direct, viaRole := awskey.Kind().Key("arn", arnA), awskey.Kind().Key("arn", arnA, "role", roleR)
	c := &Change{Old: []keeper.Group{wrapped(direct)}, Wanted: [][]keeper.MasterKey{{viaRole}}}
	groups, missing := c.Kept(c.Stock())
	if missing != 0 || groups[0][0].EntryID() != viaRole.EntryID() || groups[0][0].Enc != c.Old[0][0].Enc {
		t.Errorf("got %v with %d missing, want the wrapped key of %s under its new name", groups, missing, direct.Identity())
	}
	if !c.Changes() || c.Removes() {
		t.Errorf("changes %t, removes %t; want a change that removes no key", c.Changes(), c.Removes())
	}
}

func TestContextsOfTheFileAreKept(t *testing.T) {
	t.Parallel()
	inFile := awskey.Kind().Key("arn", arnA).With("context", map[string]string{"k": "v"})
	for _, tc := range []struct {
		name    string
		old     []keeper.MasterKey
		wanted  keeper.MasterKey
		context string
	}{
		{"the rule names none", []keeper.MasterKey{inFile}, awskey.Kind().Key("arn", arnA), "v"},
		{"the rule names another", []keeper.MasterKey{inFile}, awskey.Kind().Key("arn", arnA).With("context", map[string]string{"k": "w"}), "w"},
		{"the file has the key without one too", []keeper.MasterKey{inFile, awskey.Kind().Key("arn", arnA)}, awskey.Kind().Key("arn", arnA), ""},
		{"another key", []keeper.MasterKey{inFile}, awskey.Kind().Key("arn", arnB), ""},
	} {
		c := &Change{Old: []keeper.Group{wrapped(tc.old...)}, Wanted: [][]keeper.MasterKey{{tc.wanted}}}
		c.InheritContexts()
		if got := c.Wanted[0][0].Map("context")["k"]; got != tc.context {
			t.Errorf("%s: context %q, want %q", tc.name, got, tc.context)
		}
	}
}

func TestPartialWrappingRemovesNoKey(t *testing.T) {
	t.Parallel()
	c := &Change{Old: []keeper.Group{wrapped(ageKey("x"))}}
	if c.Loses([]keeper.MasterKey{ageKey("y")}, []keeper.Group{wrapped(ageKey("x"))}) != nil {
		t.Error("a new key must not be left out")
	}
	if c.Loses([]keeper.MasterKey{ageKey("x")}, []keeper.Group{wrapped(ageKey("y"))}) == nil {
		t.Error("a key of the file may be left out")
	}
	if c.Loses(nil, []keeper.Group{{{MasterKey: ageKey("y")}}}) == nil {
		t.Error("a group without a wrapped key is taken")
	}
}
