package jsontext

import (
	"slices"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// maxDepth is how deeply containers may be nested; the standard library has the
// same limit.
const maxDepth = 10000

type scanner struct {
	text  string
	pos   int
	depth int
	// open holds the members of all containers that are not closed yet, so that
	// each gets a slice of the right size at its end.
	open []Member
}

func (s *scanner) file() (Node, error) {
	s.blanks()
	if s.end() {
		return Node{}, &Error{Offset: s.pos, Msg: "the file is empty, JSON needs an object", Hint: "write {} for an object without keys"}
	}
	if s.text[s.pos] != '{' {
		return Node{}, s.fail("a JSON file must hold an object: it begins with {", "put the value under a key, or use --input-type binary to keep the file as it is")
	}
	root, err := s.value()
	if err != nil {
		return Node{}, err
	}
	if s.blanks(); !s.end() {
		return Node{}, s.fail("there is text after the object", "keep one object in the file, or use --input-type binary to keep it as it is")
	}
	return root, nil
}

func (s *scanner) end() bool { return s.pos >= len(s.text) }

func (s *scanner) blanks() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// is steps over c if it comes next.
func (s *scanner) is(c byte) bool {
	if s.end() || s.text[s.pos] != c {
		return false
	}
	s.pos++
	return true
}

func (s *scanner) fail(msg, hint string) error {
	if s.end() {
		return &Error{Offset: len(s.text), Msg: "the text is cut off: " + msg}
	}
	if s.text[s.pos] == '/' {
		hint = "JSON has no comments; remove them, or use --input-type yaml with # comments"
	}
	return &Error{Offset: s.pos, Msg: msg, Hint: hint}
}

func (s *scanner) value() (Node, error) {
	s.blanks()
	n := Node{Start: s.pos}
	var err error
	switch c := s.peek(); {
	case c == '{' || c == '[':
		return s.container()
	case c == '"':
		var text string
		text, err = s.str()
		n.Value = tree.StringValue(text)
	case c == '-' || c >= '0' && c <= '9':
		n.Value, err = s.number()
	case s.word("true"):
		n.Value = tree.BoolValue(true)
	case s.word("false"):
		n.Value = tree.BoolValue(false)
	case s.word("null"):
	default:
		return n, s.fail("a value is expected here", "")
	}
	n.End = s.pos
	return n, err
}

func (s *scanner) peek() byte {
	if s.end() {
		return 0
	}
	return s.text[s.pos]
}

func (s *scanner) word(w string) bool {
	if !strings.HasPrefix(s.text[s.pos:], w) {
		return false
	}
	s.pos += len(w)
	return true
}

func (s *scanner) container() (Node, error) {
	if s.depth++; s.depth > maxDepth {
		return Node{}, s.fail("the nesting is deeper than 10000 levels", "")
	}
	n := Node{Kind: Object, Start: s.pos}
	end := byte('}')
	if s.text[s.pos] == '[' {
		n.Kind, end = Array, ']'
	}
	s.pos++
	base := len(s.open)
	if s.blanks(); !s.is(end) {
		if err := s.members(n.Kind, end); err != nil {
			return n, err
		}
	}
	if base == 0 && len(s.open) > cap(s.open)/2 {
		n.Members, s.open = s.open, nil // the root is the last to be closed
	} else {
		n.Members = slices.Clone(s.open[base:])
		s.open = s.open[:base]
	}
	n.End = s.pos
	s.depth--
	return n, nil
}

// members reads up to and with the closing bracket.
func (s *scanner) members(kind Kind, end byte) error {
	for {
		m := Member{}
		s.blanks()
		m.At = s.pos
		if kind == Object {
			if err := s.key(&m); err != nil {
				return err
			}
		}
		var err error
		if m.Node, err = s.value(); err != nil {
			return err
		}
		s.open = append(s.open, m)
		s.blanks()
		if s.is(end) {
			return nil
		}
		if !s.is(',') {
			return s.fail("a comma or "+string(end)+" is expected here", "")
		}
	}
}

func (s *scanner) key(m *Member) (err error) {
	if s.peek() != '"' {
		return s.fail("a key in double quotes is expected here", "")
	}
	if m.Key, err = s.str(); err != nil {
		return err
	}
	if s.blanks(); !s.is(':') {
		return s.fail("a colon is expected after the key", "")
	}
	return nil
}

// number reads an integer that fits into 64 bits as Int, all others as Float.
func (s *scanner) number() (tree.Value, error) {
	start := s.pos
	s.is('-')
	whole := s.pos
	ok := s.digits() && (s.text[whole] != '0' || s.pos == whole+1)
	integer := true
	if ok && s.is('.') {
		integer, ok = false, s.digits()
	}
	if ok && (s.is('e') || s.is('E')) {
		if !s.is('+') {
			s.is('-')
		}
		integer, ok = false, s.digits()
	}
	if !ok {
		return tree.Value{}, s.fail("the number is not well formed", "")
	}
	text := s.text[start:s.pos]
	if integer {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return tree.IntValue(i), nil
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return tree.Value{}, &Error{Offset: start, Msg: "the number is too large for a 64-bit float", Hint: "write it as a string"}
	}
	return tree.FloatValue(f), nil
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.text) && s.text[s.pos] >= '0' && s.text[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}
