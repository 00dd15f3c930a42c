package scalar

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/char"
)

// numberType resolves a plain scalar that begins like a number.
func numberType(s string) Type {
	if char.IsDigit(s[0]) && len(s) > 4 && strings.IndexByte(s, '-') == 4 {
		if _, ok := parseTime(s); ok {
			return Timestamp
		}
	}
	if t, ok := decimal(s); ok {
		return t
	}
	if !numeric(s) {
		return Str
	}
	if _, _, ok := parseInt(s); ok {
		return Int
	}
	if _, ok := parseFloat(s); ok {
		return Float
	}
	return Str
}

// decimal resolves what is most frequent: decimal integers, and numbers with a
// point.
func decimal(s string) (t Type, ok bool) {
	i := 0
	if s[0] == '-' {
		i++
	}
	from := i
	for i < len(s) && char.IsDigit(s[i]) {
		i++
	}
	n := i - from
	if n == 0 || n > 18 || s[from] == '0' && n > 1 {
		return Str, false
	}
	if i == len(s) {
		return Int, true
	}
	if s[i] != '.' {
		return Str, false
	}
	for i++; i < len(s) && char.IsDigit(s[i]); i++ {
	}
	return Float, i == len(s) && i < 300
}

// numeric reports whether s has only characters of numbers: it is asked before
// slower questions.
func numeric(s string) bool {
	if len(s) > 1 && (s[0] == '.' || s[1] == '.') {
		if _, ok := infinity(s); ok {
			return true
		}
	}
	for i := range len(s) {
		c := s[i]
		if char.HexDigit(c) < 0 && c != '.' && c != '-' && c != '+' && c != '_' && c|0x20 != 'x' && c|0x20 != 'o' {
			return false
		}
	}
	return true
}

// parseInt reads an integer: decimal, 0x, 0o, 0b, or octal after a leading 0,
// with underscores between digits. Those beyond int64 are in u.
func parseInt(s string) (i int64, u uint64, ok bool) {
	if s = strings.ReplaceAll(s, "_", ""); s == "" {
		return 0, 0, false
	}
	i, err := strconv.ParseInt(s, 0, 64)
	if err == nil {
		return i, uint64(i), true
	}
	if u, err := strconv.ParseUint(s, 0, 64); err == nil {
		return math.MinInt64, u, true
	}
	// After 0b and 0o a sign is read too.
	for prefix, base := range map[string]int{"0b": 2, "0o": 8} {
		if digits, ok := strings.CutPrefix(s, prefix); ok {
			i, err := strconv.ParseInt(digits, base, 64)
			return i, uint64(i), err == nil
		}
	}
	return 0, 0, false
}

// parseFloat reads a decimal floating-point number.
func parseFloat(s string) (float64, bool) {
	if v, ok := infinity(s); ok {
		return v, true
	}
	if s[0] == '.' {
		// Here underscores must be between digits, as in Go.
		v, err := strconv.ParseFloat(s, 64)
		return v, err == nil
	}
	if s = strings.ReplaceAll(s, "_", ""); !isFloat(s) {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

func infinity(s string) (float64, bool) {
	switch s {
	case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF":
		return math.Inf(1), true
	case "-.inf", "-.Inf", "-.INF":
		return math.Inf(-1), true
	case ".nan", ".NaN", ".NAN":
		return math.NaN(), true
	}
	return 0, false
}

// isFloat reports whether s is digits with at most one point among them, and an
// exponent.
func isFloat(s string) bool {
	i := 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	digits, point := 0, false
	for ; i < len(s) && (char.IsDigit(s[i]) || s[i] == '.' && !point); i++ {
		if s[i] == '.' {
			point = true
		} else {
			digits++
		}
	}
	if digits == 0 {
		return false
	}
	if i == len(s) {
		return true
	}
	if s[i]|0x20 != 'e' {
		return false
	}
	if i++; i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	from := i
	for i < len(s) && char.IsDigit(s[i]) {
		i++
	}
	return i == len(s) && i > from
}

// timeLayouts are the spellings of times that YAML 1.1 readers share.
var timeLayouts = [...]string{
	"2006-1-2T15:4:5.999999999Z07:00",
	"2006-1-2t15:4:5.999999999Z07:00",
	"2006-1-2 15:4:5.999999999",
	"2006-1-2",
}

func parseTime(s string) (time.Time, bool) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
