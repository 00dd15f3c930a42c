package tree

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Step is one component of an Address: a map key or a list position.
type Step struct {
	Key   string
	Index int
	IsKey bool
}

// String returns the step as ParseAddress reads it: ["key"], ['key'] or [3]. A
// key that neither kind of quotes can hold, or that holds what does not print,
// is written with escapes.
func (s Step) String() string {
	if !s.IsKey {
		return "[" + strconv.Itoa(s.Index) + "]"
	}
	for _, quote := range []string{`"`, `'`} {
		text := "[" + quote + s.Key + quote + "]"
		if a, err := ParseAddress(text); err == nil && len(a) == 1 && a[0] == s && printable(s.Key) {
			return text
		}
	}
	return "[$" + strconv.Quote(s.Key) + "]"
}

func printable(key string) bool {
	return utf8.ValidString(key) && !strings.ContainsFunc(key, func(r rune) bool { return !strconv.IsPrint(r) })
}

// Append appends the step with its key in JSON, the form that seals are made
// of. It is not for people: see String.
func (s Step) Append(to []byte) []byte {
	if !s.IsKey {
		return append(strconv.AppendInt(append(to, '['), int64(s.Index), 10), ']')
	}
	return append(appendQuoted(append(to, '['), s.Key), ']')
}

// appendQuoted writes a key as JSON does.
func appendQuoted(to []byte, key string) []byte {
	for i := range len(key) {
		if c := key[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			q, _ := json.Marshal(key)
			return append(to, q...)
		}
	}
	return append(append(append(to, '"'), key...), '"')
}

// An Address names one node of a document, as --extract, set and unset take it.
type Address []Step

// String returns the address as it is written.
func (a Address) String() string {
	var b strings.Builder
	for _, s := range a {
		b.WriteString(s.String())
	}
	return b.String()
}

// ErrAddress is in the chain of every error of ParseAddress.
var ErrAddress = errors.New("not a valid path")

// ParseAddress reads ["key"][0]['other']. Between the quotes a key is literal, as
// SOPS 3.13.3 reads it: a backslash is a backslash, and the key runs to the last
// quote before the end of its component. [$"key"] is a key with the escapes of
// Go, for what cannot be typed: [$"two\nlines"]. Blanks around the components
// are allowed.
func ParseAddress(s string) (Address, error) {
	var a Address
	rest := strings.TrimSpace(s)
	for rest != "" {
		if rest[0] != '[' {
			return nil, fmt.Errorf("%w: %q: expected [ at %q", ErrAddress, s, rest)
		}
		step, after, err := parseStep(strings.TrimLeft(rest[1:], " "))
		if err != nil {
			return nil, fmt.Errorf("%w: %q: %w", ErrAddress, s, err)
		}
		a = append(a, step)
		rest = strings.TrimLeft(after, " ")
	}
	if len(a) == 0 {
		return nil, fmt.Errorf("%w: it is empty; write for example '[\"key\"][0]'", ErrAddress)
	}
	return a, nil
}

func parseStep(s string) (Step, string, error) {
	if s == "" {
		return Step{}, "", errors.New("a bracket is not closed")
	}
	if q := s[0]; q == '"' || q == '\'' {
		return parseKeyStep(s, q)
	}
	if escaped, ok := strings.CutPrefix(s, "$"); ok {
		return parseEscapedStep(escaped)
	}
	end := strings.IndexByte(s, ']')
	if end < 0 {
		return Step{}, "", errors.New("a bracket is not closed")
	}
	text := strings.TrimSpace(s[:end])
	n, err := strconv.Atoi(text)
	if err != nil {
		return Step{}, "", fmt.Errorf("%q is neither a quoted key nor a list position", text)
	}
	if n < 0 {
		return Step{}, "", fmt.Errorf("list position %d is negative", n)
	}
	return Step{Index: n}, s[end+1:], nil
}

