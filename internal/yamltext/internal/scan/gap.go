package scan

import "github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/char"

// A Comment is a comment, from its sign to the end of its line.
type Comment struct {
	Start, End int32
	Line       int32
	Column     int32
}

// A Gap is what is between two tokens, where there are comments.
type Gap struct {
	From, To int // the numbers of the comments

	Before    Kind  // the token before Prev
	Prev      Kind  // the token before the gap
	Number    int32 // of that token
	PrevLine  int32 // on which it ends
	Quoted    bool  // that it is a quoted scalar
	BlankTail bool  // that it is a block scalar with blank lines at its end

	// Ends are the block collections that end in the gap, the deepest first. They
	// are tokens on their way: what is noted in them is found there.
	Ends    []Token
	Indent  int32   // the indentation after those
	Indents []int32 // of the blocks around that one
	Root    uint8   // the flag of the root, if it is a block collection
	Flow    bool    // the gap is in a flow collection

	At       int // where the next token is
	NextLine int32
	Column   int32
	Fresh    bool // nothing is before it on its line
	EOF      bool // there is none
	Marker   bool // it is a marker or a directive
}

// A Watcher learns of what is between tokens.
type Watcher interface {
	// Comment gets each comment.
	Comment(c Comment)
	// Gap gets each gap with comments, once what is after it is known.
	Gap(g *Gap)
	// Header says that the last comment is in the header of the block scalar whose
	// token has this number.
	Header(number int32)
	// Doubt gets the constructs that others may read in another way.
	Doubt(construct string, line int32)
}

// comment reads a comment.
func (s *Scanner) comment() {
	end := s.survey.LineEnd(s.text, s.pos)
	s.last = Comment{Start: int32(s.pos), End: int32(end), Line: s.line, Column: s.column()}
	s.comments++
	s.watcher.Comment(s.last)
	s.pos = end
}

// leave begins a gap; the scanner is after a token.
func (s *Scanner) leave() {
	g := &s.gap
	g.From = s.comments
	g.PrevLine, g.BlankTail = s.line, false
	if s.lastLine > 0 {
		g.BlankTail = s.line > s.lastLine+1
		g.PrevLine, s.lastLine = s.lastLine, 0
	}
}

// arrive ends a gap. The ends of block collections in it are in the queue; the
// next token is at the position of the scanner.
func (s *Scanner) arrive(ends []Token) {
	g := &s.gap
	if g.To = s.comments; g.From == g.To {
		return
	}
	g.Ends, g.Indent, g.Indents, g.Root, g.Flow = ends, s.indent, s.indents, s.rootFlag, s.flow > 0
	g.At, g.NextLine, g.Column = s.pos, s.line, s.column()
	g.Fresh, g.EOF = s.pos == s.lineStart, s.pos >= len(s.text)
	g.Marker = !g.EOF && s.flow == 0 && g.Fresh && (s.text[s.pos] == '%' || char.AnyMarker(s.text, s.pos))
	s.watcher.Gap(g)
}
