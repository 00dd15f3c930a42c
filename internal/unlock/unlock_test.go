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
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// elapsed is the time of a bubble that f takes.
func elapsed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func TestOneGroupIsOpenedByTheBestKeyInTime(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		keys  []keeper.MasterKey
		calls []string
		took  time.Duration
		fails bool
	}{
		{
			name:  "the first answers",
			keys:  []keeper.MasterKey{named(keeper.KMS, "a", "40ms"), named(keeper.KMS, "b")},
			calls: []string{"unwrap a"},
			took:  40 * time.Millisecond,
		},
		{
			name:  "a definite error leads to the next at once",
			keys:  []keeper.MasterKey{named(keeper.KMS, "a", "40ms", "fail"), named(keeper.KMS, "b", "40ms"), named(keeper.KMS, "c")},
			calls: []string{"unwrap a", "unwrap b"},
			took:  80 * time.Millisecond,
		},
		{
			name:  "silence starts the next beside it",
			keys:  []keeper.MasterKey{named(keeper.KMS, "a", "hang"), named(keeper.KMS, "b", "40ms")},
			calls: []string{"unwrap a", "unwrap b"},
			took:  340 * time.Millisecond,
		},
		{
			name:  "a slow key may still win",
			keys:  []keeper.MasterKey{named(keeper.KMS, "a", "400ms"), named(keeper.KMS, "b", "hang")},
			calls: []string{"unwrap a", "unwrap b"},
			took:  400 * time.Millisecond,
		},
		{
			name:  "each silence starts one more",
			keys:  []keeper.MasterKey{named(keeper.KMS, "a", "hang"), named(keeper.KMS, "b", "hang"), named(keeper.KMS, "c", "hang"), named(keeper.KMS, "d")},
			calls: []string{"unwrap a", "unwrap b", "unwrap c", "unwrap d"},
			took:  900 * time.Millisecond,
		},
		{
			name:  "a lone key that hangs has all the time",
			keys:  []keeper.MasterKey{named(keeper.KMS, "a", "hang")},
			calls: []string{"unwrap a"},
			took:  DefaultOverall,
			fails: true,
		},
		{
			name:  "a slow answer is better than none",
			keys:  []keeper.MasterKey{named(keeper.KMS, "a", "25s"), named(keeper.KMS, "b", "fail")},
			calls: []string{"unwrap a", "unwrap b"},
			took:  25 * time.Second,
		},
		{
			name:  "a helper that waits for a person has no deadline",
			keys:  []keeper.MasterKey{named(keeper.KMS, "a", "helper"), named(keeper.KMS, "b", "fail")},
			calls: []string{"unwrap a", "unwrap b"},
			took:  time.Hour,
		},
		{
			name:  "a silent key does not keep a person from being asked",
			keys:  []keeper.MasterKey{named(keeper.KMS, "a", "hang"), asking("p", "1h")},
			calls: []string{"unwrap a", "unwrap p"},
			took:  DefaultAttempt + time.Hour,
		},
		{
			name:  "a loser that is slow to go is waited for",
			keys:  []keeper.MasterKey{named(keeper.KMS, "a", "sulk"), named(keeper.KMS, "b")},
			calls: []string{"unwrap a", "unwrap b"},
			took:  500 * time.Millisecond,
		},
		{
			name:  "a loser that does not go holds nothing back",
			keys:  []keeper.MasterKey{named(keeper.KMS, "a", "deaf"), named(keeper.KMS, "b")},
			calls: []string{"unwrap a", "unwrap b"},
			took:  300*time.Millisecond + grace,
		},
		{
			name:  "a lone key that ignores its deadline ends with the overall one",
			keys:  []keeper.MasterKey{named(keeper.KMS, "a", "deaf")},
			calls: []string{"unwrap a"},
			took:  DefaultOverall + lastWords + grace,
			fails: true,
		},
		{
			name:  "age and pgp come first, then file order",
			keys:  []keeper.MasterKey{named(keeper.KMS, "k", "fail"), named(keeper.PGP, "p", "fail"), named(keeper.Age, "g", "fail")},
			calls: []string{"unwrap g", "unwrap p", "unwrap k"},
			fails: true,
		},
		{
			name:  "a person is asked last, and without haste",
			keys:  []keeper.MasterKey{asking("p", "1h"), asking("q"), named(keeper.KMS, "a", "fail")},
			calls: []string{"unwrap a", "unwrap p"},
			took:  time.Hour,
		},
		{
			name:  "a person is not asked if a machine answers",
			keys:  []keeper.MasterKey{asking("p"), named(keeper.KMS, "a", "4s")},
			calls: []string{"unwrap a"},
			took:  4 * time.Second,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				want := dataKey(1)
				var got keeper.Data
				var err error
				took := elapsed(func() {
					got, err = DataKey(t.Context(), f, one(want, tt.keys...), 0, Options{})
				})
				time.Sleep(2 * time.Hour) // until the deaf are gone too
				if (err != nil) != tt.fails {
					t.Fatalf("error = %v, want one: %v", err, tt.fails)
				}
				if err == nil && !got.Equal(want) {
					t.Error("another data key")
				}
				if took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				if diff := cmp.Diff(tt.calls, f.log()); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestLimitsCanBeSet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		groups := one(dataKey(1), named(keeper.KMS, "a", "hang"), named(keeper.KMS, "b", "hang"), named(keeper.KMS, "c", "hang"))
		var err error
		took := elapsed(func() {
			_, err = DataKey(t.Context(), f, groups, 0, Options{Hedge: time.Second, Attempt: 3 * time.Second, Overall: 1500 * time.Millisecond})
		})
		if took != 1500*time.Millisecond {
			t.Errorf("took %v, want 1.5s", took)
		}
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("error %T, want *Error", err)
		}
		var got []string
		for _, k := range e.Groups[0].Keys {
			got = append(got, k.Identity+": "+k.Err.Error())
		}
		want := []string{
			"a: no answer within 1.5s",
			"b: no answer within 1.5s",
			"c: not tried, since the keys before it took all the time: no answer within 1.5s",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("reasons (-want +got):\n%s", diff)
		}
	})
}

