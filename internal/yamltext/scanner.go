package yamltext

// A scanner turns text into tokens. Block structure is not in the text: it
// follows from columns, and from colons that turn what is before them into keys.
// So a token that may yet become a key waits in the queue until its line ends.
type scanner struct {
	survey    survey
	text      string
	pos       int
	line      int32
	lineStart int

	queue []token
	head  int
	taken int // tokens that have left the queue
	ready int // 1 + the number of the token that peek has returned
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

	file   *File
	notes  notes
	number int32
	err    *Error
}

// Kinds of line breaks.
const (
	lineFeed uint8 = 1 << iota
	carriage
	otherBreak
)

func (s *scanner) column() int32 { return int32(s.pos - s.lineStart) }

func (s *scanner) fail(at int, want string) {
	if s.err == nil {
		line, column := position(s.text, at)
		s.err = &Error{Line: line, Column: column, Want: want}
	}
}

// peek returns the next token.
func (s *scanner) peek() *token {
	if s.ready == s.taken+1 && s.err == nil {
		return &s.queue[s.head]
	}
	for s.err == nil && (s.head == len(s.queue) || s.mayBeKey(s.taken)) {
		if s.head == len(s.queue) {
			s.queue, s.head = s.queue[:0], 0
		}
		s.fetch()
	}
	if s.err != nil {
		return &token{}
	}
	s.ready = s.taken + 1
	return &s.queue[s.head]
}

func (s *scanner) next() {
	if s.err == nil {
		s.head++
		s.taken++
	}
}

// fetch adds the next token.
func (s *scanner) fetch() {
	s.notes.leave(s)
	s.skip()
	s.expire()
	if s.err != nil {
		return
	}
	before := len(s.queue)
	marker, n := s.marker()
	if s.pos >= len(s.text) || marker != noToken {
		s.unroll(-1)
	} else {
		s.unroll(s.column())
	}
	s.notes.arrive(s, s.queue[before:])
	switch {
	case s.pos >= len(s.text):
		s.fetchEnd()
	case marker != noToken:
		s.resetKeys()
		s.add(marker, n)
		s.pos += n
	default:
		s.fetchToken(s.text[s.pos])
	}
}

func (s *scanner) fetchToken(c byte) {
	switch c {
	case '[':
		s.openFlow(flowSequenceStart)
	case '{':
		s.openFlow(flowMappingStart)
	case ']':
		s.closeFlow(flowSequenceEnd)
	case '}':
		s.closeFlow(flowMappingEnd)
	case ',':
		s.dropKey(&s.keys[s.flow])
		s.allowed = true
		s.sign(flowEntry)
	case '*':
		s.fetchName(aliasToken)
	case '&':
		s.fetchName(anchorToken)
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
func (s *scanner) fetchIndicator(c byte) {
	ends := endsToken(s.text, s.pos+1)
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
func (s *scanner) skip() {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == ' ', c == '\t' && (s.flow > 0 || !s.allowed || s.pos < s.tabsUntil):
			s.pos++
		case c == '#':
			s.comment()
		case class[c]&maybeBreak != 0:
			n := BreakLen(s.text, s.pos)
			if n == 0 {
				return
			}
			s.newLine(n)
			if s.flow == 0 {
				s.allowed = true
			}
		case c == '\t' && s.tabsToComment():
		case c == 0xEF && hasMark(s.text[s.pos:]):
			s.doubt("a byte order mark inside the text")
			return
		default:
			return
		}
	}
}

// tabsToComment passes tabs between two comments, where they are no indentation.
func (s *scanner) tabsToComment() bool {
	n, k := len(s.file.comments), s.notes.prev
	if n == s.notes.from {
		return (k == keyToken || k == valueToken) && s.line == s.notes.prevLine && s.tabsThenSign()
	}
	if s.file.comments[n-1].Line == s.notes.prevLine && k != noToken && k != blockEntry && k != documentStart {
		return false // after a comment at the end of a line they are
	}
	if s.text[s.file.comments[n-1].End] >= 0x80 {
		return false // after NEL, LS and PS they are, too
	}
	for i := s.pos; i < len(s.text); {
		n := BreakLen(s.text, i)
		if s.text[i] >= 0x80 {
			return false
		}
		if n == 0 && !isBlank(s.text[i]) {
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
func (s *scanner) tabsThenSign() bool {
	i := s.pos
	for i < len(s.text) && isBlank(s.text[i]) {
		i++
	}
	if i == len(s.text) || s.text[i] != '#' {
		return false
	}
	s.tabsUntil = i
	return true
}

// newLine passes a line break of n bytes.
func (s *scanner) newLine(n int) {
	kind := lineFeed
	if n == 2 && s.text[s.pos] == '\r' {
		kind = carriage
	} else if s.text[s.pos] != '\n' {
		kind = otherBreak
	}
	s.breaks |= kind
	s.pos += n
	s.line++
	s.lineStart = s.pos
}

// add adds a token of n bytes without moving.
func (s *scanner) add(kind tokenKind, n int) *token {
	s.number++
	s.notes.quoted = false
	s.notes.before, s.notes.prev, s.notes.number = s.notes.prev, kind, s.number
	s.queue = append(s.queue, token{
		kind: kind, start: int32(s.pos), end: int32(s.pos + n),
		line: s.line, column: s.column(), number: s.number,
	})
	return &s.queue[len(s.queue)-1]
}

func (s *scanner) sign(kind tokenKind) *token {
	t := s.add(kind, 1)
	s.pos++
	return t
}

// roll begins a block collection at a column; it returns the flag for its first
// token.
func (s *scanner) roll(column int32, flag uint8) uint8 {
	if s.flow > 0 || s.indent >= column {
		return 0
	}
	if s.indent < 0 {
		s.rootFlag = flag
	}
	s.indents = append(s.indents, s.indent)
	if len(s.indents) > maxDepth {
		s.fail(s.pos, tooDeep)
	}
	s.indent = column
	return flag
}

// unroll ends the block collections that are deeper than a column.
func (s *scanner) unroll(column int32) {
	if s.flow > 0 {
		return
	}
	for s.indent > column {
		s.queue = append(s.queue, token{
			kind: blockEnd, start: int32(s.pos), end: int32(s.pos), line: s.line, column: s.indent,
		})
		s.indent = s.indents[len(s.indents)-1]
		s.indents = s.indents[:len(s.indents)-1]
	}
}

func (s *scanner) fetchEnd() {
	if !s.ended {
		s.resetKeys()
	}
	s.ended = true
	s.add(streamEnd, 0)
}

// resetKeys is for what ends a document.
func (s *scanner) resetKeys() {
	for i := range s.keys {
		s.dropKey(&s.keys[i])
	}
	s.allowed = false
}

// marker returns the token that is special at the start of a line, and its
// length.
func (s *scanner) marker() (tokenKind, int) {
	switch {
	case s.pos != s.lineStart || s.pos >= len(s.text):
	case s.text[s.pos] == '%':
		return directiveToken, s.directiveEnd() - s.pos
	case isMarker(s.text, s.pos, '-'):
		return documentStart, 3
	case isMarker(s.text, s.pos, '.'):
		return documentEnd, 3
	}
	return noToken, 0
}

// directiveEnd returns where the directive ends: at its line's, or before a
// comment.
func (s *scanner) directiveEnd() int {
	end := s.lineEnd(s.pos)
	for i := s.pos + 1; i < end; i++ {
		if s.text[i] == '#' && (s.text[i-1] == ' ' || s.text[i-1] == '\t') {
			return i
		}
	}
	return end
}
