// Package scan turns the text of YAML into tokens.
package scan

import (
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/char"
)

// A Scanner turns text into tokens. Block structure is not in the text: it
// follows from columns, and from colons that turn what is before them into keys.
// So a token that may yet become a key waits in the queue until its line ends.
type Scanner struct {
	survey    char.Survey
	text      string
	pos       int
	line      int32
	lineStart int

	queue []Token
	head  int
	taken int // tokens that have left the queue
	ready int // 1 + the number of the token that Peek has returned
	ended bool

	indent  int32
	indents []int32
	// rootFlag says what the root of the document is, if it is a block collection.
	rootFlag uint8
	flow     int
	breaks   uint8 // the kinds of line breaks in the text
	explicit bool  // there is a key with "?" in a block mapping
	// allowed says whether an implicit key may begin here.
	allowed bool
	keys    []keyPlace // one for each level of flow collections
	live    int        // no level below has a possible key
	// tabsUntil is where the white space ends that a plain scalar has passed;
	// tabs in it are no indentation.
	tabsUntil int
	// lastLine is the line on which a block scalar ended, 0 after other tokens.
	lastLine int32

	watcher  Watcher
	gap      Gap
	comments int     // how many there were
	last     Comment // of them
	number   int32

	// Cooked are the values that are no piece of the text.
	Cooked []string
	// Err is the first error.
	Err *Error
}

// An Error says what was expected and not found.
type Error struct {
	Line, Column int // from 1
	Want         string
}

// New returns the scanner of a text that v is a survey of. Its watcher learns of
// what is between tokens.
func New(text string, v char.Survey, w Watcher) *Scanner {
	s := &Scanner{text: text, survey: v, watcher: w, line: 1, indent: -1, allowed: true, keys: make([]keyPlace, 1, 8)}
	if char.HasMark(text) {
		s.pos = len(char.ByteOrderMark)
		s.lineStart = s.pos
	}
	if char.HasMark(text[s.pos:]) {
		s.doubt("several byte order marks")
		s.Fail(s.pos, "one byte order mark")
	}
	return s
}

// Pos returns how far the scanner is.
func (s *Scanner) Pos() int { return s.pos }

// Line returns the line of that place.
func (s *Scanner) Line() int32 { return s.line }

// Breaks returns the kinds of line breaks that there were, and whether a block
// mapping had a key with "?".
func (s *Scanner) Breaks() (kinds uint8, explicit bool) { return s.breaks, s.explicit }

func (s *Scanner) doubt(construct string) { s.watcher.Doubt(construct, s.line) }

// Kinds of line breaks, of which a text may have several.
const (
	LineFeed uint8 = 1 << iota
	Carriage
	otherBreak
)

func (s *Scanner) column() int32 { return int32(s.pos - s.lineStart) }

// Fail notes an error; the first one counts.
func (s *Scanner) Fail(at int, want string) {
	if s.Err == nil {
		line, column := char.Position(s.text, at)
		s.Err = &Error{Line: line, Column: column, Want: want}
	}
}

// Peek returns the next token.
func (s *Scanner) Peek() *Token {
	if s.ready == s.taken+1 && s.Err == nil {
		return &s.queue[s.head]
	}
	for s.Err == nil && (s.head == len(s.queue) || s.mayBeKey(s.taken)) {
		if s.head == len(s.queue) {
			s.queue, s.head = s.queue[:0], 0
		}
		s.fetch()
	}
	if s.Err != nil {
		return &Token{}
	}
	s.ready = s.taken + 1
	return &s.queue[s.head]
}

// Next passes a token.
func (s *Scanner) Next() {
	if s.Err == nil {
		s.head++
		s.taken++
	}
}

// fetch adds the next token.
func (s *Scanner) fetch() {
	s.leave()
	s.skip()
	s.expire()
	if s.Err != nil {
		return
	}
	before := len(s.queue)
	marker, n := s.marker()
	if s.pos >= len(s.text) || marker != NoToken {
		s.unroll(-1)
	} else {
		s.unroll(s.column())
	}
	s.arrive(s.queue[before:])
	switch {
	case s.pos >= len(s.text):
		s.fetchEnd()
	case marker != NoToken:
		s.resetKeys()
		s.add(marker, n)
		s.pos += n
	default:
		s.fetchToken(s.text[s.pos])
	}
}

func (s *Scanner) fetchToken(c byte) {
	switch c {
	case '[':
		s.openFlow(FlowSequenceStart)
	case '{':
		s.openFlow(FlowMappingStart)
	case ']':
		s.closeFlow(FlowSequenceEnd)
	case '}':
		s.closeFlow(FlowMappingEnd)
	case ',':
		s.dropKey(&s.keys[s.flow])
		s.allowed = true
		s.sign(FlowEntry)
	case '*':
		s.fetchName(Alias)
	case '&':
		s.fetchName(Anchor)
	case '!':
		s.fetchTag()
	case '\'', '"':
		s.fetchQuoted(c)
	case '-', '?', ':':
		s.fetchIndicator(c)
	default:
		if (c == '|' || c == '>') && s.flow == 0 {
			s.fetchBlockScalar(c)
			return
		}
		s.fetchPlain(c)
	}
}

// fetchIndicator reads a sign that is an indicator only before white space, or
// in a flow collection.
func (s *Scanner) fetchIndicator(c byte) {
	ends := char.EndsToken(s.text, s.pos+1)
	switch {
	case c == '-' && ends:
		s.fetchEntry()
	case c == '?' && (ends || s.flow > 0):
		s.fetchKey()
	case c == ':' && (ends || s.flow > 0):
		s.fetchValue()
	default:
		s.fetchPlain(c)
	}
}