// parseKeyStep takes the key up to the first closing quote that a bracket
// follows and that ends the text or begins another component.
func parseKeyStep(s string, quote byte) (Step, string, error) {
	for i := 1; i < len(s); i++ {
		if s[i] != quote {
			continue
		}
		after := strings.TrimLeft(s[i+1:], " ")
		if !strings.HasPrefix(after, "]") {
			continue
		}
		next := strings.TrimLeft(after[1:], " ")
		if next != "" && next[0] != '[' {
			continue
		}
		key := s[1:i]
		if strings.IndexByte(key, quote) >= 0 && strings.Contains(key, "[") {
			// Most likely two components with a slip of the finger between them.
			return Step{}, "", fmt.Errorf("a component does not end where another begins; if %s is one key, it is written [$%q]", s[:i+1], key)
		}
		return Step{Key: key, IsKey: true}, after[1:], nil
	}
	return Step{}, "", errors.New("a quoted key is not closed by the same quote and ]")
}

// parseEscapedStep reads "key"] with escapes.
func parseEscapedStep(s string) (Step, string, error) {
	quoted, err := strconv.QuotedPrefix(s)
	if err != nil || quoted[0] != '"' {
		return Step{}, "", errors.New(`after $ a key in double quotes must follow, with escapes such as \n or \u00e9`)
	}
	after, closed := strings.CutPrefix(strings.TrimLeft(s[len(quoted):], " "), "]")
	if !closed {
		return Step{}, "", errors.New("a bracket is not closed")
	}
	key, err := strconv.Unquote(quoted)
	return Step{Key: key, IsKey: true}, after, err
}

// ErrNotFound is in the chain of errors about an address that leads nowhere.
var ErrNotFound = errors.New("not found")

// ErrNoParts is in the chain of errors about an address that goes on below a
// scalar.
var ErrNoParts = errors.New("a single value has no parts")

// Find returns the node at a in n.
func Find(n Node, a Address) (Node, error) {
	for i, s := range a {
		next, err := child(n, s)
		if err != nil {
			return nil, fmt.Errorf("component %s: %w", a[:i+1], err)
		}
		n = next
	}
	return n, nil
}

func child(n Node, s Step) (Node, error) {
	switch n := n.(type) {
	case *Map:
		if !s.IsKey {
			return nil, fmt.Errorf("%w: a map has keys, not positions", ErrNotFound)
		}
		if v, ok := n.Get(s.Key); ok {
			return v, nil
		}
		return nil, fmt.Errorf("%w: no such key", ErrNotFound)
	case *List:
		if s.IsKey {
			return nil, fmt.Errorf("%w: a list has positions, not keys", ErrNotFound)
		}
		if i := n.Position(s.Index); i >= 0 {
			return n.Items[i], nil
		}
		return nil, fmt.Errorf("%w: the list has %d elements", ErrNotFound, n.Len())
	}
	return nil, fmt.Errorf("%w: %w", ErrNotFound, ErrNoParts)
}

// Len counts the elements, without comments.
func (l *List) Len() int {
	n := 0
	for _, it := range l.Items {
		if !IsComment(it) {
			n++
		}
	}
	return n
}

// Position returns where in Items the i-th element that is no comment is,
// or -1.
func (l *List) Position(i int) int {
	for at, it := range l.Items {
		if IsComment(it) {
			continue
		}
		if i == 0 {
			return at
		}
		i--
	}
	return -1
}

// Set puts n at a in root; see Editor.
func Set(root *Map, a Address, n Node) { NewEditor(root).Set(a, n) }

// Unset removes the node at a from root.
func Unset(root *Map, a Address) error { return NewEditor(root).Unset(a) }

// Ambiguous returns the first part of an address at which a key is there more than
// once, and how often; 0 where there is none.
func Ambiguous(n Node, a Address) (at Address, count int) {
	for i, s := range a {
		if m, ok := n.(*Map); ok && s.IsKey {
			count := 0
			for _, it := range m.Items {
				if it.Key == s.Key && !IsComment(it.Value) {
					count++
				}
			}
			if count > 1 {
				return a[:i+1], count
			}
		}
		var err error
		if n, err = Find(n, a[i:i+1]); err != nil {
			return nil, 0 // what is missing will be made
		}
	}
	return nil, 0
}
