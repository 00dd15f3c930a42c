package initext

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Names and signs of the syntax.
const (
	Delimiters = "=:"      // two bytes, as First takes them
	Implicit   = "DEFAULT" // the section of keys before any header
	Reserved   = "sops"    // the section of the metadata

	signs = "#;"
)

// An Error is text that is no INI. Line and Column count from 1; 0 is unknown.
type Error struct {
	Line, Column int
	Msg          string
	Hint         string
}

func (e *Error) Error() string { return e.Msg }

// A Span is the bytes src[start:end].
type Span struct{ Start, End int }

// Of returns the bytes of src.
func (s Span) Of(src string) string { return src[s.Start:s.End] }

// Empty reports whether there are none.
func (s Span) Empty() bool { return s.Start == s.End }

// A Section is what is under one header. The first one has no header: it
// holds the keys before any other.
type Section struct {
	Name   string
	Line   int
	Start  int  // of the header's line
	Header Span // from [ to ], with what follows short of a comment
	Next   int  // start of the line after the header
	Note   *Note
	Keys   []*Entry // every line with a key, in file order
	number int      // among all sections
	// trailing are comments that no key or header follows.
	Trailing *Note
}

// ID returns by what a Layout knows the header.
func (s *Section) ID() string { return strconv.Itoa(s.number) }

// LineOf returns the line of a key that counts, or nil.
func (s *Section) LineOf(key string) *Entry {
	var found *Entry
	for _, e := range s.Keys {
		if e.Name == key {
			found = e
		}
	}
	return found
}

// An Entry is one line with a key. A key may be in a section more than
// once: the last value counts, at the first place.
type Entry struct {
	Name  string
	Line  int
	Start int  // of the line
	Key   Span // as written, with its quotes
	Value value
	Note  *Note
	sec   *Section
	Again int // lines with the same key before this one
}

// ID returns by what a Layout knows the line.
func (e *Entry) ID() string {
	id := e.sec.ID() + "/" + e.Name
	if e.Again > 0 {
		id += "/" + strconv.Itoa(e.Again)
	}
	return id
}

// A scanner reads a text line by line.
type scanner struct {
	src       string
	encrypted bool // read values as SOPS does
	pos       int
	line      int // of pos, 1-based
	auto      int // the number of the next key named "-"

	sections []*Section
	block    *Note // the comments since the last key or header
	room     []Entry
}

// newEntry makes entries many at a time.
func (s *scanner) newEntry() *Entry {
	if n := cap(s.room); len(s.room) == n {
		s.room = make([]Entry, 0, min(max(8, 2*n), 256))
	}
	s.room = s.room[:len(s.room)+1]
	return &s.room[len(s.room)-1]
}

// BOM returns how many bytes of s are a byte order mark.
func BOM(s string) int {
	if strings.HasPrefix(s, "\ufeff") {
		return len("\ufeff")
	}
	return 0
}

// Scan reads src, as SOPS does or as people mean it. Errors are *Error.
func Scan(src string, encrypted bool) ([]*Section, error) {
	if strings.HasPrefix(src, "\xff\xfe") || strings.HasPrefix(src, "\xfe\xff") {
		return nil, &Error{Line: 1, Msg: "the text is UTF-16", Hint: "save the file as UTF-8"}
	}
	at := BOM(src)
	s := &scanner{src: src, encrypted: encrypted, pos: at, line: 1, auto: 1}
	s.sections = []*Section{{Name: Implicit, Line: 1, Start: at, Header: Span{at, at}, Next: at}}
	for s.pos < len(src) {
		if err := s.step(); err != nil {
			return nil, err
		}
	}
	if s.block != nil {
		s.leave()
	}
	return s.sections, nil
}

// lineEnd returns where the line at pos ends and where the next one starts.
func (s *scanner) lineEnd(pos int) (end, next int) {
	if i := strings.IndexByte(s.src[pos:], '\n'); i >= 0 {
		return pos + i, pos + i + 1
	}
	return len(s.src), len(s.src)
}

// step reads one line, or the lines of one value.
func (s *scanner) step() error {
	end, next := s.lineEnd(s.pos)
	at := end - len(strings.TrimLeftFunc(s.src[s.pos:end], unicode.IsSpace))
	var err error
	switch {
	case at == end:
	case isSign(s.src[at]):
		s.comment(at, end)
	case s.src[at] == '[':
		err = s.readHeader(at, end, next)
	default:
		next, err = s.readEntry(at, end)
	}
	s.line += strings.Count(s.src[s.pos:next], "\n")
	s.pos = next
	return err
}

// First returns where the first of two bytes is in s, or -1. It is quicker
// than strings.IndexAny, and most of an encrypted file is searched by it.
func First(s, either string) int {
	i := strings.IndexByte(s, either[0])
	if i >= 0 {
		s = s[:i]
	}
	if j := strings.IndexByte(s, either[1]); j >= 0 {
		return j
	}
	return i
}