// TestTheEndOfTimeLetsKeysSayHowFarTheyCame uses a key that says more than that
// it was cancelled, and takes its time.
func TestTheEndOfTimeLetsKeysSayHowFarTheyCame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		groups := one(dataKey(1), named(keeper.KMS, "a", "sulk"), named(keeper.KMS, "b", "sulk"))
		_, err := DataKey(t.Context(), &fake{}, groups, 0, Options{Overall: time.Second})
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("error %T, want *Error", err)
		}
		for _, k := range e.Groups[0].Keys {
			if want := "no answer within 1s: request to the service: context deadline exceeded"; k.Err.Error() != want {
				t.Errorf("%s: got %q, want %q", k.Identity, k.Err, want)
			}
		}
	})
}

func TestOrderAndPreferenceDecideWhoIsFirst(t *testing.T) {
	t.Parallel()
	keys := []keeper.MasterKey{
		named(keeper.KMS, "far", "fail"), named(keeper.KMS, "near", "fail"), named(keeper.KMS, "far too", "fail"),
		named(keeper.PGP, "p", "fail"), named(keeper.Age, "g", "fail"),
	}
	near := func(w keeper.WrappedKey) int {
		if w.Text("arn") == "near" {
			return 0
		}
		return 1
	}
	tests := []struct {
		o    Options
		want []string
	}{
		{Options{Prefer: near}, []string{"g", "p", "near", "far", "far too"}},
		{Options{Order: []string{}}, []string{"far", "near", "far too", "p", "g"}},
		{Options{Order: []string{keeper.PGP, keeper.KMS}, Prefer: near}, []string{"p", "near", "far", "far too", "g"}},
	}
	for _, tt := range tests {
		f := &fake{}
		_, err := DataKey(t.Context(), f, one(dataKey(1), keys...), 0, tt.o)
		if err == nil {
			t.Fatal("no error")
		}
		var got []string
		for _, c := range f.log() {
			got = append(got, strings.TrimPrefix(c, "unwrap "))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("order %v (-want +got):\n%s", tt.o.Order, diff)
		}
	}
}

func TestPeopleAreAskedOneAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		groups, err := Wrap(t.Context(), f, [][]keeper.MasterKey{
			{asking("a"), asking("a2")}, {asking("b")}, {asking("c")},
		}, 2, dataKey(1), random(1))
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range groups {
			for i := range g {
				g[i].Fields = slices.Clone(g[i].Fields)
				g[i].Fields = append(g[i].Fields, keeper.Field{Name: "do", Text: "1m"})
			}
		}
		f = &fake{}
		got, err := DataKey(t.Context(), f, groups, 2, Options{})
		if err != nil || !got.Equal(dataKey(1)) {
			t.Fatalf("DataKey = %v, %v", got, err)
		}
		if diff := cmp.Diff([]string{"unwrap a", "unwrap b"}, f.log()); diff != "" || f.most != 1 {
			t.Errorf("%d at a time; calls (-want +got):\n%s", f.most, diff)
		}
	})
}

func TestCancellationIsNotAFailureOfTheKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("the user pressed Ctrl-C")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(why) })
		f := &fake{}
		_, err := DataKey(ctx, f, one(dataKey(1), named(keeper.KMS, "a", "hang"), asking("p")), 0, Options{})
		if !errors.Is(err, why) {
			t.Errorf("error %v, want %v", err, why)
		}
		if slices.Contains(f.log(), "unwrap p") {
			t.Error("a person was asked after Ctrl-C")
		}
	})
}

