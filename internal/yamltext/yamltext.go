package yamltext

import (
	"fmt"
	"math"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/char"
	"github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/scalar"
)

// A File is a parsed text.
type File struct {
	Text      string
	Documents []Document
	// Doubts are the constructs whose reading by other programs is not certain.
	Doubts []Doubt

	nodes    []Node
	props    []props
	cooked   []string
	comments []Comment
}

// A Document is one document of the text.
type Document struct {
	Root ID
	// Start is where the document begins: its first directive, its marker, or
	// its root.
	Start int32
	// Marker is where its "---" is, -1 if it has none.
	Marker int32
	// End is where what belongs to the root ends: the next marker of either kind,
	// or the end of the text.
	End int32
	// EndMarker is where its "..." is, -1 if it has none.
	EndMarker int32
	// Line is that of Start, from 1.
	Line int32

	markerLine int32
	notes      int32 // as in Node
}

// A Doubt is a construct of which it is not certain that other programs read it
// the same way. Who must be sure asks another parser too.
type Doubt struct {
	Construct string
	Line      int
}

// An Error says what was expected and not found.
type Error struct {
	Line, Column int // from 1
	Want         string
	// Doubts are those about the text before that place.
	Doubts []Doubt
}

func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: expected %s", e.Line, e.Column, e.Want)
}

// Options change how a text is read.
type Options struct {
	// Entry is for a text to which an entry will be added at the end of the root
	// mapping of each document: comments at the end belong to the containers to
	// which they will belong then.
	Entry bool
}

// Parse reads text.
func (o Options) Parse(text string) (*File, error) {
	if int64(len(text)) > math.MaxInt32 {
		return nil, &Error{Line: 1, Column: 1, Want: "a text of less than 2 GB"}
	}
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		return nil, &Error{Line: 1, Column: 1, Want: "UTF-8; the text is UTF-16"}
	}
	v := char.Look(text)
	if v.Bad >= 0 {
		line, column := char.Position(text, v.Bad)
		return nil, &Error{Line: line, Column: column, Want: v.Want}
	}
	p := newParser(text, v, o)
	p.stream()
	if e := p.Err; e != nil {
		return nil, &Error{e.Line, e.Column, e.Want, p.file.Doubts}
	}
	p.file.cooked = p.Cooked
	return p.file, nil
}

// Position returns the line and column of a byte, from 1. Columns count
// characters.
func (f *File) Position(at int) (line, column int) { return char.Position(f.Text, at) }

// BreakLen returns the length of the line break at i, 0 if there is none. YAML
// 1.1 knows LF, CR, CRLF, NEL, LS and PS.
func BreakLen(text string, i int) int { return char.BreakLen(text, i) }

// PlainType returns the type of a plain scalar of this text.
func PlainType(text string) Type { return scalar.OfPlain(text) }
