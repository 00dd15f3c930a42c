package tree

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

func TestCanonicalBytesAreThoseOfTheWireFormat(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		v    Value
		want string
	}{
		{IntValue(-7), "-7"},
		{FloatValue(1), "1"},
		{FloatValue(1e21), "1000000000000000000000"},
		{FloatValue(1.23e-10), "0.000000000123"},
		{FloatValue(math.Copysign(0, -1)), "-0"},
		{FloatValue(math.NaN()), "NaN"},
		{FloatValue(math.Inf(1)), "+Inf"},
		{BoolValue(true), "True"},
		{BoolValue(false), "False"},
		{TimeValue(time.Date(2001, 12, 14, 21, 59, 43, 100e6, time.FixedZone("", -5*3600))), "2001-12-14T21:59:43.1-05:00"},
		{StringValue("x\x00\xff"), "x\x00\xff"},
		{Value{}, ""},
	} {
		if got := tc.v.Canonical(); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.v.Type(), got, tc.want)
		}
	}
}

func TestReadersAreAsLenientAsTheField(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		typ, text, want string
		ok              bool
	}{
		{"int", "007", "7", true},
		{"int", "+5", "5", true},
		{"int", "-0", "0", true},
		{"int", "0x10", "", false},
		{"int", "9223372036854775808", "", false},
		{"float", "1e3", "1000", true},
		{"float", "0x1p4", "16", true},
		{"float", "1e400", "", false},
		{"bool", "t", "True", true},
		{"bool", "yes", "", false},
		{"time", "2001-12-14T00:00:00.500Z", "2001-12-14T00:00:00.5Z", true},
		{"time", "2001-12-14", "", false},
		{"bytes", "\xff", "\xff", true},
		{"STR", "x", "", false},
	} {
		v, err := Decode(tc.typ, tc.text)
		if (err == nil) != tc.ok || err == nil && v.Canonical() != tc.want {
			t.Errorf("%s %q: %q, %v; want %q, ok = %t", tc.typ, tc.text, v.Canonical(), err, tc.want, tc.ok)
		}
		if err != nil && len(tc.text) > 2 && strings.Contains(err.Error(), tc.text) {
			t.Errorf("%s: the error shows the value: %v", tc.typ, err)
		}
	}
}

func TestNoVerbPrintsAValue(t *testing.T) {
	t.Parallel()
	v := StringValue("hunter2")
	text, err := v.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{fmt.Sprintf("%v %+v %#v %s %q %x %d", v, v, v, v, v, v, v), string(text), v.LogValue().String()} {
		if strings.Contains(got, "hunter") || strings.Contains(got, "68756e") {
			t.Errorf("printed %q", got)
		}
	}
}

func FuzzDecodeReadsWhatCanonicalWrites(f *testing.F) {
	f.Add("float", "1e3")
	f.Add("time", "2001-12-14T21:59:43.10-05:00")
	f.Fuzz(func(t *testing.T, typ, text string) {
		v, err := Decode(typ, text)
		if err != nil {
			return
		}
		again, err := Decode(v.Type(), v.Canonical())
		if err != nil || again.Canonical() != v.Canonical() {
			t.Errorf("%s %q: %q became %q, %v", typ, text, v.Canonical(), again.Canonical(), err)
		}
	})
}
