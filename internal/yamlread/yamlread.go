// Package yamlread reads the YAML files that are made by hand for this
// program: nodes become typed values that know their line and column, and one
// run finds all mistakes.
//
//	root, err := yamlread.Parse(src)
//	r := yamlread.NewReader(len(src))
//	yamlread.Fields(r, root, "the file", []yamlread.Field[File]{
//		{"regions", func(r *yamlread.Reader, n yamlread.Node, f *File) { f.Regions = r.Texts(n, "regions") }},
//	}, &f)
//	for _, p := range r.Problems { ... }
//
// It is strict: a key that no field has, or that appears twice, is a mistake.
// Merge keys and aliases are followed, to a bound on the work.
package yamlread

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"
)

// A Place is where in the file something is. Both count from 1; 0 is unknown.
type Place struct{ Line, Column int }

// A Node is a value of the file.
type Node struct{ yaml *yaml.Node }

// At returns the place of the node.
func (n Node) At() Place {
	if n.yaml == nil {
		return Place{}
	}
	return Place{n.yaml.Line, n.yaml.Column}
}

// HoldsAnchor reports whether a part of n has a name for aliases. It does not
// follow them, so it ends.
func (n Node) HoldsAnchor() bool {
	return n.yaml.Anchor != "" || slices.ContainsFunc(n.yaml.Content, func(y *yaml.Node) bool { return Node{y}.HoldsAnchor() })
}

// A Text is a string of the file that knows its place.
type Text struct {
	Value string
	At    Place
}

// A Problem is one mistake, with what to do about it if that is known.
type Problem struct {
	At   Place
	Msg  string
	Hint string
}

func (p Problem) Error() string {
	if p.Hint == "" {
		return p.Msg
	}
	return fmt.Sprintf("%s (%s)", p.Msg, p.Hint)
}

// ErrEmpty is what Parse reports of a file without a document.
var ErrEmpty = errors.New("the file is empty")

// Parse returns the document of a file, which must be the only one. Its error
// is ErrEmpty or a Problem.
func Parse(src []byte) (Node, error) {
	d := yaml.NewDecoder(bytes.NewReader(src))
	doc, err := next(d, src)
	if err != nil {
		return Node{}, err
	}
	switch another, err := next(d, src); {
	case errors.Is(err, ErrEmpty):
		return doc, nil
	case err != nil:
		return Node{}, err
	default:
		return Node{}, Problem{At: another.At(), Msg: "the file holds more than one document"}
	}
}

// First returns the first document of a file and reads no further. Its error is
// that of Parse.
func First(src []byte) (Node, error) { return next(yaml.NewDecoder(bytes.NewReader(src)), src) }

func next(d *yaml.Decoder, src []byte) (Node, error) {
	var doc yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF), err == nil && len(doc.Content) == 0:
		return Node{}, ErrEmpty
	case err != nil:
		return Node{}, syntaxProblem(src, err)
	}
	return Node{doc.Content[0]}, nil
}
