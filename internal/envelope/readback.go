package envelope

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/integrity"
	"github.com/seed-1f7fdfb8/sops/internal/layouts"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/internal/tokentree"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// What was encrypted is read back as any reader will read it, and compared with
// what was meant, before anybody gets it.

// movedComments says that a reader finds comments in other containers.
type movedComments struct{ containers map[int]string }

func (*movedComments) Error() string { return "comments read back in other containers" }

// verifyMeta decrypts and compares MAC and seal as any reader will, and returns
// the layout as that reader gets it. sealed says that the trees that the seal is of
// were compared before.
func (s *encryption) verifyMeta(encrypted format.Document, sealed bool) (*format.Layout, error) {
	m, err := meta.Decode(encrypted.Meta())
	if err != nil {
		return nil, err
	}
	macText, err := integrity.StoredMAC(s.cipher, m)
	if err != nil || macText != s.macText {
		return nil, errors.New("the MAC does not read back")
	}
	if !sealed || !integrity.SameSeal(m, s.decrypted.Meta) {
		found, err := integrity.CheckSeal(s.cipher, m, encrypted.Trees(), macText)
		if err != nil {
			return nil, err
		}
		if found.Keys != nil {
			return nil, found.Keys
		}
	}
	return layouts.Decrypt(s.cipher, m.Layout, macText), nil
}

// verifyTree compares what a reader of the encrypted text finds with what was
// meant: the same tree with tokens in place of secrets, nothing secret readable.
// sealed says that the seal of the one is that of the other: comments are not
// compared to the byte, and are in the seal where they decide.
func (s *encryption) verifyTree(encrypted format.Document) (sealed bool, err error) {
	got, changed := tokentree.AsMeant(encrypted.Trees())
	gotSecret, gotComments := tokentree.Selected(s.selector, got)
	if diff := tree.DiffAs(s.trees, s.Value, got); diff != "" {
		return false, fmt.Errorf("the encrypted text reads back differently: %s", diff)
	}
	if !slices.Equal(s.secret, gotSecret) {
		return false, errors.New("the selection rule reads the encrypted text differently")
	}
	return !changed && !s.selector.ByComment(), s.verifyComments(s.placed, gotComments)
}

func (s *encryption) verifyComments(want, got []tokentree.Placed) error {
	if len(want) != len(got) {
		return fmt.Errorf("the encrypted text reads back with %d comments instead of %d", len(got), len(want))
	}
	found := map[string]string{}
	for _, c := range got {
		found[c.Text] = c.AAD
	}
	moved := map[int]string{}
	for _, c := range want {
		if s.tokens[c.Ref] == "" {
			continue
		}
		aad, ok := found[s.tokens[c.Ref]]
		if !ok {
			return fmt.Errorf("line %d: a comment is lost in the encrypted text", s.doc.Line(c.Ref))
		}
		expected := c.AAD
		if other, ok := s.containers[c.Ref]; ok {
			expected = other
		}
		if aad != expected {
			moved[c.Ref] = aad
		}
	}
	if len(moved) == 0 {
		return nil
	}
	if s.containers != nil {
		return errors.New("comments read back in other containers every time")
	}
	return &movedComments{moved}
}
