package keeper_test

import (
	"testing"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

func TestGroupsKnowWhatTheyNeed(t *testing.T) {
	t.Parallel()
	one := []keeper.MasterKey{keeper.Undescribed(keeper.Age, "recipient", "age1")}
	for _, c := range []struct {
		groups, threshold, needed int
		valid                     bool
	}{
		{groups: 0, needed: 0},
		{groups: 1, needed: 1, valid: true},
		{groups: 1, threshold: 5, needed: 1, valid: true}, // means nothing for one group
		{groups: 3, needed: 3, valid: true},
		{groups: 3, threshold: 2, needed: 2, valid: true},
		{groups: 3, threshold: 1, needed: 1},
		{groups: 3, threshold: 4, needed: 4},
	} {
		g := keeper.Groups{Threshold: c.threshold}
		for range c.groups {
			g.Groups = append(g.Groups, one)
		}
		if got := g.Needed(); got != c.needed {
			t.Errorf("%d groups, threshold %d: %d needed, want %d", c.groups, c.threshold, got, c.needed)
		}
		if err := g.Validate(); (err == nil) != c.valid {
			t.Errorf("%d groups, threshold %d: %v", c.groups, c.threshold, err)
		}
	}
	if err := (keeper.Groups{Groups: [][]keeper.MasterKey{one, nil}}).Validate(); err == nil {
		t.Error("a group without keys is taken")
	}
}