// skip passes white space and comments.
func (s *Scanner) skip() {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == ' ', c == '\t' && (s.flow > 0 || !s.allowed || s.pos < s.tabsUntil):
			s.pos++
		case c == '#':
			s.comment()
		case char.Class[c]&char.Break != 0:
			n := char.BreakLen(s.text, s.pos)
			if n == 0 {
				return
			}
			s.newLine(n)
			if s.flow == 0 {
				s.allowed = true
			}
		case c == '\t' && s.tabsToComment():
		case c == 0xEF && char.HasMark(s.text[s.pos:]):
			s.doubt("a byte order mark inside the text")
			return
		default:
			return
		}
	}
}

// tabsToComment passes tabs between two comments, where they are no indentation.
func (s *Scanner) tabsToComment() bool {
	k := s.gap.Prev
	if s.comments == s.gap.From {
		return (k == Key || k == Value) && s.line == s.gap.PrevLine && s.tabsThenSign()
	}
	if s.last.Line == s.gap.PrevLine && k != NoToken && k != BlockEntry && k != DocumentStart {
		return false // after a comment at the end of a line they are
	}
	if s.text[s.last.End] >= 0x80 {
		return false // after NEL, LS and PS they are, too
	}
	for i := s.pos; i < len(s.text); {
		n := char.BreakLen(s.text, i)
		if s.text[i] >= 0x80 {
			return false
		}
		if n == 0 && !char.IsBlank(s.text[i]) {
			if s.text[i] != '#' {
				return false
			}
			s.tabsUntil = i
			s.doubt("tabs before a comment")
			return true
		}
		i += max(n, 1)
	}
	return false
}

// tabsThenSign passes tabs before a comment on the same line.
func (s *Scanner) tabsThenSign() bool {
	i := s.pos
	for i < len(s.text) && char.IsBlank(s.text[i]) {
		i++
	}
	if i == len(s.text) || s.text[i] != '#' {
		return false
	}
	s.tabsUntil = i
	return true
}

// newLine passes a line break of n bytes.
func (s *Scanner) newLine(n int) {
	kind := LineFeed
	if n == 2 && s.text[s.pos] == '\r' {
		kind = Carriage
	} else if s.text[s.pos] != '\n' {
		kind = otherBreak
	}
	s.breaks |= kind
	s.pos += n
	s.line++
	s.lineStart = s.pos
}

// add adds a token of n bytes without moving.
func (s *Scanner) add(kind Kind, n int) *Token {
	s.number++
	s.gap.Quoted = false
	s.gap.Before, s.gap.Prev, s.gap.Number = s.gap.Prev, kind, s.number
	s.queue = append(s.queue, Token{
		Kind: kind, Start: int32(s.pos), End: int32(s.pos + n),
		Line: s.line, Column: s.column(), Number: s.number,
	})
	return &s.queue[len(s.queue)-1]
}

func (s *Scanner) sign(kind Kind) *Token {
	t := s.add(kind, 1)
	s.pos++
	return t
}

// roll begins a block collection at a column; it returns the flag for its first
// token.
func (s *Scanner) roll(column int32, flag uint8) uint8 {
	if s.flow > 0 || s.indent >= column {
		return 0
	}
	if s.indent < 0 {
		s.rootFlag = flag
	}
	s.indents = append(s.indents, s.indent)
	if len(s.indents) > maxDepth {
		s.Fail(s.pos, tooDeep)
	}
	s.indent = column
	return flag
}

// unroll ends the block collections that are deeper than a column.
func (s *Scanner) unroll(column int32) {
	if s.flow > 0 {
		return
	}
	for s.indent > column {
		s.queue = append(s.queue, Token{
			Kind: BlockEnd, Start: int32(s.pos), End: int32(s.pos), Line: s.line, Column: s.indent,
		})
		s.indent = s.indents[len(s.indents)-1]
		s.indents = s.indents[:len(s.indents)-1]
	}
}

func (s *Scanner) fetchEnd() {
	if !s.ended {
		s.resetKeys()
	}
	s.ended = true
	s.add(StreamEnd, 0)
}

// resetKeys is for what ends a document.
func (s *Scanner) resetKeys() {
	for i := range s.keys {
		s.dropKey(&s.keys[i])
	}
	s.allowed = false
}

// marker returns the token that is special at the start of a line, and its
// length.
func (s *Scanner) marker() (Kind, int) {
	switch {
	case s.pos != s.lineStart || s.pos >= len(s.text):
	case s.text[s.pos] == '%':
		return Directive, s.directiveEnd() - s.pos
	case char.IsMarker(s.text, s.pos, '-'):
		return DocumentStart, 3
	case char.IsMarker(s.text, s.pos, '.'):
		return DocumentEnd, 3
	}
	return NoToken, 0
}

// directiveEnd returns where the directive ends: at its line's, or before a
// comment, which may touch the version of YAML.
func (s *Scanner) directiveEnd() int {
	end := s.survey.LineEnd(s.text, s.pos)
	version := strings.HasPrefix(s.text[s.pos:end], "%YAML")
	for i := s.pos + 1; i < end; i++ {
		if s.text[i] == '#' && (version || s.text[i-1] == ' ' || s.text[i-1] == '\t') {
			return i
		}
	}
	return end
}
