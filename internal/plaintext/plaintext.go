// Package plaintext makes the text of a decrypted file from the encrypted one, and
// makes changes in it. Each result is parsed and compared with the content that it
// must hold; only its looks may be lost, and then a warning says so.
package plaintext

import (
	"bytes"
	"crypto/sha512"
	"errors"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A Text is the text of a decrypted file, which was parsed.
type Text struct {
	Bytes []byte
	Doc   format.Document
}

// An Error is content that cannot be written in the format.
type Error struct {
	Err  error
	Line int // from 1; 0 if the failure is not about a line
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// A Source is the encrypted text that a file was decrypted from.
type Source struct {
	Format format.Format
	Doc    format.Document
	Trees  []*tree.Map // the content, with the types that the tokens say
	Values []format.Plain
	Layout *format.Layout
	Warn   func(string)

	text *Text // nil until it is asked for
}

// First returns the first document, nil if there is none.
func (o *Source) First() *tree.Map {
	if len(o.Trees) == 0 {
		return nil
	}
	return o.Trees[0]
}

// Text returns the plaintext, and proves that it holds what was decrypted. It is
// made when it is asked for first.
func (o *Source) Text() (*Text, error) {
	if o.text != nil {
		return o.text, nil
	}
	var err error
	if o.Layout != nil {
		if o.text, err = o.proved(o.Layout); err == nil {
			return o.text, nil
		}
	}
	if o.text, err = o.proved(nil); err == nil {
		return o.text, nil
	}
	reason := err
	text, err := o.Format.Render(o.Trees)
	if err != nil {
		return nil, &Error{Err: err}
	}
	doc, err := o.Format.Parse(text)
	if err != nil {
		return nil, &Error{Err: fmt.Errorf("the content cannot be written as %s: %w", o.Format.Name(), err)}
	}
	warnLayout(o.Warn, reason)
	o.text = &Text{text, doc}
	return o.text, nil
}

func warnLayout(warn func(string), reason error) {
	if warn != nil {
		warn(fmt.Sprintf("the layout of the file could not be kept (%v); the content is complete", reason))
	}
}

// proved returns the text with the spellings of l, if it reads back.
func (o *Source) proved(l *format.Layout) (*Text, error) {
	text, err := o.Unmask(l)
	if err != nil {
		return nil, err
	}
	doc, err := o.Format.Parse(text)
	if err != nil {
		return nil, err
	}
	if err := Same(o.Format, o.Trees, doc.Trees()); err != nil {
		return nil, err
	}
	return &Text{text, doc}, nil
}

// Unmask returns the text with the spellings of l, as it is.
func (o *Source) Unmask(l *format.Layout) ([]byte, error) {
	text, err := o.Doc.Unmask(o.Values, l)
	if l != nil && len(l.Full) > 0 {
		bare, bareErr := o.Doc.Unmask(o.Values, nil)
		if bareErr == nil && bytes.Equal(l.Digest, Digest(bare)) {
			text, err = l.Full, nil
		}
	}
	return text, err
}

// Digest is what a layout with a whole text says of the text that its reader gets
// without it: the one belongs to the other.
func Digest(bare []byte) []byte {
	sum := sha512.Sum512_256(bare)
	return sum[:]
}

// Spelled returns, by Ref, the values of the file as its plaintext spells them.
func (o *Source) Spelled() ([]tree.Value, error) {
	text, err := o.Text()
	if err != nil {
		return nil, err
	}
	out := make([]tree.Value, o.Doc.Leaves())
	mine, plain := scalarsIn(o.Trees), scalarsIn(text.Doc.Trees())
	for i, s := range mine {
		if s.Ref < 0 {
			continue
		}
		out[s.Ref] = s.Value
		if len(mine) == len(plain) {
			out[s.Ref] = plain[i].Value
		}
	}
	return out, nil
}

// scalarsIn lists the scalars of trees in order.
func scalarsIn(trees []*tree.Map) []*tree.Scalar {
	var out []*tree.Scalar
	for _, t := range trees {
		tree.Each(t, func(n tree.Node) {
			if s, ok := n.(*tree.Scalar); ok {
				out = append(out, s)
			}
		})
	}
	return out
}

// Apply makes changes in a plaintext. If the result does not read back as it
// must, it is rendered anew: the tree is right, only looks are lost. A change that
// the format has a reason to refuse is refused.
func Apply(text *Text, changes []format.Change, f format.Format, warn func(string)) (*Text, error) {
	want := tree.CloneAll(text.Doc.Trees())
	if len(want) == 0 {
		want = []*tree.Map{{}}
	}
	if err := format.Make(want[0], changes); err != nil {
		return nil, err
	}
	doc, err := text.Doc.Apply(changes)
	var refusal *format.Error
	if errors.As(err, &refusal) {
		return nil, &Error{Err: err, Line: refusal.Line}
	}
	if err == nil && doc.Reserved() == 0 {
		err = Same(f, want, doc.Trees())
	}
	if err != nil {
		reason := err
		if doc, err = rendered(f, want); err != nil {
			return nil, err
		}
		warnLayout(warn, reason)
	}
	return &Text{doc.Bytes(), doc}, nil
}

// rendered writes trees anew, and reads them back.
func rendered(f format.Format, want []*tree.Map) (format.Document, error) {
	text, err := f.Render(want)
	if err != nil {
		return nil, &Error{Err: err}
	}
	doc, err := f.Parse(text)
	if err == nil && doc.Reserved() == 0 {
		err = Same(f, want, doc.Trees())
	}
	if err != nil {
		return nil, &Error{Err: fmt.Errorf("%s cannot hold the value: %w", f.Name(), err)}
	}
	return doc, nil
}
