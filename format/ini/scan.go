package ini

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/format"
)

const (
	signs      = "#;" // two bytes, as first takes them
	delimiters = "=:"
	implicit   = "DEFAULT" // the section of keys before any header
	reserved   = "sops"    // the section of the metadata
)

// A span is the bytes src[start:end].
type span struct{ start, end int }

func (s span) of(src string) string { return src[s.start:s.end] }
func (s span) empty() bool          { return s.start == s.end }

// A section is what is under one header. The first one has no header: it
// holds the keys before any other.
type section struct {
	name   string
	line   int
	start  int  // of the header's line
	header span // from [ to ], with what follows short of a comment
	next   int  // start of the line after the header
	note   *note
	keys   []*entry // every line with a key, in file order
	number int      // among all sections
	// trailing are comments that no key or header follows.
	trailing *note
}

// id returns by what a Layout knows the header.
func (s *section) id() string { return strconv.Itoa(s.number) }

// An entry is one line with a key. A key may be in a section more than
// once: the last value counts, at the first place.
type entry struct {
	name  string
	line  int
	start int  // of the line
	key   span // as written, with its quotes
	val   value
	note  *note
	sec   *section
	again int // lines with the same key before this one
}

// id returns by what a Layout knows the line.
func (e *entry) id() string {
	id := e.sec.id() + "/" + e.name
	if e.again > 0 {
		id += "/" + strconv.Itoa(e.again)
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

	sections []*section
	block    *note // the comments since the last key or header
	room     []entry
}

// newEntry makes entries many at a time.
func (s *scanner) newEntry() *entry {
	if n := cap(s.room); len(s.room) == n {
		s.room = make([]entry, 0, min(max(8, 2*n), 256))
	}
	s.room = s.room[:len(s.room)+1]
	return &s.room[len(s.room)-1]
}

// bom returns how many bytes of s are a byte order mark.
func bom(s string) int {
	if strings.HasPrefix(s, "\ufeff") {
		return len("\ufeff")
	}
	return 0
}

func scan(src string, encrypted bool) ([]*section, error) {
	if strings.HasPrefix(src, "\xff\xfe") || strings.HasPrefix(src, "\xfe\xff") {
		return nil, &format.Error{Line: 1, Msg: "the text is UTF-16", Hint: "save the file as UTF-8"}
	}
	at := bom(src)
	s := &scanner{src: src, encrypted: encrypted, pos: at, line: 1, auto: 1}
	s.sections = []*section{{name: implicit, line: 1, start: at, header: span{at, at}, next: at}}
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

// first returns where the first of two bytes is in s, or -1. It is quicker
// than strings.IndexAny, and most of an encrypted file is searched by it.
func first(s, either string) int {
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
		s.block = &note{line: s.line, block: span{at, end}}
		return
	}
	s.block.block.end = end
}

// take gives the waiting comments and the one after a key or header to their
// owner.
func (s *scanner) take(tail span) *note {
	n := s.block
	s.block = nil
	if n == nil {
		if tail.empty() {
			return nil
		}
		n = &note{line: s.line}
	}
	n.tail = tail
	n.read(s.src)
	return n
}

// leave gives comments that nothing follows to the last section that is not
// the metadata.
func (s *scanner) leave() {
	n := s.take(span{})
	for i := len(s.sections) - 1; i >= 0; i-- {
		sec := s.sections[i]
		if sec.name == reserved {
			continue
		}
		if sec.trailing == nil {
			sec.trailing = n
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
	sec := &section{name: line[1:last], number: len(s.sections), line: s.line, start: s.pos, next: next}
	sec.header = span{at, trimEnd(s.src, at+last+1, end)}
	var tail span
	if i := first(line[last+1:], signs); i >= 0 {
		sign := at + last + 1 + i
		sec.header.end = trimEnd(s.src, at+last+1, sign)
		tail = span{sign, trimEnd(s.src, sign, end)}
	}
	if sec.name == reserved && s.block != nil {
		// What is above the metadata is the end of the user's text.
		s.leave()
	}
	sec.note = s.take(tail)
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
	*e = entry{name: name, line: s.line, start: s.pos, key: span{at, at + keyLen}, sec: s.sections[len(s.sections)-1]}
	e.val, err = s.readValue(at + valAt)
	if err != nil {
		return end, err
	}
	e.note = s.take(e.val.tail)
	e.sec.keys = append(e.sec.keys, e)
	return e.val.next, nil
}

// readKey splits a line into key and value: the name, the length of the key as
// written, and where the text after the delimiter starts. msg is the complaint.
func readKey(line string, atEOF bool) (name string, length, after int, msg string) {
	const noDelimiter = "the line has no = or : after its key"
	quote := keyQuote(line, atEOF)
	if quote == "" {
		i := first(line, delimiters)
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
	i := first(line[closed:], delimiters)
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
		start = min(bom(s.src), at)
	}
	return &format.Error{Line: s.line, Column: utf8.RuneCountInString(s.src[start:at]) + 1, Msg: msg}
}
