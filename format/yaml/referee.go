package yaml

import (
	"errors"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/yamltext"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// read finds all that the package needs to know of src, which has no byte order
// mark.
func read(src []byte, encrypted bool) (*scan, error) {
	if err := checkEncoding(src); err != nil {
		return nil, err
	}
	f, err := yamltext.Options{Entry: !encrypted}.Parse(format.Text(src))
	if err != nil || len(f.Doubts) > 0 || len(f.Documents) == 0 {
		return refereed(src, f, err, encrypted)
	}
	return scanOf(src, f, encrypted)
}

// refereed lets the library read a text that our parser refuses, or of which it
// is not certain that other programs read it in the same way. The library tells
// what comments belong to, and says what is wrong; but a value that only one of
// the two finds is not to be trusted.
func refereed(src []byte, f *yamltext.File, refusal error, encrypted bool) (*scan, error) {
	theirs, err := readByLibrary(src, encrypted)
	if err != nil {
		return nil, err
	}
	var wrong *yamltext.Error
	if errors.As(refusal, &wrong) {
		return nil, &format.Error{Line: wrong.Line, Column: wrong.Column, Msg: "expected " + wrong.Want}
	}
	if len(f.Documents) == 0 {
		return theirs, nil
	}
	ours, err := scanOf(src, f, encrypted)
	if err != nil {
		return nil, err
	}
	if diff := tree.Diff(ours.trees, theirs.trees); diff != "" {
		d := f.Doubts[0]
		return nil, &format.Error{Line: d.Line, Msg: d.Construct + ": programs do not agree on what this means (" + diff + ")"}
	}
	return theirs, nil
}
