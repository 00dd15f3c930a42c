package tree_test

import (
	"math"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/tree"
)

func TestTextIsThatOfSOPS(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 2*60*60)
	for _, test := range []struct {
		value tree.Value
		want  string
	}{
		{tree.Value{}, ""},
		{tree.StringValue("a\nb"), "a\nb"},
		{tree.IntValue(math.MinInt64), "-9223372036854775808"},
		{tree.BoolValue(true), "true"},
		{tree.BoolValue(false), "false"},
		{tree.FloatValue(0), "0.0"},
		{tree.FloatValue(math.Copysign(0, -1)), "-0.0"},
		{tree.FloatValue(0.1), "0.1"},
		{tree.FloatValue(100000), "100000.0"},
		{tree.FloatValue(1e6), "1E+06"},
		{tree.FloatValue(1e21), "1E+21"},
		{tree.FloatValue(1e-7), "1E-07"},
		{tree.FloatValue(123456789.123), "1.23456789123E+08"},
		{tree.FloatValue(5e-324), "5E-324"},
		{tree.FloatValue(math.Inf(1)), "+Inf"},
		{tree.FloatValue(math.Inf(-1)), "-Inf"},
		{tree.FloatValue(math.NaN()), "NaN"},
		{tree.TimeValue(time.Date(2020, 1, 2, 3, 4, 5, 6, zone)), "2020-01-02T03:04:05+02:00"},
	} {
		if got := test.value.Text(); got != test.want {
			t.Errorf("%s: got %q, want %q", test.value.Type(), got, test.want)
		}
	}
}
