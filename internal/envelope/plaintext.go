package envelope

import (
	"fmt"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A plaintext is the text of a decrypted file, which was parsed.
type plaintext struct {
	bytes []byte
	doc   format.Document
}

// An origin is the encrypted text that a file was decrypted from.
type origin struct {
	format format.Format
	doc    format.Document
	trees  []*tree.Map // plaintext, with the types that the tokens say
	values []format.Plain
	layout *format.Layout
	warn   func(string)
	text   *plaintext // nil until it is asked for
}

// first returns the first document, nil if there is none.
func (o *origin) first() *tree.Map {
	if len(o.trees) == 0 {
		return nil
	}
	return o.trees[0]
}

// plaintext returns the text, and proves that it holds what was decrypted.
func (o *origin) plaintext() (*plaintext, error) {
	if o.text != nil {
		return o.text, nil
	}
	var err error
	if o.layout != nil {
		if o.text, err = o.proved(o.layout); err == nil {
			return o.text, nil
		}
	}
	if o.text, err = o.proved(nil); err == nil {
		return o.text, nil
	}
	reason := err
	text, err := o.format.Render(o.trees)
	if err != nil {
		return nil, &Failure{Kind: ErrRender, Err: err}
	}
	doc, err := o.format.Parse(text)
	if err != nil {
		return nil, failf(ErrRender, "the content cannot be written as %s: %w", o.format.Name(), err)
	}
	if o.warn != nil {
		o.warn(fmt.Sprintf("the layout of the file could not be kept (%v); the content is complete", reason))
	}
	o.text = &plaintext{text, doc}
	return o.text, nil
}

// proved returns the text with the spellings of l, if it reads back.
func (o *origin) proved(l *format.Layout) (*plaintext, error) {
	text, err := o.unmask(l)
	if err != nil {
		return nil, err
	}
	doc, err := o.format.Parse(text)
	if err != nil {
		return nil, err
	}
	if err := sameContent(o.format, o.trees, doc.Trees()); err != nil {
		return nil, err
	}
	return &plaintext{text, doc}, nil
}

// unmask returns the text with the spellings of l, as it is.
func (o *origin) unmask(l *format.Layout) ([]byte, error) {
	text, err := o.doc.Unmask(o.values, l)
	if l != nil && len(l.Full) > 0 {
		bare, bareErr := o.doc.Unmask(o.values, nil)
		if bareErr == nil && fits(l, bare) {
			text, err = l.Full, nil
		}
	}
	return text, err
}

// Plain returns the plaintext. It is made when it is asked for first: to look at
// values, or to change some, takes none.
func (o *Decrypted) Plain() ([]byte, error) {
	if err := o.write(); err != nil {
		return nil, err
	}
	return o.text.bytes, nil
}

// write makes the plaintext of the content.
func (o *Decrypted) write() error {
	if o.text != nil {
		return nil
	}
	text, err := o.origin.plaintext()
	if err != nil {
		return err
	}
	for _, changes := range o.batches {
		if text, err = o.applied(text, changes); err != nil {
			return err
		}
	}
	o.text = text
	return nil
}

// load takes plain as the content.
func (o *Decrypted) load(plain []byte) error {
	doc, err := o.format.Parse(plain)
	if err != nil {
		return err
	}
	if err := reservedError(doc); err != nil {
		return err
	}
	o.text, o.trees = &plaintext{plain, doc}, doc.Trees()
	return nil
}

// reservedError refuses a plaintext that has the reserved entry.
func reservedError(doc format.Document) error {
	line := doc.Reserved()
	if line == 0 {
		return nil
	}
	return &Failure{
		Kind: ErrReserved, Line: line,
		Err: fmt.Errorf("line %d: the top-level entry \"sops\" is reserved for the metadata of encrypted files; this file seems to be encrypted already", line),
		Advice: []string{
			"to change an encrypted file use: sops edit FILE",
			"if the entry is your own, give it another name or move it below another key",
		},
	}
}
