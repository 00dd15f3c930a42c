package tree

import (
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"time"
)

// Kind says what a Value is.
type Kind uint8

// The kinds of scalar values.
const (
	Null Kind = iota
	String
	Int
	Float
	Bool
	Time
)

// A Value is one scalar. Values are comparable with ==; two floats that are
// NaN with the same bits are equal. The zero Value is null. A Value never
// prints its content, since it may be a secret: use Canonical or Text.
type Value struct {
	kind Kind
	num  uint64 // Int, Float (bits), Bool
	str  string // String, Time (RFC 3339 with the fraction trimmed)
}

// StringValue returns s as a value; s need not be UTF-8.
func StringValue(s string) Value { return Value{kind: String, str: s} }

// IntValue returns i as a value.
func IntValue(i int64) Value { return Value{kind: Int, num: uint64(i)} }

// FloatValue returns f as a value.
func FloatValue(f float64) Value { return Value{kind: Float, num: math.Float64bits(f)} }

// BoolValue returns b as a value.
func BoolValue(b bool) Value {
	if b {
		return Value{kind: Bool, num: 1}
	}
	return Value{kind: Bool}
}

// TimeValue returns t as a value; its offset and nanoseconds are kept.
func TimeValue(t time.Time) Value { return Value{kind: Time, str: t.Format(time.RFC3339Nano)} }

// Kind returns the kind of v.
func (v Value) Kind() Kind { return v.kind }

// Str returns the text of a String value, and "" for any other kind.
func (v Value) Str() string {
	if v.kind == String {
		return v.str
	}
	return ""
}

// Int returns the number of an Int value.
func (v Value) Int() int64 { return int64(v.num) }

// Float returns the number of a Float value.
func (v Value) Float() float64 { return math.Float64frombits(v.num) }

// Bool returns the truth of a Bool value.
func (v Value) Bool() bool { return v.num != 0 }

// Time returns the time of a Time value.
func (v Value) Time() time.Time {
	t, _ := time.Parse(time.RFC3339Nano, v.str)
	return t
}

// Empty reports whether v is the empty string, which is never encrypted.
func (v Value) Empty() bool { return v.kind == String && v.str == "" }

// Canonical returns the bytes that are encrypted for v and that the MAC counts:
// decimal integers, positional shortest floats, True and False, RFC 3339 times,
// strings as they are, nothing for null.
func (v Value) Canonical() string {
	switch v.kind {
	case String, Time:
		return v.str
	case Int:
		return strconv.FormatInt(v.Int(), 10)
	case Float:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	case Bool:
		if v.Bool() {
			return "True"
		}
		return "False"
	case Null:
	}
	return ""
}

// Type returns the wire name of v's kind: str, int, float, bool or time; "" for
// null, which has none.
func (v Value) Type() string {
	switch v.kind {
	case String:
		return "str"
	case Int:
		return "int"
	case Float:
		return "float"
	case Bool:
		return "bool"
	case Time:
		return "time"
	case Null:
	}
	return ""
}

// Decode reads plaintext bytes under a wire type name. It is as lenient as
// other readers are: signs and leading zeros of integers, every float
// syntax, eleven spellings of booleans. The type "bytes" of the first SOPS is
// read as a string. Errors never show the text.
func Decode(typ, text string) (Value, error) {
	switch typ {
	case "str", "bytes":
		return StringValue(text), nil
	case "int":
		i, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return Value{}, fmt.Errorf("the text is not a 64-bit integer")
		}
		return IntValue(i), nil
	case "float":
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return Value{}, fmt.Errorf("the text is not a 64-bit float")
		}
		return FloatValue(f), nil
	case "bool":
		b, err := strconv.ParseBool(text)
		if err != nil {
			return Value{}, fmt.Errorf("the text is not a boolean")
		}
		return BoolValue(b), nil
	case "time":
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return Value{}, fmt.Errorf("the text is not an RFC 3339 time")
		}
		return TimeValue(t), nil
	}
	return Value{}, fmt.Errorf("unknown type %q", typ)
}

// Format hides the content from every verb of package fmt.
func (v Value) Format(f fmt.State, _ rune) {
	name := v.Type()
	if name == "" {
		name = "null"
	}
	fmt.Fprintf(f, "tree.Value(%s)", name)
}

// LogValue hides the content from package slog.
func (v Value) LogValue() slog.Value { return slog.StringValue("tree.Value(hidden)") }

// MarshalText hides the content from encoders.
func (v Value) MarshalText() ([]byte, error) { return []byte("hidden"), nil }
