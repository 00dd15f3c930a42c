package scalar

import (
	"encoding/base64"
	"math"
	"time"
)

// A Value is what a scalar means. Type says which field holds it: Str, Merge,
// Binary and Other are in Text.
type Value struct {
	Type  Type
	Text  string
	Bool  bool
	Int   int64
	Uint  uint64 // an Int that is too large for Int; else 0
	Float float64
	Time  time.Time
}

// As reads s as a value of type t.
func As(t Type, s string) (v Value, ok bool) {
	v.Type = t
	switch t {
	case Int:
		v.Int, v.Uint, ok = parseInt(s)
		ok = ok && s[0] != '_'
		if v.Int != math.MinInt64 || v.Uint == 1<<63 && s[0] == '-' {
			v.Uint = 0
		}
	case Float:
		v.Float, ok = floatValue(s)
	case Bool:
		v.Bool = s == "true" || s == "True" || s == "TRUE"
		ok = OfPlain(s) == Bool
	case Null:
		ok = OfPlain(s) == Null
	case Timestamp:
		v.Time, ok = parseTime(s)
	case Binary:
		var b []byte
		b, err := base64.StdEncoding.DecodeString(s)
		v.Text, ok = string(b), err == nil
	default:
		v.Text, ok = s, true
	}
	return v, ok
}

// floatValue reads a number as a float: a written tag makes one of an integer.
func floatValue(s string) (float64, bool) {
	if s == "" || s[0] == '_' {
		return 0, false
	}
	if i, _, ok := parseInt(s); ok {
		return float64(i), i != math.MinInt64 || s[0] == '-'
	}
	return parseFloat(s)
}
