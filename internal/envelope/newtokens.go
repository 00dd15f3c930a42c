package envelope

import (
	"fmt"
	"io"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/integrity"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/internal/tokentree"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// putMAC puts a MAC into the metadata.
func (s *encryption) putMAC(mac *integrity.MAC) error {
	nonce, err := s.nonce()
	if err != nil {
		return err
	}
	s.macText = mac.Text()
	if s.decrypted.Meta.Plain {
		nonce = s.cipher.Nonce(nonce, s.macText, []byte(s.decrypted.Meta.MACData()), "str")
		meta.MarkPlain(nonce)
	}
	s.decrypted.Meta.MAC = s.cipher.Encrypt(nonce, s.macText, []byte(s.decrypted.Meta.MACData()), "str")
	return nil
}

func (s *encryption) comment(leaf rule.Leaf, old *tokentree.Recall) error {
	c := leaf.Comment
	if !leaf.Secret || c.Text == "" {
		return nil
	}
	aad := leaf.AAD
	if other, ok := s.containers[c.Ref]; ok {
		aad = []byte(other)
	}
	if _, err := s.token(c.Ref, aad, tree.StringValue(c.Text), true, old); err != nil {
		return err
	}
	if s.selector.ByComment() && s.selector.MatchesComment(s.tokens[c.Ref]) {
		return failf(ErrEncrypt, "line %d: the comment regular expression matches the encrypted form of a comment, so the file could not be read again", s.doc.Line(c.Ref))
	}
	return nil
}

// token gives leaf ref the token it had, or a new one, which may have added the value
// to the MAC.
func (s *encryption) token(ref int, aad []byte, v tree.Value, comment bool, old *tokentree.Recall) (added bool, err error) {
	s.values[ref] = format.Plain{Set: true, Value: v, Comment: comment}
	if k, ok := old.Token(aad, v, comment); ok {
		s.tokens[ref], s.values[ref].Value = k.Token, k.Value
		return false, nil
	}
	nonce, err := s.nonce()
	if err != nil {
		return false, err
	}
	typ := v.Type()
	if comment {
		typ = "comment"
	}
	if size := len(v.Str()); size >= cipher.Large && typ == "str" {
		s.tokens[ref] = s.large(nonce, v.Str(), aad)
		return true, nil
	}
	s.tokens[ref] = s.cipher.Encrypt(nonce, v.Canonical(), aad, typ)
	return false, nil
}

// large returns the token of a large text, which is added to the MAC on the way. In a
// format that begins with the token, the text of the file begins to be written.
func (s *encryption) large(nonce []byte, text string, aad []byte) string {
	before, room := "", 0
	if d, ok := s.doc.(format.Begun); ok {
		before, room = d.Begin()
	}
	begun := append(make([]byte, 0, len(before)+cipher.TokenSize(len(text), "str")+room), before...)
	beside, end := s.mac.Beside()
	begun = s.cipher.AppendEncrypt(begun, nonce, text, aad, "str", beside)
	end()
	if room > 0 {
		s.begun = begun
	}
	return format.Text(begun[len(before):])
}

// nonce returns a new nonce, in the memory of the one before.
func (s *encryption) nonce() ([]byte, error) {
	if _, err := io.ReadFull(s.random, s.room[:]); err != nil {
		return nil, fmt.Errorf("nonce: %w", err)
	}
	return s.room[:], nil
}
