package keeper

import "fmt"

// Groups are the master keys that a file is encrypted for. Any one key of a
// group opens the group's part, and Threshold groups together open the file.
type Groups struct {
	Groups    [][]MasterKey
	Threshold int // how many groups are needed; 0 means all of them
}

// To returns one group of keys, any one of which opens the file.
func To(keys ...MasterKey) Groups { return Groups{Groups: [][]MasterKey{keys}} }

// Needed returns how many groups open the file.
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
	const fewest = 2 // sharing a secret makes no sense with less
	if len(g.Groups) > 1 && g.Threshold != 0 && (g.Threshold < fewest || g.Threshold > len(g.Groups)) {
		return fmt.Errorf("a threshold of %d does not fit %d key groups", g.Threshold, len(g.Groups))
	}
	return nil
}
