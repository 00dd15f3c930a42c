package keyplan

import (
	"testing"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

func TestUpdatekeysTakesTheThresholdOfFlagThenRuleThenFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                             string
		flag, rule, file, before, groups int
		want                             int // -1 is an error
	}{
		{"flag", 2, 3, 3, 3, 3, 2},
		{"rule", 0, 2, 3, 3, 3, 2},
		{"file", 0, 0, 2, 3, 3, 2},
		{"file, as far as there are groups", 0, 0, 4, 4, 3, 3},
		{"file of a single group says nothing", 0, 0, 1, 1, 3, 3},
		{"nothing means all", 0, 0, 0, 3, 3, 3},
		{"a stored one is no threshold", 0, 0, 1, 2, 2, 2},
		{"a single group stays as it is", 0, 2, 5, 1, 1, 5},
		{"a group that becomes single has none", 0, 0, 2, 2, 1, 0},
		{"one of one", 1, 0, 2, 2, 1, 0},
		{"more than one of one", 2, 0, 0, 1, 1, -1},
		{"flag too large", 4, 0, 2, 3, 3, -1},
		{"flag too small", 1, 0, 2, 3, 3, -1},
		{"flag negative", -1, 0, 2, 3, 3, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := ForRule(c.flag, c.rule, groupsOf(c.before, c.file), c.groups)
			check(t, got, err, c.want)
		})
	}
}

func TestGroupsWithoutAFittingThresholdAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                       string
		flag, file, before, groups int
		want                       int
	}{
		{"flag", 2, 3, 3, 4, 2},
		{"file", 0, 2, 3, 4, 2},
		{"second group", 0, 0, 1, 2, 2},
		{"second group beside a meaningless threshold", 0, 5, 1, 2, 2},
		{"all of them", 0, 0, 3, 4, 4},
		{"too few left", 0, 3, 3, 2, -1},
		{"only one left", 0, 2, 2, 1, -1},
		{"only one left, as was said", 1, 2, 2, 1, 0},
		{"flag too large", 5, 2, 3, 4, -1},
		{"flag too small", 1, 2, 3, 4, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := ForGroups(c.flag, groupsOf(c.before, c.file), c.groups)
			check(t, got, err, c.want)
		})
	}
}

func check(t *testing.T, got int, err error, want int) {
	t.Helper()
	if want < 0 && err == nil {
		t.Errorf("got %d, want an error", got)
	}
	if want >= 0 && (err != nil || got != want) {
		t.Errorf("got %d, %v; want %d", got, err, want)
	}
}

// groupsOf returns n groups with a threshold.
func groupsOf(n, threshold int) keeper.Groups {
	return keeper.Groups{Groups: make([][]keeper.MasterKey, n), Threshold: threshold}
}
