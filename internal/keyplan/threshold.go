package keyplan

import (
	"errors"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// ErrOneGroup says that a threshold was given for a single group.
var ErrOneGroup = errors.New("a threshold has no effect on a single key group")

// A TooFewError says that fewer groups would be left than the file needs.
type TooFewError struct{ Left, Needed int }

func (e *TooFewError) Error() string {
	return fmt.Sprintf("only %d of the groups would be left, and the file needs %d", e.Left, e.Needed)
}

// ForRule returns the threshold of a file that gets groups of its rule: that of
// the flag, of the rule, or of the file, as far as there are as many groups.
func ForRule(flag, rule int, before keeper.Groups, groups int) (int, error) {
	switch {
	case groups == 1 && flag > 1:
		return 0, ErrOneGroup
	case groups == 1 && len(before.Groups) == 1:
		return before.Threshold, nil // it means nothing, and is no reason to touch the file
	case groups == 1:
		return 0, nil
	case flag != 0:
		return flag, fits(flag, groups)
	case rule != 0:
		return rule, fits(rule, groups)
	case len(before.Groups) == 1 || before.Threshold == 0:
		return groups, nil
	}
	return max(keeper.MinThreshold, min(before.Threshold, groups)), nil
}

// ForGroups returns the threshold of a file to which groups are added or from
// which they are taken. Unlike ForRule, it is an error if that of the file does
// not fit: the threshold is what such a command is about.
func ForGroups(flag int, before keeper.Groups, groups int) (int, error) {
	file := before.Threshold
	if len(before.Groups) == 1 {
		file = 0 // it meant nothing
	}
	switch {
	case groups == 1 && flag > 1:
		return 0, ErrOneGroup
	case groups == 1 && flag != 0:
		return 0, nil
	case flag != 0:
		return flag, fits(flag, groups)
	case file > groups:
		return 0, &TooFewError{Left: groups, Needed: file}
	case groups == 1:
		return 0, nil
	case file == 0:
		return groups, nil
	}
	return file, fits(file, groups)
}

func fits(threshold, groups int) error {
	return keeper.Groups{Groups: make([][]keeper.MasterKey, groups), Threshold: threshold}.CheckThreshold()
}
