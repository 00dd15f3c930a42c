package envelope

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Set puts n at a in the first document. What the format has a reason to refuse
// is an error of Plain and Encrypt where the plaintext was not asked for before.
func (o *Decrypted) Set(a tree.Address, n tree.Node) error {
	if name := o.format.Name(); name == "dotenv" || name == "ini" {
		n = numbersAsTexts(n) // all that these formats have
	}
	if err := o.unambiguous(a); err != nil {
		return err
	}
	changes := []format.Change{{At: a, New: n}}
	// Comments in what is replaced go with it, so it is replaced as a whole.
	if old, err := tree.Find(o.first(), a); err == nil && len(commentsIn(old)) == 0 {
		d := differ{}
		if d.node(a, old, n); !d.failed {
			changes = d.changes()
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
	return o.origin.trees
}

// first returns the first document, an empty one if there is none.
func (o *Decrypted) first() *tree.Map {
	if len(o.trees) == 0 {
		return &tree.Map{}
	}
	return o.trees[0]
}

// numbersAsTexts returns n with numbers as they were typed.
func numbersAsTexts(n tree.Node) tree.Node {
	n = tree.Clone(n)
	tree.Each(n, func(n tree.Node) {
		if s, ok := n.(*tree.Scalar); ok && s.Spelling != "" {
			s.Value, s.Spelling = tree.StringValue(s.Spelling), ""
		}
	})
	return n
}

// unambiguous refuses an address on whose way a key is there twice: readers do not
// agree which of the two counts.
func (o *Decrypted) unambiguous(a tree.Address) error {
	if len(o.trees) == 0 {
		return nil
	}
	var n tree.Node = o.trees[0]
	for i, s := range a {
		if m, ok := n.(*tree.Map); ok && s.IsKey {
			count := 0
			for _, it := range m.Items {
				if it.Key == s.Key && !tree.IsComment(it.Value) {
					count++
				}
			}
			if count > 1 {
				return &Failure{
					Err:    fmt.Errorf("%s comes %d times in the file", a[:i+1], count),
					Advice: []string{"remove the others with: sops edit FILE"},
				}
			}
		}
		var err error
		if n, err = tree.Find(n, a[i:i+1]); err != nil {
			return nil // what is missing will be made
		}
	}
	return nil
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
		o.trees = o.text.doc.Trees()
		return nil
	}
	if len(o.batches) == 0 {
		o.trees = cloneSome(o.origin.trees)
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
	if n := len(o.batches); n == 1 && independent(o.origin.first(), o.batches[0], changes) {
		o.batches[0] = append(o.batches[0], changes...)
		return
	}
	o.batches = append(o.batches, changes)
}

// independent reports whether changes of a document can be made at once with
// those before them.
func independent(root *tree.Map, before, changes []format.Change) bool {
	for _, c := range changes {
		for _, b := range before {
			if !apart(root, b, c) {
				return false
			}
		}
	}
	return true
}

// apart reports whether two changes have places of their own: under different
// keys of one map, or at different positions of one list that loses nothing.
func apart(root *tree.Map, a, b format.Change) bool {
	i := 0
	for i < min(len(a.At), len(b.At)) && a.At[i] == b.At[i] {
		i++
	}
	if i == len(a.At) || i == len(b.At) || a.At[i].IsKey != b.At[i].IsKey {
		return false
	}
	if n, err := tree.Find(root, a.At[:i]); err != nil || !holds(n, a.At[i]) {
		return false // the container is made by the first
	}
	return a.At[i].IsKey || a.New != nil && b.New != nil
}

// holds reports whether n is a container that takes the step.
func holds(n tree.Node, s tree.Step) bool {
	_, isMap := n.(*tree.Map)
	_, isList := n.(*tree.List)
	return isMap && s.IsKey || isList && !s.IsKey
}

// changes returns the changes that lead from the encrypted file to the content,
// independent of each other, and whether there are such.
func (o *Decrypted) changes() ([]format.Change, bool) {
	switch {
	case o.replaced:
		before, err := o.origin.plaintext()
		if err != nil {
			return nil, false
		}
		return changesBetween(before.doc.Trees(), o.text.doc.Trees())
	case len(o.batches) > 1:
		return changesBetween(o.origin.trees, o.trees)
	case len(o.batches) == 1:
		return o.batches[0], true
	}
	return nil, true
}

// applied makes changes in a plaintext. If the result does not read back as it
// must, it is rendered anew: the tree is right, only looks are lost. A change that
// the format has a reason to refuse is refused.
func (o *Decrypted) applied(text *plaintext, changes []format.Change) (*plaintext, error) {
	want := cloneSome(text.doc.Trees())
	if err := format.Make(want[0], changes); err != nil {
		return nil, err
	}
	doc, err := text.doc.Apply(changes)
	var refusal *format.Error
	if errors.As(err, &refusal) {
		return nil, &Failure{Kind: ErrRender, Err: err, Line: refusal.Line}
	}
	if err == nil && doc.Reserved() == 0 {
		err = sameContent(o.format, want, doc.Trees())
	}
	if err != nil {
		reason := err
		if doc, err = o.rendered(want); err != nil {
			return nil, err
		}
		o.warnLayout(reason)
	}
	return &plaintext{doc.Bytes(), doc}, reservedError(doc)
}

// rendered writes trees anew, and reads them back.
func (o *Decrypted) rendered(want []*tree.Map) (format.Document, error) {
	text, err := o.format.Render(want)
	if err != nil {
		return nil, &Failure{Kind: ErrRender, Err: err}
	}
	doc, err := o.format.Parse(text)
	if err == nil && doc.Reserved() == 0 {
		err = sameContent(o.format, want, doc.Trees())
	}
	if err != nil {
		return nil, &Failure{Kind: ErrRender, Err: fmt.Errorf("%s cannot hold the value: %w", o.format.Name(), err)}
	}
	return doc, nil
}

func (o *Decrypted) warnLayout(reason error) {
	if o.warn != nil {
		o.warn(fmt.Sprintf("the layout of the file could not be kept (%v); the content is complete", reason))
	}
}
