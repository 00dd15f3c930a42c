package envelope

import (
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/difference"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Set puts n at a in the first document. What the format has a reason to refuse
// is an error of Plain and Encrypt where the plaintext was not asked for before.
func (o *Decrypted) Set(a tree.Address, n tree.Node) error {
	if name := o.format.Name(); name == "dotenv" || name == "ini" {
		n = tree.NumbersAsTexts(n) // all that these formats have
	}
	if err := o.unambiguous(a); err != nil {
		return err
	}
	changes := []format.Change{{At: a, New: n}}
	// Comments in what is replaced go with it, so it is replaced as a whole.
	if old, err := tree.Find(o.first(), a); err == nil && len(difference.Comments(old)) == 0 {
		if finer, ok := difference.Below(a, old, n); ok {
			changes = finer
		}
	}
	return o.change(changes)
}

// Unset removes what is at a in the first document.
func (o *Decrypted) Unset(a tree.Address) error {
	if err := o.unambiguous(a); err != nil {
		return err
	}
	if len(a) == 0 || len(o.trees) == 0 {
		return fmt.Errorf("component %s: %w", a, tree.ErrNotFound)
	}
	if _, err := tree.Find(o.trees[0], a); err != nil {
		return err
	}
	return o.change([]format.Change{{At: a}})
}

// Replace gives the file another content. What did not change will keep its
// tokens. The reserved entry is refused.
func (o *Decrypted) Replace(plain []byte) error {
	if err := o.load(plain); err != nil {
		return err
	}
	o.replaced, o.exact = true, true
	return nil
}

// Changed reports whether the content is another one than that of the encrypted
// file.
func (o *Decrypted) Changed() bool { return o.origin == nil || o.replaced || len(o.batches) > 0 }

// Before returns the content of the encrypted file, whatever was changed since.
// It must not be changed.
func (o *Decrypted) Before() []*tree.Map {
	if o.origin == nil {
		return nil
	}
	return o.origin.Trees
}

// first returns the first document, an empty one if there is none.
func (o *Decrypted) first() *tree.Map {
	if len(o.trees) == 0 {
		return &tree.Map{}
	}
	return o.trees[0]
}

// unambiguous refuses an address on whose way a key is there twice: readers do not
// agree which of the two counts.
func (o *Decrypted) unambiguous(a tree.Address) error {
	at, count := tree.Ambiguous(o.first(), a)
	if count < 2 {
		return nil
	}
	return &Failure{
		Err:    fmt.Errorf("%s comes %d times in the file", at, count),
		Advice: []string{"remove the others with: sops edit FILE"},
	}
}

// change makes changes, which are independent of each other. Where there is a
// plaintext, they are made in it as well; else it is made of them when it is
// asked for.
func (o *Decrypted) change(changes []format.Change) error {
	if len(changes) == 0 {
		return nil
	}
	if touchReserved(changes) {
		if err := o.write(); err != nil {
			return err
		}
	}
	if o.text != nil {
		text, err := o.applied(o.text, changes)
		if err != nil {
			return err
		}
		o.text = text
	}
	if o.exact = false; o.origin == nil || o.replaced {
		o.trees = o.text.Doc.Trees()
		return nil
	}
	if len(o.batches) == 0 {
		o.trees = cloneSome(o.origin.Trees)
	}
	if err := format.Make(o.trees[0], changes); err != nil {
		return err
	}
	o.record(changes)
	return nil
}

// touchReserved reports whether a change may be one of the reserved entry, which
// only the plaintext can tell.
func touchReserved(changes []format.Change) bool {
	for _, c := range changes {
		if len(c.At) > 0 && strings.HasPrefix(c.At[0].Key, "sops") {
			return true
		}
	}
	return false
}

// record adds changes to the last batch, or begins another one if they depend
// on what is there.
func (o *Decrypted) record(changes []format.Change) {
	if n := len(o.batches); n == 1 && difference.Independent(o.origin.First(), o.batches[0], changes) {
		o.batches[0] = append(o.batches[0], changes...)
		return
	}
	o.batches = append(o.batches, changes)
}

// changes returns the changes that lead from the encrypted file to the content,
// independent of each other, and whether there are such.
func (o *Decrypted) changes() ([]format.Change, bool) {
	switch {
	case o.replaced:
		before, err := o.origin.Text()
		if err != nil {
			return nil, false
		}
		return difference.Between(before.Doc.Trees(), o.text.Doc.Trees())
	case len(o.batches) > 1:
		return difference.Between(o.origin.Trees, o.trees)
	case len(o.batches) == 1:
		return o.batches[0], true
	}
	return nil, true
}