func TestDataKeysOfOtherSizesAreRefused(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 16, 24, 31, 33} {
		groups := one(keeper.NewData(make([]byte, size)), named(keeper.Age, "age1short"))
		_, err := DataKey(t.Context(), &fake{}, groups, 0, Options{})
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.UserError(), "age1short") || !strings.Contains(e.UserError(), "instead of 32") {
			t.Errorf("%d bytes: error %v", size, err)
		}
	}
}

func TestAKeyOfAnotherFileDoesNotHideAGoodOne(t *testing.T) {
	t.Parallel()
	good, other := dataKey(1), dataKey(2)
	groups := []keeper.Group{{sealed(named(keeper.Age, "merged"), other), sealed(named(keeper.Age, "mine"), good)}}
	var warnings []string
	o := Options{Verify: good.Equal, Warn: func(m string) { warnings = append(warnings, m) }}
	got, err := DataKey(t.Context(), &fake{}, groups, 0, o)
	if err != nil || !got.Equal(good) {
		t.Errorf("DataKey = %v, %v", got, err)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "merged") {
		t.Errorf("warnings %q, want one that names the key", warnings)
	}
}

// Verify looks at the MAC of the file. Where that is damaged, the MAC is to
// blame, and the caller has to say so.
func TestAKeyThatNothingVouchesForIsStillReturned(t *testing.T) {
	t.Parallel()
	never := func(keeper.Data) bool { return false }
	f := &fake{}
	got, err := DataKey(t.Context(), f, one(dataKey(1), named(keeper.Age, "a"), named(keeper.Age, "b")), 0, Options{Verify: never})
	if err != nil || !got.Equal(dataKey(1)) {
		t.Errorf("one group: DataKey = %v, %v", got, err)
	}
	groups := wrapped(t, dataKey(1), 2, "a", "b", "c")
	r, err := Recover(t.Context(), f, groups, 2, Options{Verify: never})
	if err != nil || !r.Data.Equal(dataKey(1)) {
		t.Fatalf("three groups: Recover = %v, %v", r, err)
	}
	if r.Shares != nil {
		t.Error("shares that nothing vouches for were returned")
	}
}

func TestKindsWithoutKeeperAreReported(t *testing.T) {
	t.Parallel()
	_, err := DataKey(t.Context(), keeper.NewMux(), one(dataKey(1), named(keeper.KMS, "arn:x")), 0, Options{})
	var unknown *keeper.UnknownKindError
	if !errors.As(err, &unknown) || unknown.Kind != keeper.KMS {
		t.Errorf("error %v, want an UnknownKindError of kms", err)
	}
}

// slowToSay returns a key of which it takes a while to say whether it asks.
func slowToSay(name, after string) keeper.MasterKey {
	return kinds.ByName(keeper.PGP).Key("fp", name, "asks", "yes", "after", after)
}

func TestWhetherAKeyAsksIsFoundOutWhenItsTurnComes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		keys []keeper.MasterKey
		want []string
		took time.Duration
	}{
		{"the key before it opens the file", []keeper.MasterKey{named(keeper.Age, "g"), slowToSay("p", "20ms")}, []string{"unwrap g"}, 0},
		{
			"the key before it fails",
			[]keeper.MasterKey{named(keeper.Age, "g", "fail"), slowToSay("p", "20ms")},
			[]string{"unwrap g", "asks p", "unwrap p"},
			20 * time.Millisecond,
		},
		{
			"it takes long, and the next key does not wait for it",
			[]keeper.MasterKey{slowToSay("p", "900ms"), named(keeper.KMS, "k")},
			[]string{"asks p", "unwrap k"},
			DefaultHedge,
		},
		{
			"it asks, and goes after the others",
			[]keeper.MasterKey{slowToSay("p", "1ms"), named(keeper.KMS, "k", "fail")},
			[]string{"asks p", "unwrap k", "unwrap p"},
			time.Millisecond,
		},
		{
			"the others took all the time, and it is asked all the same",
			[]keeper.MasterKey{named(keeper.Age, "g", "hang"), slowToSay("p", "1ms")},
			[]string{"unwrap g", "asks p", "unwrap p"},
			DefaultAttempt,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f, start := &fake{}, time.Now()
				_, err := DataKey(t.Context(), f, one(dataKey(1), tt.keys...), 0, Options{})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, f.log()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if took := time.Since(start); took != tt.took {
					t.Errorf("took %s, want %s", took, tt.took)
				}
			})
		})
	}
}
