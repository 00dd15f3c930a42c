package jsontext

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// A Style says how values are laid out. The zero Style writes on one line.
type Style struct {
	Break  string // the line break, "" for one line
	Indent string // of the line on which the value begins
	Unit   string // what one level adds
	// Raw leaves < > & and the separators U+2028 and U+2029 as they are.
	// Otherwise they are escaped, as in SOPS files.
	Raw bool
}

// Append adds n to dst. Comments are left out, since JSON has none. The error
// is an *Error that names the place of what JSON cannot hold.
func (s Style) Append(dst []byte, n tree.Node) ([]byte, error) {
	switch n := n.(type) {
	case *tree.Map:
		return s.appendMap(dst, n)
	case *tree.List:
		return s.appendList(dst, n)
	case *tree.Scalar:
		if n.Value.Kind() == tree.Float && n.Spelling != "" {
			return append(dst, n.Spelling...), nil
		}
		return s.AppendValue(dst, n.Value)
	}
	return nil, &Error{Offset: -1, Msg: "JSON has no comments on their own"}
}

func (s Style) appendMap(dst []byte, m *tree.Map) ([]byte, error) {
	inner := s.deeper()
	dst = append(dst, '{')
	first := true
	for _, it := range m.Items {
		if tree.IsComment(it.Value) {
			continue
		}
		dst = inner.separate(dst, first)
		first = false
		var err error
		if dst, err = inner.appendPair(dst, it.Key, it.Value); err != nil {
			return nil, within(tree.Step{Key: it.Key, IsKey: true}, err)
		}
	}
	return s.finish(dst, first, '}'), nil
}

func (s Style) appendList(dst []byte, l *tree.List) ([]byte, error) {
	inner := s.deeper()
	dst = append(dst, '[')
	count := 0
	for _, it := range l.Items {
		if tree.IsComment(it) {
			continue
		}
		dst = inner.separate(dst, count == 0)
		var err error
		if dst, err = inner.Append(dst, it); err != nil {
			return nil, within(tree.Step{Index: count}, err)
		}
		count++
	}
	return s.finish(dst, count == 0, ']'), nil
}

func (s Style) appendPair(dst []byte, key string, v tree.Node) ([]byte, error) {
	dst, err := s.appendString(dst, key)
	if err != nil {
		return nil, err
	}
	return s.Append(append(dst, ": "...), v)
}

func (s Style) deeper() Style {
	s.Indent += s.Unit
	return s
}

func (s Style) separate(dst []byte, first bool) []byte {
	if !first {
		dst = append(dst, ',')
		if s.Break == "" {
			return append(dst, ' ')
		}
	}
	return s.newLine(dst)
}

func (s Style) newLine(dst []byte) []byte {
	if s.Break == "" {
		return dst
	}
	return append(append(dst, s.Break...), s.Indent...)
}

func (s Style) finish(dst []byte, empty bool, end byte) []byte {
	if !empty {
		dst = s.newLine(dst)
	}
	return append(dst, end)
}

// within puts the step above it in front of an error's place.
func within(step tree.Step, err error) error {
	if e, ok := err.(*Error); ok {
		rest := e.Msg
		if rest != "" && rest[0] != '[' {
			rest = ": " + rest
		}
		return &Error{Offset: e.Offset, Msg: step.String() + rest, Hint: e.Hint}
	}
	return err
}

// AppendValue adds one scalar. Floats are positional unless they are below 1e-6
// or from 1e21 on; times are strings.
func (s Style) AppendValue(dst []byte, v tree.Value) ([]byte, error) {
	switch v.Kind() {
	case tree.Null:
		return append(dst, "null"...), nil
	case tree.Bool:
		return strconv.AppendBool(dst, v.Bool()), nil
	case tree.Int:
		return strconv.AppendInt(dst, v.Int(), 10), nil
	case tree.Float:
		return appendFloat(dst, v.Float())
	case tree.String, tree.Time:
	}
	return s.appendString(dst, v.Canonical())
}

func appendFloat(dst []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, &Error{Offset: -1, Msg: "JSON has no NaN and no infinite numbers", Hint: "use --output-type yaml"}
	}
	if abs := math.Abs(f); abs == 0 || abs >= 1e-6 && abs < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64), nil
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	// e-09 is written e-9.
	if n := len(dst); n >= 4 && dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
		dst = append(dst[:n-2], dst[n-1])
	}
	return dst, nil
}

const hexDigits = "0123456789abcdef"

func (s Style) appendString(dst []byte, text string) ([]byte, error) {
	dst = append(dst, '"')
	done := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' && (s.Raw || c != '<' && c != '>' && c != '&') {
				i++
				continue
			}
			dst = appendEscape(append(dst, text[done:i]...), c)
			i++
			done = i
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 {
			return nil, &Error{Offset: -1, Msg: "the text is not UTF-8, JSON cannot hold it", Hint: "use --output-type yaml, or --extract for this value alone"}
		}
		if !s.Raw && (r == '\u2028' || r == '\u2029') {
			dst = append(dst, text[done:i]...)
			dst = append(dst, `\u202`...)
			dst = append(dst, hexDigits[r&0xF])
			done = i + size
		}
		i += size
	}
	return append(append(dst, text[done:]...), '"'), nil
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xF])
}
