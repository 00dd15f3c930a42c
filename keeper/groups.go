package keeper

import "fmt"

// Groups are the master keys that a file is encrypted for. Any one key of a
// group is enough for the group's part, and Threshold groups decrypt the file.
type Groups struct {
	Groups    [][]MasterKey
	Threshold int // how many groups are needed; 0 means all of them
}

// To returns one group of keys, any one of which decrypts the file.
func To(keys ...MasterKey) Groups { return Groups{Groups: [][]MasterKey{keys}} }

// MinThreshold is the fewest groups that sharing a secret makes sense for.
const MinThreshold = 2

// Needed returns how many groups decrypt the file.
func (g Groups) Needed() int {
	if len(g.Groups) == 1 || g.Threshold == 0 {
		return len(g.Groups)
	}
	return g.Threshold
}

// Validate reports why no file can be encrypted for g: a group without keys, or
// a threshold that does not fit the number of groups.
func (g Groups) Validate() error {
	if len(g.Groups) == 0 {
		return fmt.Errorf("no master keys are given")
	}
	for i, keys := range g.Groups {
		if len(keys) == 0 {
			return fmt.Errorf("key group %d has no keys", i+1)
		}
	}
	return g.CheckThreshold()
}

// CheckThreshold returns a ThresholdError if the threshold does not fit the
// number of groups. That of a single group means nothing and fits.
func (g Groups) CheckThreshold() error {
	if len(g.Groups) > 1 && g.Threshold != 0 && (g.Threshold < MinThreshold || g.Threshold > len(g.Groups)) {
		return &ThresholdError{Threshold: g.Threshold, Groups: len(g.Groups)}
	}
	return nil
}

// A ThresholdError says that a threshold does not fit a number of key groups.
type ThresholdError struct{ Threshold, Groups int }

func (e *ThresholdError) Error() string {
	return fmt.Sprintf("a threshold of %d does not fit %d key groups", e.Threshold, e.Groups)
}

// Hints returns the numbers that fit.
func (e *ThresholdError) Hints() []string {
	return []string{fmt.Sprintf("choose a number from %d to %d", MinThreshold, e.Groups)}
}
