package yamltext

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	lib "go.yaml.in/yaml/v3"
)

// spellings are texts whose type is easily mistaken.
var spellings = strings.Split("~ null Null NULL nUll true True TRUE tRue yes y on Y Off no n 0 -0 +0 1 +1 -1 01 010 -010 0o10 -0o10 +0o10 0O10 0x1F -0x1f "+
	"+0x1F 0X1f 0b11 -0b11 0B11 1_000 _1 1_ 1__0 0x_1 1.5 1. .5 -.5 +.5 1e3 1E3 1e+3 .e3 . + -. 1.5.2 1_0.5 1e 0x 0o 0b 0b2 09 08.5 0.0 -0.0 .inf .Inf "+
	".INF -.inf +.inf .nan .NaN .NAN -.nan .iNf inf nan Infinity 1:30 190:20:30 9223372036854775807 9223372036854775808 -9223372036854775808 "+
	"-9223372036854775809 18446744073709551615 18446744073709551616 0xFFFFFFFFFFFFFFFF 0x10000000000000000 -0xFFFFFFFFFFFFFFFF 2001-12-14 2001-1-4 "+
	"2001-12-14T21:59:43.10-05:00 2001-12-14t21:59:43z 2001-12-14T21:59:43 2001-13-14 2001-02-30 20011-1-1 2001-12-14T21:59:43Z << = 1e400 -1e400 "+
	"1e-400 0x1p4 0x1.8 1_e3 aGk= 12e03 1.e5 0.1e-3 +12.5 --1 +-1 0o8 0_1 00 0_ 000012 1e3_0 0x_ 0b_ 0b+1 0b-1 -0b+1 0o+7 0o-7 0_b1 -_0b1 +_5 -_5 ._5 "+
	"+._5 .5_0 .5e1_0 .5_ 5_. 123456789012345678 1234567890123456789 12345678901234567890 0b+ 0o 1-2 2001-12 2001-12-14x", " ")

// TestScalarsMeanWhatTheLibraryReads is over the product of spellings and tags.
func TestScalarsMeanWhatTheLibraryReads(t *testing.T) {
	t.Parallel()
	for _, tag := range []string{"", "!!str ", "!!int ", "!!float ", "!!bool ", "!!null ", "!!timestamp ", "!!binary ", "!!merge ", "!x "} {
		for _, s := range append(spellings, `""`, `"7"`, `"2001-12-14 21:59:43"`, "2001-12-14 21:59:43", "2001-12-14 21:59:43.5 -5") {
			text := "k: " + tag + s + "\n"
			if d := disagreement(text, true); d != "" {
				t.Errorf("%q: %s", text, d)
				continue
			}
			f, err := Parse(text)
			if err != nil {
				continue
			}
			got := "an error"
			if v, err := f.Resolve(f.Next(f.First(f.Documents[0].Root))); err == nil {
				got = show(anyOf(v))
			}
			var doc lib.Node
			if err := lib.Unmarshal([]byte(text), &doc); err != nil {
				t.Fatal(err)
			}
			want := "an error"
			var v any
			if err := doc.Content[0].Content[1].Decode(&v); err == nil {
				want = show(v)
			}
			if got != want {
				t.Errorf("%q: got %s, want %s", text, got, want)
			}
		}
	}
}

// anyOf returns the Go value that the library makes of a scalar.
func anyOf(v Value) any {
	switch v.Type {
	case Int:
		if v.Uint > 0 {
			return v.Uint
		}
		return int(v.Int)
	case Float:
		return v.Float
	case Bool:
		return v.Bool
	case Null:
		return nil
	case Timestamp:
		return v.Time
	}
	return v.Text
}

func show(v any) string {
	switch v := v.(type) {
	case float64:
		return fmt.Sprintf("float %x", math.Float64bits(v))
	case time.Time:
		return "time " + v.Format(time.RFC3339Nano)
	}
	return fmt.Sprintf("%T %v", v, v)
}
