package tree

import (
	"strconv"
	"strings"
	"time"
)

// Text returns v as SOPS hands it to programs and flat files: true and false,
// floats with an upper-case exponent or at least one decimal, times to the
// second, strings as they are, nothing for null.
func (v Value) Text() string {
	switch v.Kind() {
	case Bool:
		return strconv.FormatBool(v.Bool())
	case Float:
		text := strconv.FormatFloat(v.Float(), 'G', -1, 64)
		if strings.Trim(text, "-0123456789") == "" {
			text += ".0"
		}
		return text
	case Time:
		return v.Time().Format(time.RFC3339)
	case String, Int, Null:
	}
	return v.Canonical()
}
