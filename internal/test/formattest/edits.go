package formattest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// RunEdits checks Edits for each case and its variants.
func RunEdits(t *testing.T, f format.Format, cases ...Case) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			for variant, text := range Variants(c.Text) {
				err := Edits(f, []byte(text))
				if err != nil && (text == c.Text || !errors.Is(err, ErrRefused)) {
					t.Fatalf("%s, text %q: %v", variant, text, err)
				}
			}
		})
	}
}

// Edits checks what set and unset promise, at every scalar of the first
// document: what is set can be read, nothing else changes, setting what is there
// changes no byte, and taking a new key away again leaves the text as it was.
func Edits(f format.Format, src []byte) error {
	d, _, err := parse(f, src)
	if err != nil {
		return err
	}
	if len(d.Trees()) == 0 {
		return nil
	}
	all := addresses(nil, d.Trees()[0])
	for _, law := range []func(format.Document, []tree.Address) []format.Change{setAll, setAndUnset} {
		if err := together(f, d, law(d, all)); err != nil {
			return fmt.Errorf("all at once: %w", err)
		}
	}
	for _, a := range all {
		for _, law := range []func(format.Format, format.Document, []byte, tree.Address) error{setSame, setOther, setNew, unset} {
			if err := law(f, d, src, a); err != nil {
				return fmt.Errorf("%s: %w", a, err)
			}
		}
	}
	return nil
}

// Set puts n at a, and returns the text.
func Set(d format.Document, a tree.Address, n tree.Node) ([]byte, error) {
	return apply(d, format.Change{At: a, New: n})
}

// Unset removes what is at a, and returns the text.
func Unset(d format.Document, a tree.Address) ([]byte, error) {
	return apply(d, format.Change{At: a})
}

func apply(d format.Document, changes ...format.Change) ([]byte, error) {
	out, err := d.Apply(changes)
	if err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// together makes changes at once.
func together(f format.Format, d format.Document, changes []format.Change) error {
	got, err := apply(d, changes...)
	if err != nil {
		return err
	}
	want := clone(d)
	if err := format.Make(want[0], changes); err != nil {
		return err
	}
	return reads(f, got, want)
}

// setAll sets every scalar.
func setAll(_ format.Document, all []tree.Address) []format.Change {
	var out []format.Change
	for _, a := range all {
		out = append(out, format.Change{At: a, New: newValue})
	}
	return out
}

// setAndUnset sets every third scalar, adds a key beside it, and removes the one
// after it, from the end.
func setAndUnset(d format.Document, all []tree.Address) []format.Change {
	var sets, unsets []format.Change
	for i, a := range all {
		switch i % 3 {
		case 0:
			sets = append(sets, format.Change{At: a, New: newValue})
			beside := append(a[:len(a)-1:len(a)-1], tree.Step{Key: fmt.Sprint("new_key_", i), IsKey: true})
			if _, err := tree.Find(d.Trees()[0], beside); err != nil && a[len(a)-1].IsKey {
				sets = append(sets, format.Change{At: beside, New: newValue})
			}
		case 1:
			unsets = append(unsets, format.Change{At: a})
		}
	}
	slices.Reverse(unsets)
	return append(sets, unsets...)
}

// addresses returns those of all scalars that a lookup finds, so not of the
// later ones of duplicate keys.
func addresses(at tree.Address, n tree.Node) []tree.Address {
	var out []tree.Address
	step := func(s tree.Step, n tree.Node) {
		out = append(out, addresses(append(at[:len(at):len(at)], s), n)...)
	}
	switch n := n.(type) {
	case *tree.Map:
		seen := map[string]bool{}
		for _, it := range n.Items {
			if !tree.IsComment(it.Value) && !seen[it.Key] {
				seen[it.Key] = true
				step(tree.Step{Key: it.Key, IsKey: true}, it.Value)
			}
		}
	case *tree.List:
		for i := range n.Len() {
			step(tree.Step{Index: i}, n.Items[n.Position(i)])
		}
	case *tree.Scalar:
		return []tree.Address{at}
	}
	return out
}

func setSame(_ format.Format, d format.Document, src []byte, a tree.Address) error {
	n, err := tree.Find(d.Trees()[0], a)
	if err != nil {
		return err
	}
	got, err := Set(d, a, n)
	if err != nil {
		return fmt.Errorf("set what is there: %w", err)
	}
	if !bytes.Equal(got, src) {
		return fmt.Errorf("set what is there gives %q", got)
	}
	return nil
}

// newValue is short, and no format may write it as it is.
var newValue = tree.Text("new: \"value\" # ; \\ 'x' =\ttab & <b>")

func setOther(f format.Format, d format.Document, _ []byte, a tree.Address) error {
	got, err := Set(d, a, newValue)
	if err != nil {
		return fmt.Errorf("set: %w", err)
	}
	want := clone(d)
	tree.Set(want[0], a, newValue)
	return reads(f, got, want)
}

// setNew adds a key beside the scalar, if it is in a map.
func setNew(f format.Format, d format.Document, src []byte, a tree.Address) error {
	if !a[len(a)-1].IsKey {
		return nil
	}
	sibling := append(a[:len(a)-1:len(a)-1], tree.Step{Key: "new_key", IsKey: true})
	if _, err := tree.Find(d.Trees()[0], sibling); err == nil {
		return nil // it is not new
	}
	got, err := Set(d, sibling, newValue)
	if err != nil {
		return fmt.Errorf("set a new key: %w", err)
	}
	want := clone(d)
	tree.Set(want[0], sibling, newValue)
	if err := reads(f, got, want); err != nil {
		return err
	}
	after, err := f.Parse(got)
	if err != nil {
		return err
	}
	back, err := Unset(after, sibling)
	if err != nil {
		return fmt.Errorf("unset the new key: %w", err)
	}
	if !bytes.Equal(back, src) {
		return fmt.Errorf("set and unset of a new key gives %q by way of %q", back, got)
	}
	return nil
}

func unset(f format.Format, d format.Document, _ []byte, a tree.Address) error {
	got, err := Unset(d, a)
	if err != nil {
		return fmt.Errorf("unset: %w", err)
	}
	want := clone(d)
	if err := tree.Unset(want[0], a); err != nil {
		return err
	}
	return reads(f, got, want)
}

func clone(d format.Document) []*tree.Map {
	var out []*tree.Map
	for _, m := range d.Trees() {
		out = append(out, tree.Clone(m).(*tree.Map))
	}
	return out
}

func reads(f format.Format, text []byte, want []*tree.Map) error {
	d, err := f.Parse(text)
	if err != nil {
		return fmt.Errorf("%w; text:\n%s", err, text)
	}
	if diff := tree.Diff(want, d.Trees()); diff != "" {
		return fmt.Errorf("%s; text:\n%s", diff, text)
	}
	return nil
}