func isSign(c byte) bool { return c == '#' || c == ';' }

// comment adds a comment line to the block that waits for its key or header.
func (s *scanner) comment(at, end int) {
	end = at + len(strings.TrimRightFunc(s.src[at:end], unicode.IsSpace))
	if s.block == nil {
		s.block = &Note{Line: s.line, Block: Span{at, end}}
		return
	}
	s.block.Block.End = end
}

// take gives the waiting comments and the one after a key or header to their
// owner.
func (s *scanner) take(tail Span) *Note {
	n := s.block
	s.block = nil
	if n == nil {
		if tail.Empty() {
			return nil
		}
		n = &Note{Line: s.line}
	}
	n.Tail = tail
	n.read(s.src)
	return n
}

// leave gives comments that nothing follows to the last section that is not
// the metadata.
func (s *scanner) leave() {
	n := s.take(Span{})
	for i := len(s.sections) - 1; i >= 0; i-- {
		sec := s.sections[i]
		if sec.Name == Reserved {
			continue
		}
		if sec.Trailing == nil {
			sec.Trailing = n
		}
		return
	}
}

func (s *scanner) readHeader(at, end, next int) error {
	line := s.src[at:end]
	last := strings.LastIndexByte(line, ']')
	switch {
	case last < 0:
		return s.fail(at, "the section header has no ]")
	case last == 1:
		return s.fail(at, "the section has no name")
	}
	sec := &Section{Name: line[1:last], number: len(s.sections), Line: s.line, Start: s.pos, Next: next}
	sec.Header = Span{at, trimEnd(s.src, at+last+1, end)}
	var tail Span
	if i := First(line[last+1:], signs); i >= 0 {
		sign := at + last + 1 + i
		sec.Header.End = trimEnd(s.src, at+last+1, sign)
		tail = Span{sign, trimEnd(s.src, sign, end)}
	}
	if sec.Name == Reserved && s.block != nil {
		// What is above the metadata is the end of the user's text.
		s.leave()
	}
	sec.Note = s.take(tail)
	s.sections = append(s.sections, sec)
	s.auto = 1
	return nil
}

// trimEnd returns end less the blanks before it.
func trimEnd(src string, start, end int) int {
	return start + len(strings.TrimRightFunc(src[start:end], unicode.IsSpace))
}

func (s *scanner) readEntry(at, end int) (next int, err error) {
	line := s.src[at:end]
	atEOF := end == len(s.src)
	name, keyLen, valAt, msg := readKey(line, atEOF)
	if msg != "" {
		return end, s.fail(at, msg)
	}
	if name == "-" {
		name = "#" + strconv.Itoa(s.auto)
		s.auto++
	}
	e := s.newEntry()
	*e = Entry{Name: name, Line: s.line, Start: s.pos, Key: Span{at, at + keyLen}, sec: s.sections[len(s.sections)-1]}
	e.Value, err = s.readValue(at + valAt)
	if err != nil {
		return end, err
	}
	e.Note = s.take(e.Value.Tail)
	e.sec.Keys = append(e.sec.Keys, e)
	return e.Value.Next, nil
}

// readKey splits a line into key and value: the name, the length of the key as
// written, and where the text after the delimiter starts. msg is the complaint.
func readKey(line string, atEOF bool) (name string, length, after int, msg string) {
	const noDelimiter = "the line has no = or : after its key"
	quote := keyQuote(line, atEOF)
	if quote == "" {
		i := First(line, Delimiters)
		switch {
		case i < 0:
			return "", 0, 0, noDelimiter
		case i == 0:
			return "", 0, 0, "the key is missing"
		}
		key := strings.TrimSpace(line[:i])
		return key, len(key), i + 1, ""
	}
	pos := strings.Index(line[len(quote):], quote)
	if pos < 0 {
		return "", 0, 0, "the quotes of the key are not closed"
	}
	pos += len(quote)
	closed := pos + len(quote)
	i := First(line[closed:], Delimiters)
	if i < 0 {
		return "", 0, 0, noDelimiter
	}
	name = strings.TrimSpace(line[len(quote):pos])
	if name == "" {
		return "", 0, 0, "the key is empty"
	}
	return name, closed, closed + i + 1, ""
}

// keyQuote returns the quotes around the key. Three double quotes
// count only where the line, with its break, is longer than two triples.
func keyQuote(line string, atEOF bool) string {
	length := len(line)
	if !atEOF {
		length++
	}
	switch {
	case line[0] == '`':
		return "`"
	case line[0] != '"':
		return ""
	case length > 6 && strings.HasPrefix(line, `"""`):
		return `"""`
	}
	return `"`
}

func (s *scanner) fail(at int, msg string) error {
	start := strings.LastIndexByte(s.src[:at], '\n') + 1
	if start == 0 {
		start = min(BOM(s.src), at)
	}
	return &Error{Line: s.line, Column: utf8.RuneCountInString(s.src[start:at]) + 1, Msg: msg}
}
