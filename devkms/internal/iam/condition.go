package iam

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Conditions are the condition keys of one request with their values. Names
// are in lower case, because AWS compares the names of condition keys, those
// of kms:EncryptionContext:<name> included, without case.
type Conditions map[string][]string

func (c Conditions) Set(name string, values ...string) {
	if len(values) > 0 {
		name = strings.ToLower(name)
		c[name] = append(c[name], values...)
	}
}

// Replace sets a single value in place of any.
func (c Conditions) Replace(name, value string) {
	c[strings.ToLower(name)] = []string{value}
}

// Fact makes the conditions of one key.
func Fact(name string, values ...string) Conditions {
	c := Conditions{}
	c.Set(name, values...)
	return c
}

// A condition is one line of a Condition element.
type condition struct {
	operator
	key    string // lower case
	spelt  string // as the policy has it
	values []template
}

// An operator is a condition operator taken apart.
type operator struct {
	name     string
	set      setOperator
	ifExists bool
	null     bool
	negate   bool
	match    func(have string, want pattern) bool
}

type setOperator int

const (
	single setOperator = iota
	forAnyValue
	forAllValues
)

// newOperator takes apart a name such as ForAnyValue:StringLikeIfExists.
func newOperator(name string) (operator, bool) {
	o := operator{name: name}
	if rest, ok := strings.CutPrefix(name, "ForAnyValue:"); ok {
		o.set, name = forAnyValue, rest
	} else if rest, ok := strings.CutPrefix(name, "ForAllValues:"); ok {
		o.set, name = forAllValues, rest
	}
	if name == "Null" {
		o.null = true
		return o, true
	}
	name, o.ifExists = strings.CutSuffix(name, "IfExists")
	base := strings.Replace(name, "Not", "", 1)
	o.negate = base != name
	o.match = comparison(base)
	return o, o.match != nil && slices.Contains(Operators(), name)
}

// Operators lists the operators without set prefix and IfExists.
func Operators() []string {
	return []string{
		"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
		"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
		"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
		"Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null",
	}
}

func comparison(base string) func(string, pattern) bool {
	switch base {
	case "StringEquals", "BinaryEquals":
		return func(have string, want pattern) bool { return have == want.text }
	case "StringEqualsIgnoreCase":
		return func(have string, want pattern) bool { return strings.EqualFold(have, want.text) }
	case "StringLike":
		return func(have string, want pattern) bool { return want.match(have) }
	case "Bool":
		return func(have string, want pattern) bool { return strings.EqualFold(have, want.text) }
	case "IpAddress":
		return inNetwork
	case "ArnEquals", "ArnLike":
		return matchARN
	}
	if rest, ok := strings.CutPrefix(base, "Numeric"); ok {
		return ordered(rest, number)
	}
	if rest, ok := strings.CutPrefix(base, "Date"); ok {
		return ordered(rest, date)
	}
	return nil
}

// ordered compares both sides after reading them; what cannot be read matches
// nothing.
func ordered(relation string, read func(string) (float64, bool)) func(string, pattern) bool {
	return func(have string, want pattern) bool {
		a, ok := read(have)
		b, ok2 := read(want.text)
		if !ok || !ok2 {
			return false
		}
		switch relation {
		case "Equals":
			return a == b
		case "LessThan":
			return a < b
		case "LessThanEquals":
			return a <= b
		case "GreaterThan":
			return a > b
		case "GreaterThanEquals":
			return a >= b
		}
		return false
	}
}

func number(s string) (float64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && f == f
}

// date reads the W3C forms of ISO 8601 that IAM takes, or epoch seconds.
func date(s string) (float64, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return float64(t.Unix()) + float64(t.Nanosecond())/1e9, true
		}
	}
	return number(s)
}

func inNetwork(have string, want pattern) bool {
	ip, err := netip.ParseAddr(have)
	if err != nil {
		return false
	}
	if p, err := netip.ParsePrefix(want.text); err == nil {
		return p.Masked().Contains(ip)
	}
	other, err := netip.ParseAddr(want.text)
	return err == nil && other == ip
}

// matchARN compares the six parts of an ARN one by one, so that a wildcard
// never reaches across a colon of the first five.
func matchARN(have string, want pattern) bool {
	parts := strings.SplitN(have, ":", 6)
	if len(parts) != 6 {
		return false
	}
	rest := want.glyphs
	for i, p := range parts {
		end := len(rest)
		if i < 5 {
			end = slices.Index(rest, glyph{r: ':'})
			if end < 0 {
				return false
			}
		}
		if !(pattern{glyphs: rest[:end]}).match(p) {
			return false
		}
		rest = rest[min(end+1, len(rest)):]
	}
	return true
}

// holds reports whether the condition is true of the request.
func (c condition) holds(rq Conditions) bool {
	have := rq[c.key]
	switch {
	case c.null:
		return c.anyValue(rq, func(want pattern) bool { return strings.EqualFold(want.text, strconv.FormatBool(len(have) == 0)) })
	case len(have) == 0 && c.ifExists:
		return true
	case len(have) == 0:
		// An absent key fails a positive operator and fulfils a negated one;
		// the set operators have rules of their own.
		return c.set == forAllValues || c.set == single && c.negate
	}
	fits := func(v string) bool {
		return c.anyValue(rq, func(want pattern) bool { return c.match(v, want) }) != c.negate
	}
	// A negated operator without set prefix asks that no value matches.
	if c.set == forAllValues || c.set == single && c.negate {
		return !slices.ContainsFunc(have, func(v string) bool { return !fits(v) })
	}
	return slices.ContainsFunc(have, fits)
}

func (c condition) anyValue(rq Conditions, f func(pattern) bool) bool {
	for _, t := range c.values {
		if want, ok := t.expand(rq); ok && f(want) {
			return true
		}
	}
	return false
}
