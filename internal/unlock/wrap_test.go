package unlock

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// plan returns groups of KMS keys from texts such as "a b".
func plan(groups ...string) [][]keeper.MasterKey {
	out := make([][]keeper.MasterKey, len(groups))
	for i, g := range groups {
		for name := range strings.FieldsSeq(g) {
			out[i] = append(out[i], named(keeper.KMS, name))
		}
	}
	return out
}

func TestAllKeysWrapAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		groups := make([][]keeper.MasterKey, 2)
		for _, n := range []string{"a", "b", "c", "d", "e"} {
			groups[0] = append(groups[0], named(keeper.KMS, n, "80ms"))
			groups[1] = append(groups[1], named(keeper.KMS, n+n, "80ms"))
		}
		took := elapsed(func() {
			if _, err := Wrap(t.Context(), &fake{}, groups, 0, dataKey(1), random(1)); err != nil {
				t.Error(err)
			}
		})
		if took != 80*time.Millisecond {
			t.Errorf("took %v, want 80ms", took)
		}
	})
}

func TestWhatIsWrappedCanBeUnlocked(t *testing.T) {
	t.Parallel()
	tests := []struct {
		groups    [][]keeper.MasterKey
		threshold int
	}{
		{plan("a b"), 0},
		{plan("a b"), 2}, // means nothing for one group
		{plan("a", "b c"), 0},
		{plan("a", "b c", "d"), 2},
	}
	for _, tt := range tests {
		d := dataKey(9)
		groups, err := Wrap(t.Context(), &fake{}, tt.groups, tt.threshold, d, random(2))
		if err != nil {
			t.Fatal(err)
		}
		got, err := DataKey(t.Context(), &fake{}, groups, tt.threshold, Options{})
		if err != nil || !got.Equal(d) {
			t.Errorf("%d groups, threshold %d: DataKey = %v, %v", len(tt.groups), tt.threshold, got, err)
		}
	}
}

func TestAllKeysThatCannotWrapAreNamed(t *testing.T) {
	t.Parallel()
	groups := [][]keeper.MasterKey{{named(keeper.KMS, "a", "fail"), named(keeper.KMS, "b"), named(keeper.KMS, "c", "fail")}}
	_, err := Wrap(t.Context(), &fake{}, groups, 0, dataKey(1), random(1))
	var e *WrapError
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want a *WrapError", err)
	}
	want := "access denied to a\naccess denied to c"
	if diff := cmp.Diff(want, e.Error()); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"ask the owner"}, e.Hints()); diff != "" {
		t.Errorf("hints (-want +got):\n%s", diff)
	}
}

func TestWrappingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Hour, errors.New("the user has gone"))
		defer cancel()
		groups := [][]keeper.MasterKey{{named(keeper.KMS, "a", "hang"), asking("p", "59m")}}
		_, err := Wrap(ctx, &fake{}, groups, 0, dataKey(1), random(1))
		if err == nil || err.Error() != "the user has gone" {
			t.Errorf("error %v", err)
		}
	})
}

func TestGroupsThatNobodyCouldOpenAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		groups    [][]keeper.MasterKey
		threshold int
		want      string
	}{
		{nil, 0, "empty key group provided: no master keys to encrypt for"},
		{plan(""), 0, "empty key group provided: group 0 has no master keys"},
		{plan("a", "", "b"), 2, "empty key group provided: group 1 has no master keys"},
		{plan("a", "b"), 3, "key groups: shamir: threshold 3 is more than the 2 parts"},
		{plan("a", "b"), 1, "key groups: shamir: threshold 1 is less than 2"},
	}
	for _, tt := range tests {
		f := &fake{}
		_, err := Wrap(t.Context(), f, tt.groups, tt.threshold, dataKey(1), random(1))
		if err == nil || err.Error() != tt.want {
			t.Errorf("Wrap: error %v, want %s", err, tt.want)
		}
		if len(f.log()) > 0 {
			t.Errorf("%s: a key was asked: %v", tt.want, f.log())
		}
	}
	if _, err := Wrap(t.Context(), &fake{}, plan("a"), 0, keeper.NewData(make([]byte, 16)), random(1)); err == nil {
		t.Error("a data key of 16 bytes was wrapped")
	}
}

