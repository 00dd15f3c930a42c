package envelope

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/integrity"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// What was encrypted is read back as any reader will read it, and compared with
// what was meant, before anybody gets it.

// movedComments says that a reader finds comments in other containers.
type movedComments struct{ containers map[int]string }

func (*movedComments) Error() string { return "comments read back in other containers" }

// verifyMeta decrypts and compares MAC and seal as any reader will, and returns the layout as
// that reader gets it.
func (s *encryption) verifyMeta(encrypted format.Document) (*format.Layout, error) {
	m, err := meta.Decode(encrypted.Meta())
	if err != nil {
		return nil, err
	}
	macText, err := integrity.StoredMAC(s.cipher, m)
	if err != nil || macText != s.macText {
		return nil, errors.New("the MAC does not read back")
	}
	found, err := integrity.CheckSeal(s.cipher, m, encrypted.Trees(), macText)
	if err != nil {
		return nil, err
	}
	if found.Keys != nil {
		return nil, found.Keys
	}
	return decryptLayout(s.cipher, m.Layout, macText), nil
}

// verifyTree compares what a reader of the encrypted text finds with what was
// meant: the same tree with tokens in place of secrets, nothing secret readable.
func (s *encryption) verifyTree(encrypted format.Document) error {
	got := asMeant(encrypted.Trees())
	wantSecret, wantComments := s.selected(s.trees)
	gotSecret, gotComments := s.selected(got)
	if diff := tree.DiffAs(s.trees, s.Value, got); diff != "" {
		return fmt.Errorf("the encrypted text reads back differently: %s", diff)
	}
	if !slices.Equal(wantSecret, gotSecret) {
		return errors.New("the selection rule reads the encrypted text differently")
	}
	return s.verifyComments(wantComments, gotComments)
}

// A placed comment is one with the additional data of its container.
type placed struct {
	*tree.Comment
	aad string
}

// selected returns what the selection rule says about each scalar, and the
// comments.
func (s *encryption) selected(trees []*tree.Map) (secret []bool, comments []placed) {
	secret = make([]bool, 0, len(s.tokens))
	for leaf := range s.selector.Leaves(trees) {
		if leaf.Comment != nil {
			comments = append(comments, placed{leaf.Comment, string(leaf.AAD)})
			continue
		}
		secret = append(secret, leaf.Secret)
	}
	return secret, comments
}

// asMeant returns trees without what a presentation adds to tokens: the line
// break that follows one in a block scalar of older files, and the element of a
// list that the token of a comment is in files of other programs.
func asMeant(trees []*tree.Map) []*tree.Map {
	some := false
	for _, t := range trees {
		tree.Each(t, func(n tree.Node) {
			s, ok := n.(*tree.Scalar)
			some = some || ok && (hasBreak(s) || strings.HasSuffix(s.Value.Str(), commentToken))
		})
	}
	if !some {
		return trees
	}
	out := clone(trees)
	for _, t := range out {
		tree.Each(t, func(n tree.Node) {
			switch n := n.(type) {
			case *tree.Scalar:
				if hasBreak(n) {
					n.Value = tree.StringValue(strings.TrimSuffix(n.Value.Str(), "\n"))
				}
			case *tree.List:
				for i, it := range n.Items {
					if s, ok := it.(*tree.Scalar); ok && cipher.IsComment(s.Value.Str()) {
						n.Items[i] = &tree.Comment{Text: s.Value.Str(), Ref: s.Ref}
					}
				}
			}
		})
	}
	return out
}

const commentToken = ",type:comment]"

func hasBreak(s *tree.Scalar) bool {
	return strings.HasSuffix(s.Value.Str(), "]\n") && cipher.IsToken(s.Value.Str())
}

func (s *encryption) verifyComments(want, got []placed) error {
	if len(want) != len(got) {
		return fmt.Errorf("the encrypted text reads back with %d comments instead of %d", len(got), len(want))
	}
	found := map[string]string{}
	for _, c := range got {
		found[c.Text] = c.aad
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
		expected := c.aad
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
