// Package jsontext reads a JSON object as a tree of spans, so that parts of its
// text can be replaced, added and cut while every other byte stays.
//
//	f, _ := jsontext.Scan(`{"a": 1, "b": [true]}`)
//	f.Root.Members[0].Node    // {Start: 6, End: 7, Value: 1}
//	f.Add(&f.Root, "c", v, …) // the text `, "c": …` and where it goes
//
// It is strict: RFC 8259 and nothing else, except that broken UTF-8 and lone
// surrogates are read as U+FFFD, as most readers do. Writing follows the layout
// of the encoder in Go's standard library, which is that of SOPS files.
package jsontext

import (
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// BOM is the byte order mark that some editors put in front of UTF-8.
const BOM = "\uFEFF"

// Kind says what a Node is.
type Kind uint8

// The kinds of nodes.
const (
	Scalar Kind = iota
	Object
	Array
)

// A Node is one value and where it is.
type Node struct {
	Kind       Kind
	Start, End int        // bytes of the text
	Value      tree.Value // of a Scalar
	Members    []Member   // of an Object or an Array
}

// A Member is one part of an Object or an Array.
type Member struct {
	Key  string // "" in an Array
	At   int    // where the key begins; in an Array where the value does
	Node Node
}

// Find returns the position of the first member with the given key, or -1.
func (n *Node) Find(key string) int {
	if n.Kind != Object {
		return -1
	}
	return slices.IndexFunc(n.Members, func(m Member) bool { return m.Key == key })
}

// A File is a scanned text.
type File struct {
	Text string
	Root Node

	lines func() []int // offsets at which lines begin
}

// Scan reads text, which must hold one object and nothing else. A BOM in front
// is skipped. Errors are *Error.
func Scan(text string) (*File, error) {
	s := scanner{text: text, pos: len(text) - len(strings.TrimPrefix(text, BOM))}
	s.open = make([]Member, 0, min(strings.Count(text, `":`), len(text)/16))
	root, err := s.file()
	if err != nil {
		return nil, err
	}
	return &File{Text: text, Root: root, lines: sync.OnceValue(func() []int { return lineStarts(text) })}, nil
}

// ScanScalar reads text as one scalar and nothing else.
func ScanScalar(text string) (tree.Value, bool) {
	s := scanner{text: text}
	n, err := s.value()
	return n.Value, err == nil && n.Kind == Scalar && n.Start == 0 && n.End == len(text)
}

// Line returns the 1-based line of an offset.
func (f *File) Line(offset int) int {
	starts := f.lines()
	return sort.Search(len(starts), func(i int) bool { return starts[i] > offset })
}

func lineStarts(text string) []int {
	starts := []int{0}
	for i := range len(text) {
		if text[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// Position returns the 1-based line and column, in characters, of an offset.
func Position(text string, offset int) (line, column int) {
	before := text[:min(offset, len(text))]
	line = strings.Count(before, "\n") + 1
	begin := strings.LastIndexByte(before, '\n') + 1
	if begin == 0 {
		before = strings.TrimPrefix(before, BOM)
	}
	return line, utf8.RuneCountInString(before[begin:]) + 1
}

// An Error is text that is not JSON, or a value that JSON cannot hold.
type Error struct {
	Offset int // -1 if there is no text
	Msg    string
	Hint   string
}

func (e *Error) Error() string { return e.Msg }