func TestOnlyWhatChangedIsWrappedAgain(t *testing.T) {
	t.Parallel()
	const all = "all"
	tests := []struct {
		name          string
		before, after []string
		from, to      int      // thresholds
		lost          []int    // groups whose keys do not work
		wraps         []string // calls, sorted; all: every key of after
	}{
		{name: "nothing", before: []string{"a b"}, after: []string{"a b"}},
		{name: "order", before: []string{"a b"}, after: []string{"b a"}},
		{name: "one more", before: []string{"a b"}, after: []string{"a b c"}, wraps: []string{"wrap c"}},
		{name: "one less", before: []string{"a b"}, after: []string{"b"}},
		{name: "the same twice", before: []string{"a"}, after: []string{"a a"}, wraps: []string{"wrap a"}},
		{name: "nothing in groups", before: []string{"a", "b", "c"}, after: []string{"a", "b", "c"}, from: 2, to: 2},
		{name: "threshold of all, spelled out", before: []string{"a", "b"}, after: []string{"a", "b"}, from: 0, to: 2},
		{name: "one more in a group", before: []string{"a", "b", "c"}, after: []string{"a", "b x", "c"}, from: 2, to: 2, wraps: []string{"wrap x"}},
		{name: "another in a group that is lost", before: []string{"a", "b", "c"}, after: []string{"a", "b", "x"}, from: 2, to: 2, lost: []int{2}, wraps: []string{"wrap x"}},
		{name: "one more in a group that is lost", before: []string{"a", "b", "c"}, after: []string{"a", "b", "c x"}, from: 2, to: 2, lost: []int{2}, wraps: []string{"wrap x"}},
		{name: "one more group", before: []string{"a", "b"}, after: []string{"a", "b", "c"}, from: 2, to: 2, wraps: []string{all}},
		{name: "one group to two", before: []string{"a"}, after: []string{"a", "b"}, wraps: []string{all}},
		{name: "two groups to one", before: []string{"a", "b"}, after: []string{"a b"}, wraps: []string{all}},
		{name: "another threshold", before: []string{"a", "b", "c"}, after: []string{"a", "b", "c"}, from: 2, to: 3, wraps: []string{all}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := dataKey(5)
			old, err := Wrap(t.Context(), &fake{}, plan(tt.before...), tt.from, d, random(3))
			if err != nil {
				t.Fatal(err)
			}
			readable := slices.Clone(old)
			for _, i := range tt.lost {
				readable[i] = keeper.Group{{MasterKey: named(keeper.KMS, "lost"), Enc: "?"}}
			}
			r, err := Recover(t.Context(), &fake{}, readable, tt.from, Options{Verify: d.Equal})
			if err != nil {
				t.Fatal(err)
			}
			f := &fake{}
			groups := plan(tt.after...)
			got, err := Rewrap(t.Context(), f, r, old, tt.from, groups, tt.to, random(4))
			if err != nil {
				t.Fatal(err)
			}
			want := tt.wraps
			if slices.Contains(want, all) {
				want = nil
				for _, g := range groups {
					for _, m := range g {
						want = append(want, "wrap "+m.Identity())
					}
				}
			}
			calls := f.log()
			slices.Sort(calls)
			if diff := cmp.Diff(want, calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			openedBySubsets(t, got, groups, tt.to, d)
		})
	}
}

// openedBySubsets checks that every key of every group opens its part, and that
// any threshold of groups gives d.
func openedBySubsets(t *testing.T, got []keeper.Group, groups [][]keeper.MasterKey, threshold int, d keeper.Data) {
	t.Helper()
	if len(got) != len(groups) {
		t.Fatalf("%d groups, want %d", len(got), len(groups))
	}
	var numbers []int
	for i, g := range groups {
		numbers = append(numbers, i)
		var ids, want []string
		for j := range got[i] {
			ids = append(ids, got[i][j].Identity())
		}
		for _, m := range g {
			want = append(want, m.Identity())
		}
		if diff := cmp.Diff(want, ids); diff != "" {
			t.Errorf("keys of group %d (-want +got):\n%s", i, diff)
		}
	}
	for set := range combinations(numbers, required(threshold, len(groups))) {
		for last := range got[set[len(set)-1]] {
			var some []keeper.Group
			for _, i := range set {
				some = append(some, got[i][:1])
			}
			i := set[len(set)-1]
			some[len(some)-1] = got[i][last : last+1]
			data, err := DataKey(t.Context(), &fake{}, some, len(set), Options{})
			if err != nil || !data.Equal(d) {
				t.Errorf("groups %v with key %d of the last: %v, %v", set, last, data, err)
			}
		}
	}
}

// Files of before 3.10 number their shares at random, so the number of a share
// that was not recovered is unknown.
func TestOddNumberedSharesAreSplitAfresh(t *testing.T) {
	t.Parallel()
	d := dataKey(5)
	groups := wrapped(t, d, 2, "a", "b", "c")
	groups[0], groups[1] = groups[1], groups[0]
	groups[2][0].Enc = "lost"
	r, err := Recover(t.Context(), &fake{}, groups, 2, Options{Verify: d.Equal})
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{}
	if _, err := Rewrap(t.Context(), f, r, groups, 2, plan("b", "a", "x"), 2, random(4)); err != nil {
		t.Fatal(err)
	}
	if got := f.log(); len(got) != 3 {
		t.Errorf("calls %v, want all three keys", got)
	}
	f = &fake{}
	if _, err := Rewrap(t.Context(), f, r, groups, 2, plan("b", "a x", "c"), 2, random(4)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"wrap x"}, f.log()); diff != "" {
		t.Errorf("a group that was opened: calls (-want +got):\n%s", diff)
	}
}

func TestFieldsThatNobodyKnowsSurviveRewrapping(t *testing.T) {
	t.Parallel()
	d := dataKey(5)
	m := named(keeper.KMS, "a")
	m.Fields = append(m.Fields, keeper.Field{Name: "of_the_future", Text: "x"})
	old := one(d, m)
	old[0][0].Created = time.Unix(1000, 0)
	got, err := Rewrap(t.Context(), &fake{}, &Recovered{Data: d}, old, 0, plan("a b"), 0, random(1))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(old[0][0], got[0][0]); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
}
