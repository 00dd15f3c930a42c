package tree

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheFlatFormIsThatOfDotenvAndINI(t *testing.T) {
	t.Parallel()
	m := &Map{Items: []Item{
		{Key: "kms", Value: &List{Items: []Node{&Map{Items: []Item{
			{Key: "arn", Value: Text("a")},
			{Key: "context", Value: &Map{Items: []Item{{Key: "App", Value: Text("web")}}}},
		}}}}},
		{Key: "pgp", Value: &List{}},
		{Key: "threshold", Value: NewScalar(IntValue(2))},
		{Key: "only", Value: NewScalar(BoolValue(true))},
	}}
	want := []FlatLine{
		{"kms__list_0__map_arn", "a"}, {"kms__list_0__map_context__map_App", "web"}, {"threshold", "2"}, {"only", "true"},
	}
	got, err := Flatten(m)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestKeysThatLookLikeStepsAreRefused(t *testing.T) {
	t.Parallel()
	m := &Map{Items: []Item{{Key: "c", Value: &Map{Items: []Item{{Key: "a__map_b", Value: Text("x")}}}}}}
	if lines, err := Flatten(m); err == nil {
		t.Errorf("got %v", lines)
	}
}

func TestFlatLinesThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string][]FlatLine{
		"twice":                {{"a", "1"}, {"a", "2"}},
		"scalar and container": {{"a", "1"}, {"a__map_b", "2"}},
		"container and scalar": {{"a__map_b", "2"}, {"a", "1"}},
		"map and list":         {{"a__map_b", "2"}, {"a__list_0", "1"}},
		"a gap":                {{"a__list_1", "1"}},
	} {
		if m, err := Unflatten(lines); err == nil {
			t.Errorf("%s: %v", name, m)
		}
	}
}

func FuzzUnflattenUndoesFlatten(f *testing.F) {
	f.Add("kms__list_0__map_arn=a\nkms__list_1__map_arn=b\nmac=x")
	f.Fuzz(func(t *testing.T, text string) {
		var lines []FlatLine
		for line := range strings.SplitSeq(text, "\n") {
			name, value, _ := strings.Cut(line, "=")
			if strings.Contains(name, "__map__") || strings.Contains(name, "__list__") {
				return // marks overlap, and no program writes such names
			}
			lines = append(lines, FlatLine{name, value})
		}
		m, err := Unflatten(lines)
		if err != nil {
			return
		}
		flat, err := Flatten(m)
		if err != nil {
			return // a key that looks like a step
		}
		again, err := Unflatten(flat)
		if err != nil {
			t.Fatalf("%v: %v", flat, err)
		}
		if d := Diff([]*Map{m}, []*Map{again}); d != "" {
			t.Errorf("%q: %s", text, d)
		}
	})
}
