// Package format says what a file format does: read bytes into a Document that
// remembers them, and give back bytes in which only what was asked to change
// has changed. It knows nothing of keys or ciphers; to a format a token is just
// a text in the place of a value.
//
// The way of a plain file to its encrypted form and back:
//
//	d, _ := f.Parse(plain)                  // d.Trees(): leaves numbered by Ref
//	m, _ := d.Mask(tokens)                  // tokens[ref] replaces leaf ref
//	encrypted, _ := m.Insert(metadata)      // the author's text, with tokens
//
//	s, _ := f.ParseEncrypted(encrypted)     // s.Trees(): tokens as strings
//	plain, _ := s.Unmask(values, layout)    // byte for byte what it was
//
// A format does its best and need not prove it: the engine reads every
// result back and compares before anything is written.
package format

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// A Format reads and renders one file syntax. Implementations are values that
// can be used concurrently.
type Format interface {
	// Name is the format's name on the command line: yaml, json, dotenv, ini,
	// binary.
	Name() string
	// Parse reads plain text. The Document keeps src, which must not be changed
	// any more. Errors are *Error.
	Parse(src []byte) (Document, error)
	// ParseEncrypted reads text that was encrypted: leaves may be tokens.
	ParseEncrypted(src []byte) (Document, error)
	// Render writes trees from nothing, for conversions and new files. It fails
	// where the syntax cannot hold them.
	Render(trees []*tree.Map) ([]byte, error)
	// RenderValue writes one node by itself, as --extract prints it.
	RenderValue(n tree.Node) ([]byte, error)
}

// A Document is a parsed file that remembers its bytes. Its methods return new
// text; the Document never changes.
type Document interface {
	// Trees returns the documents of the file without the metadata. The Refs of
	// all scalars (null included) and comments count up from 0 in wire order.
	// The trees belong to the Document: callers clone what they change.
	Trees() []*tree.Map
	// Leaves returns the number of Refs.
	Leaves() int
	// Line returns the 1-based line of a leaf.
	Line(ref int) int

	// Meta returns the reserved entry of the first document, nil if it has none.
	Meta() tree.Node
	// Reserved returns the 1-based line of the first entry with a reserved name
	// in any document, 0 if there is none.
	Reserved() int

	// Mask replaces each leaf r by tokens[r] where that is not "". The text
	// keeps everything else, and takes the metadata once it is known.
	Mask(tokens []string) (Masked, error)
	// Unmask replaces each leaf r by values[r] where that is set, and removes
	// the metadata. l may be nil; hints that do not fit are ignored.
	Unmask(values []Plain, l *Layout) ([]byte, error)
	// SetMeta replaces the metadata of an encrypted document and nothing else.
	SetMeta(meta *tree.Map) ([]byte, error)

	// Bytes returns the text. It must not be changed.
	Bytes() []byte
	// Apply makes changes in the first document and returns it as it reads
	// then: the result is the proof. All other text stays. The changes must not
	// depend on each other: none is at or below the place of another, and what is
	// removed from a list comes last, from the end.
	Apply(changes []Change) (Document, error)
}

// A Change puts New at an address, making the parents that are missing. Where New
// is nil, it removes what is there with the comment on its line; comments above
// stay.
type Change struct {
	At  tree.Address
	New tree.Node
}

// Make makes changes in a tree.
func Make(root *tree.Map, changes []Change) error {
	e := tree.NewEditor(root)
	for _, c := range changes {
		if c.New != nil {
			e.Set(c.At, tree.Clone(c.New))
			continue
		}
		if err := e.Unset(c.At); err != nil {
			return err
		}
	}
	return nil
}

// ApplyParts makes changes in d by apply, all at once where that works. Where
// some are in each other's way, it makes one half after the other.
func ApplyParts[D any](d D, changes []Change, apply func(D, []Change) (D, error)) (D, error) {
	out, err := apply(d, changes)
	if err == nil || len(changes) < 2 {
		return out, err
	}
	half := len(changes) / 2
	if out, err = ApplyParts(d, changes[:half], apply); err != nil {
		return out, err
	}
	return ApplyParts(out, changes[half:], apply)
}

// A Guided document takes more for a Mask than the tokens.
type Guided interface {
	MaskAs(tokens []string, g Guide) (Masked, error)
}

// A Guide says what a Mask should know besides the tokens. The zero value says
// nothing.
type Guide struct {
	// Blank holds, by Ref, the secrets that have no token because they are null
	// or empty. What else belongs to their spelling must not stay readable.
	Blank []bool
	// Like is the encrypted text from which some of the tokens come. These keep
	// the presentation that they have there, where it is possible.
	Like Document
	// Begun is the text of the file up to the end of its only token, with room for
	// the rest, where the token was made at its place; see Begun.
	Begun []byte
}

// A Begun document has one value, at its beginning. The token of a large one is made
// at its place, so that it need not be copied there.
type Begun interface {
	// Begin returns the text before the token, and how much room the rest takes.
	Begin() (before string, room int)
}

// Mask makes d's Mask, under g's guidance where d takes it.
func Mask(d Document, tokens []string, g Guide) (Masked, error) {
	if guided, ok := d.(Guided); ok {
		return guided.MaskAs(tokens, g)
	}
	return d.Mask(tokens)
}

// Masked is text with tokens in it that waits for its metadata.
type Masked struct {
	Layout *Layout // nil if every spelling can be derived
	Insert func(meta *tree.Map) ([]byte, error)
}

