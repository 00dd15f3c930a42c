package unlock

import (
	"errors"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/internal/shamir"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

var (
	errNoGroup = errors.New("too few groups were opened")
	errUnfit   = errors.New("the data key that it holds does not fit this file")
)

// whole is the parts of a file with one group: the data key itself.
type whole struct {
	verify func(keeper.Data) bool
	found  bool
	data   keeper.Data
}

func (*whole) required() int { return 1 }

func (*whole) fits(d keeper.Data) error {
	if d.Len() != keeper.Size {
		return fmt.Errorf("the data key that it holds has %d bytes instead of %d", d.Len(), keeper.Size)
	}
	return nil
}

// add keeps the first data key even if it does not fit: see Options.Verify.
func (w *whole) add(_ int, d keeper.Data) (bool, error) {
	good := w.verify == nil || w.verify(d)
	if good || !w.found {
		w.data, w.found = d, true
	}
	if !good {
		return false, errUnfit
	}
	return true, nil
}

func (w *whole) result() *Recovered { return &Recovered{Data: w.data} }

func (w *whole) unverified() (*Recovered, error) {
	if !w.found {
		return nil, errNoGroup
	}
	return w.result(), nil
}

// shares is the parts of a file with several groups.
type shares struct {
	byGroup   []keeper.Data
	got       int
	threshold int // 0 if the file does not say
	o         Options
	data      keeper.Data
}

// maxTries bounds the search for a set of shares that fits, which only files
// with wrong shares in many groups would reach.
const maxTries = 10_000

func newShares(groups, threshold int, o Options) *shares {
	if threshold != 0 {
		threshold = max(threshold, 2) // one share is not a secret
	}
	return &shares{byGroup: make([]keeper.Data, groups), threshold: threshold, o: o}
}

func (s *shares) required() int {
	if s.threshold == 0 {
		return len(s.byGroup)
	}
	return s.threshold
}

func (*shares) fits(d keeper.Data) error {
	if d.Len() != keeper.Size+1 {
		return fmt.Errorf("the share that it holds has %d bytes instead of %d", d.Len(), keeper.Size+1)
	}
	return nil
}

// add looks for a set of threshold shares that gives the data key. Sets without
// the new share were tried when their own last share came.
func (s *shares) add(group int, d keeper.Data) (bool, error) {
	s.byGroup[group] = d
	s.got++
	size := s.required()
	if s.got < size {
		return false, nil
	}
	var others []int
	for i, o := range s.byGroup {
		if i != group && o.Len() > 0 {
			others = append(others, i)
		}
	}
	tries := 0
	for set := range combinations(others, size-1) {
		if tries++; tries > maxTries {
			break
		}
		if s.try(append(set, group)) {
			return true, nil
		}
	}
	return false, nil
}

// try combines the shares of the given groups, and keeps what they give if it
// fits the file.
func (s *shares) try(groups []int) bool {
	set := s.bytes(groups)
	secret, err := shamir.Combine(set)
	if err != nil {
		return false
	}
	d := keeper.NewData(secret)
	if s.o.Verify != nil && !s.o.Verify(d) {
		return false
	}
	s.data = d
	s.dropWrong(set)
	return true
}

// dropWrong forgets the shares that do not lie on the polynomial of good ones.
func (s *shares) dropWrong(good [][]byte) {
	for i, d := range s.byGroup {
		if d.Len() == 0 {
			continue
		}
		x := d.Bytes()[keeper.Size]
		if right, err := shamir.At(good, x); x == 0 || err != nil || !d.Equal(keeper.NewData(right)) {
			s.o.Warn(fmt.Sprintf("group %d holds a share that does not belong to the data key of this file", i))
			s.byGroup[i] = keeper.Data{}
		}
	}
}

func (s *shares) result() *Recovered { return &Recovered{Data: s.data, Shares: s.byGroup} }

// unverified combines all shares, in case the file asks for fewer or more than
// it was made with. What nothing vouches for is returned only if the file's
// own threshold is reached.
func (s *shares) unverified() (*Recovered, error) {
	var all []int
	for i, d := range s.byGroup {
		if d.Len() > 0 {
			all = append(all, i)
		}
	}
	enough := s.got >= s.required()
	guess := s.threshold == 0 && s.o.Verify != nil // the threshold may be less than all
	if !enough && !guess || s.got < 2 {
		return nil, errNoGroup
	}
	secret, err := shamir.Combine(s.bytes(all))
	if err != nil {
		return nil, err
	}
	d := keeper.NewData(secret)
	if !enough && !s.o.Verify(d) {
		return nil, errNoGroup
	}
	return &Recovered{Data: d}, nil
}

func (s *shares) bytes(groups []int) [][]byte {
	out := make([][]byte, len(groups))
	for i, g := range groups {
		out[i] = s.byGroup[g].Bytes()
	}
	return out
}
