package unlock

import (
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

func random(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

// wrapped returns a file with a group for each name, of one KMS key each. A
// name may be followed by what its key does when it is asked to unwrap.
func wrapped(t *testing.T, d keeper.Data, threshold int, names ...string) []keeper.Group {
	t.Helper()
	var plan [][]keeper.MasterKey
	for _, n := range names {
		name, _, _ := strings.Cut(n, " ")
		plan = append(plan, []keeper.MasterKey{named(keeper.KMS, name)})
	}
	groups, err := Wrap(t.Context(), &fake{}, plan, threshold, d, random(7))
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range names {
		name, do, _ := strings.Cut(n, " ")
		groups[i][0].MasterKey = named(keeper.KMS, name, do)
	}
	return groups
}

// spoil replaces the share of a group by a wrong one.
func spoil(groups []keeper.Group, i int) {
	bad := make([]byte, keeper.Size+1)
	bad[keeper.Size] = byte(i + 1)
	groups[i] = keeper.Group{sealed(groups[i][0].MasterKey, keeper.NewData(bad))}
}

func TestGroupsAreOpenedTogether(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		groups    []string
		threshold int // of the file
		stored    int // in the file's metadata
		bad       []int
		took      time.Duration
		fails     bool
	}{
		{name: "all at once", groups: []string{"a 40ms", "b 40ms", "c 40ms"}, threshold: 3, stored: 3, took: 40 * time.Millisecond},
		{name: "no threshold means all", groups: []string{"a 40ms", "b 60ms", "c 80ms"}, threshold: 0, stored: 0, took: 80 * time.Millisecond},
		{name: "enough is enough", groups: []string{"a 40ms", "b hang", "c 60ms"}, threshold: 2, stored: 2, took: DefaultHedge + 60*time.Millisecond},
		{name: "one for each that fails", groups: []string{"a 40ms", "b 10ms fail", "c 10ms fail", "d 60ms", "e"}, threshold: 2, stored: 2, took: 80 * time.Millisecond},
		{name: "one for each that is silent", groups: []string{"a", "b hang", "c hang", "d 60ms"}, threshold: 2, stored: 2, took: 2*DefaultHedge + 60*time.Millisecond},
		{name: "too few", groups: []string{"a", "b fail", "c fail"}, threshold: 2, stored: 2, fails: true},
		{name: "one bad share among three", groups: []string{"a", "b", "c 1s"}, threshold: 2, stored: 2, bad: []int{1}, took: time.Second},
		{name: "two bad shares among five", groups: []string{"a", "b", "c", "d", "e"}, threshold: 3, stored: 3, bad: []int{0, 3}},
		{name: "the stored threshold was lowered", groups: []string{"a", "b", "c"}, threshold: 3, stored: 2},
		{name: "the stored threshold was lowered to 1", groups: []string{"a", "b", "c"}, threshold: 2, stored: 1},
		{name: "the stored threshold is lost and a group is too", groups: []string{"a", "b fail", "c"}, threshold: 2, stored: 0},
		{name: "the stored threshold was raised", groups: []string{"a", "b"}, threshold: 2, stored: 3, fails: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				want := dataKey(3)
				groups := wrapped(t, want, tt.threshold, tt.groups...)
				for _, i := range tt.bad {
					spoil(groups, i)
				}
				var warnings int
				o := Options{Verify: want.Equal, Warn: func(string) { warnings++ }}
				var r *Recovered
				var err error
				took := elapsed(func() { r, err = Recover(t.Context(), &fake{}, groups, tt.stored, o) })
				if took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				if tt.fails {
					var e *Error
					if !errors.As(err, &e) {
						t.Errorf("error %v, want an *Error", err)
					}
					return
				}
				if err != nil || !r.Data.Equal(want) {
					t.Fatalf("Recover = %v, %v", r, err)
				}
				for _, i := range tt.bad {
					if r.Shares[i].Len() > 0 {
						t.Errorf("the wrong share of group %d was kept", i)
					}
				}
				if warnings > len(tt.bad) {
					t.Errorf("%d warnings of %d bad shares", warnings, len(tt.bad))
				}
			})
		})
	}
}

func TestTheSameShareTwiceIsNamed(t *testing.T) {
	t.Parallel()
	groups := wrapped(t, dataKey(1), 2, "a", "b")
	groups[1] = groups[0]
	_, err := DataKey(t.Context(), &fake{}, groups, 2, Options{})
	var e *Error
	if !errors.As(err, &e) || e.Reason == nil {
		t.Fatalf("error %v, want an *Error with a reason", err)
	}
	if !strings.Contains(e.Error(), "two shares have the number 1") {
		t.Errorf("Error() = %q", e.Error())
	}
	if !strings.Contains(e.UserError(), "do not\nfit together") {
		t.Errorf("UserError() = %q", e.UserError())
	}
}

func TestGroupsAskNoMoreThanTheyNeed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		groups := wrapped(t, dataKey(1), 3, "a 40ms", "b 40ms", "c 40ms", "d 40ms", "e 40ms")
		f := &fake{}
		if _, err := DataKey(t.Context(), f, groups, 3, Options{}); err != nil {
			t.Fatal(err)
		}
		calls := f.log()
		slices.Sort(calls)
		want := []string{"unwrap a", "unwrap b", "unwrap c"}
		if diff := cmp.Diff(want, calls); diff != "" || f.most != 3 {
			t.Errorf("%d at a time; calls (-want +got):\n%s", f.most, diff)
		}
	})
}

func TestCombinationsAreAllSubsets(t *testing.T) {
	t.Parallel()
	got := slices.Collect(combinations([]int{1, 2, 3, 4}, 2))
	want := [][]int{{1, 2}, {1, 3}, {1, 4}, {2, 3}, {2, 4}, {3, 4}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("combinations (-want +got):\n%s", diff)
	}
	if got := slices.Collect(combinations([]int{1}, 2)); got != nil {
		t.Errorf("subsets of two of one element: %v", got)
	}
	if got := slices.Collect(combinations([]int{1}, 0)); len(got) != 1 {
		t.Errorf("subsets of none: %v, want the empty one", got)
	}
}