// Standard returns metadata without the fields that only this program knows:
// seal and layout.
func Standard(meta *tree.Map) *tree.Map {
	own := func(it tree.Item) bool { return it.Key == "seal" || it.Key == "layout" }
	if !slices.ContainsFunc(meta.Items, own) {
		return meta
	}
	return &tree.Map{Items: slices.DeleteFunc(slices.Clone(meta.Items), own)}
}

// Plain is what takes the place of a token.
type Plain struct {
	Value   tree.Value
	Set     bool
	Comment bool // Value is the text of a comment, also where a list element was
}

// A Layout holds spellings that cannot be derived from value, type and the
// presentation of the token. It travels encrypted in the metadata and is lost
// without harm.
type Layout struct {
	Scalars   map[string]string `json:"s,omitempty"` // by TokenHash, with a suffix if the format likes
	Comments  map[string]string `json:"c,omitempty"` // the same
	Aliases   map[string]string `json:"a,omitempty"` // by what the format chooses
	Lines     map[string]string `json:"l,omitempty"` // by what the format chooses
	NoNewline bool              `json:"nonl,omitempty"`
	BOM       bool              `json:"bom,omitempty"`
	Encoding  string            `json:"enc,omitempty"` // "" is UTF-8
	// Full is the whole text, where pieces do not suffice; Digest is that of
	// the text which Unmask gives without it. They are the root package's.
	Full   []byte `json:"full,omitempty"`
	Digest []byte `json:"dig,omitempty"`
}

// Empty reports whether l says nothing.
func (l *Layout) Empty() bool {
	return l == nil || len(l.Scalars) == 0 && len(l.Comments) == 0 && len(l.Aliases) == 0 &&
		len(l.Lines) == 0 && !l.NoNewline && !l.BOM && l.Encoding == "" && len(l.Full) == 0
}

// TokenHash returns the short text by which a Layout knows a token: the
// beginning of its authentication tag, which no two leaves share.
func TokenHash(token string) string {
	const keep = 12
	const mark = ",tag:"
	// The tag has 24 characters before the type, which is at the end.
	if i := strings.LastIndexByte(token, ',') - 24; i > len(mark) && token[i-len(mark):i] == mark {
		return token[i : i+keep]
	}
	_, tag, ok := strings.Cut(token, mark)
	if !ok {
		return token
	}
	return tag[:min(len(tag), keep)]
}

// An Error is bad content of a file. Line and Column count from 1, columns in
// characters; 0 means unknown. It never shows values.
type Error struct {
	Line, Column int
	Msg          string
	Hint         string // what to do about it, or ""
	// Content is set where the syntax is right but holds what cannot be
	// encrypted, such as a key that is no string.
	Content bool
	// Empty is set where the text holds no document at all.
	Empty bool
	// Final is set by Mask where another way of writing the text would not help.
	Final bool
}

func (e *Error) Error() string {
	switch {
	case e.Line == 0:
		return e.Msg
	case e.Column == 0:
		return fmt.Sprintf("line %d: %s", e.Line, e.Msg)
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Msg)
}

// Hints returns the hint, if there is one.
func (e *Error) Hints() []string {
	if e.Hint == "" {
		return nil
	}
	return []string{e.Hint}
}

// Position returns line and column.
func (e *Error) Position() (line, column int) { return e.Line, e.Column }

// Text returns src as a string without a copy: a file, its values and its tokens
// share one piece of memory. It must not be changed any more.
func Text(src []byte) string { return unsafe.String(unsafe.SliceData(src), len(src)) }

// Bytes returns the bytes of a text without a copy. They must not be changed.
func Bytes(text string) []byte { return unsafe.Slice(unsafe.StringData(text), len(text)) }

// An Edit replaces src[Start:End] by Text.
type Edit struct {
	Start, End int
	Text       string
}

// Splice returns src with edits made. They may come in any order; where two
// insert at one place they keep theirs. It fails if they overlap or reach
// beyond src.
func Splice[T string | []byte](src T, edits []Edit) ([]byte, error) {
	edits = sorted(edits)
	size := len(src)
	for _, e := range edits {
		size += len(e.Text) - (e.End - e.Start)
	}
	out := make([]byte, 0, max(size, 0))
	at := 0
	for _, e := range edits {
		if e.Start < at || e.End < e.Start || e.End > len(src) {
			return nil, fmt.Errorf("doc: edits overlap at byte %d", e.Start)
		}
		out = append(out, src[at:e.Start]...)
		out = append(out, e.Text...)
		at = e.End
	}
	return append(out, src[at:]...), nil
}

// Ending returns the length of what Splice makes of src, and its last byte. The
// edits must be such as Splice takes.
func Ending(src string, edits []Edit) (size int, last byte) {
	edits = sorted(edits)
	size = len(src)
	for _, e := range edits {
		size += len(e.Text) - (e.End - e.Start)
	}
	if size == 0 {
		return 0, 0
	}
	end := len(src) // of what the edits looked at so far leave
	for _, e := range slices.Backward(edits) {
		if e.End < end {
			break
		}
		if e.Text != "" {
			return size, e.Text[len(e.Text)-1]
		}
		end = e.Start
	}
	return size, src[end-1]
}

func sorted(edits []Edit) []Edit {
	if slices.IsSortedFunc(edits, byStart) {
		return edits
	}
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, byStart)
	return edits
}

func byStart(a, b Edit) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) }
