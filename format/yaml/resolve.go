package yaml

import (
	"strconv"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// resolve returns the value of a scalar as the wire format has it: core tags
// decide, other tags are dropped.
func resolve(n *node) (tree.Value, error) {
	switch {
	case n.Tag == "!!str":
		return tree.StringValue(n.Value), nil
	case n.Tag == "!!merge":
		return tree.StringValue(n.Value), nil
	case n.Tag == "!!int" && n.Style&taggedStyle == 0 && isDecimal(n.Value):
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			return tree.IntValue(i), nil
		}
	case n.Tag == "!!bool" && n.Style&taggedStyle == 0:
		return tree.BoolValue(n.Value[0] == 't' || n.Value[0] == 'T'), nil
	case n.Tag == "!!null" && n.Style&taggedStyle == 0:
		return tree.Value{}, nil
	}
	v, err := decode(n)
	if err != nil {
		return tree.Value{}, err
	}
	switch v := v.(type) {
	case nil:
		return tree.Value{}, nil
	case string:
		return tree.StringValue(v), nil
	case bool:
		return tree.BoolValue(v), nil
	case int:
		return tree.IntValue(int64(v)), nil
	case int64:
		return tree.IntValue(v), nil
	case float64:
		return tree.FloatValue(v), nil
	case time.Time:
		return tree.TimeValue(v), nil
	}
	return tree.Value{}, &format.Error{
		Line: n.Line, Column: n.Column, Content: true,
		Msg:  "the integer is larger than 9223372036854775807, which encrypted files cannot hold",
		Hint: "quote the number to make it a string",
	}
}

// isDecimal reports whether s is a decimal number in its usual spelling.
func isDecimal(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || digits[0] == '0' && len(s) > 1 {
		return false
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	return true
}

// coreTag reports whether n carries a written tag that the peer would apply to
// a token too, and fail.
func coreTag(n *node) bool {
	if n.Style&taggedStyle == 0 {
		return false
	}
	switch n.Tag {
	case "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!binary":
		return true
	}
	return false
}

// isCoreTag reports whether a tag as it is written is one of those that every
// reader knows.
func isCoreTag(text string) bool {
	switch text {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!binary", "!!map", "!!seq", "!!set", "!!omap", "!!pairs", "!!merge":
		return true
	}
	return false
}
