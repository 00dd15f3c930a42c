package envelope

import (
	"errors"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/plaintext"
)

// Plain returns the plaintext. It is made when it is asked for first: to look at
// values, or to change some, takes none.
func (o *Decrypted) Plain() ([]byte, error) {
	if err := o.write(); err != nil {
		return nil, err
	}
	return o.text.Bytes, nil
}

// write makes the plaintext of the content.
func (o *Decrypted) write() error {
	if o.text != nil {
		return nil
	}
	text, err := o.origin.Text()
	if err != nil {
		return renderFailure(err)
	}
	for _, changes := range o.batches {
		if text, err = o.applied(text, changes); err != nil {
			return err
		}
	}
	o.text = text
	return nil
}

// applied makes changes in a plaintext.
func (o *Decrypted) applied(text *plaintext.Text, changes []format.Change) (*plaintext.Text, error) {
	out, err := plaintext.Apply(text, changes, o.format, o.warn)
	if err != nil {
		return nil, renderFailure(err)
	}
	return out, reservedError(out.Doc)
}

// renderFailure returns an error of package plaintext as one of this package.
func renderFailure(err error) error {
	if e, ok := errors.AsType[*plaintext.Error](err); ok {
		return &Failure{Kind: ErrRender, Err: e.Err, Line: e.Line}
	}
	return err
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
	o.text, o.trees = &plaintext.Text{Bytes: plain, Doc: doc}, doc.Trees()
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
