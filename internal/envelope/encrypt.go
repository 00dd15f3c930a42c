package envelope

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/integrity"
	"github.com/seed-1f7fdfb8/sops/internal/layouts"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/internal/plaintext"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/internal/tokentree"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Encrypt encrypts the content and returns the text of the encrypted file. It has
// been read back: opening it gives the text of New or Replace byte for byte, and
// after Set or Unset the same content.
func (o *Decrypted) Encrypt(opt EncryptOptions) ([]byte, error) {
	opt = opt.withDefaults()
	o.sayPlain()
	if out, err := o.patched(opt); err == nil {
		return out, nil
	}
	if err := o.write(); err != nil {
		return nil, err
	}
	c, err := cipher.New(o.Data.Bytes())
	if err != nil {
		return nil, err
	}
	sel, err := o.Meta.Selection.CompileStored()
	if err != nil {
		return nil, err
	}
	s := &encryption{
		decrypted: o, cipher: c, selector: sel, doc: o.text.Doc, trees: o.text.Doc.Trees(),
		random: bufio.NewReaderSize(opt.Random, 128*cipher.NonceSize),
	}
	if s.known, err = o.known(sel); err != nil {
		return nil, err
	}
	o.Meta.LastModified = opt.Now.UTC().Truncate(time.Second)
	return s.run()
}

// An encryption is one way of a plain document to its encrypted text.
type encryption struct {
	decrypted *Decrypted
	cipher    *cipher.Cipher
	selector  *rule.Selector
	known     tokentree.Memory // the tokens that there are
	random    io.Reader
	room      [cipher.NonceSize]byte

	doc   format.Document
	trees []*tree.Map
	full  []byte // the author's text, where doc is a rendering of it

	tokens  []string           // by Ref; "" for what stays
	values  []format.Plain     // by Ref; what the tokens stand for
	blank   []bool             // by Ref; secrets that are null or empty
	secret  []bool             // of the scalars, in order
	placed  []tokentree.Placed // the comments, in order
	like    format.Document    // the encrypted text whose presentation is kept
	macText string
	// Comments whose container in the encrypted text is another one than in the
	// plain text, with the container's additional data there.
	containers map[int]string
}

// run tries the author's text first; where its syntax does not take tokens, a
// rendering of the same tree that carries the author's text in its layout.
func (s *encryption) run() ([]byte, error) {
	if o := s.decrypted.origin; o != nil {
		s.like = o.Doc
		if out, err := s.attempt(); err == nil || isFinal(err) {
			return out, err
		}
		s.like, s.containers = nil, nil
	}
	out, err := s.attempt()
	if err == nil || isFinal(err) {
		return out, err
	}
	reason := err
	if s.full == nil {
		if err := s.render(); err != nil {
			return nil, encryptError(s.decrypted.format, reason)
		}
	}
	if out, err = s.attempt(); err != nil {
		return nil, encryptError(s.decrypted.format, errors.Join(reason, err))
	}
	if s.decrypted.warn != nil && !s.decrypted.Meta.Plain {
		s.decrypted.warn(fmt.Sprintf("the encrypted file has another layout than the text, which is kept inside it (%v)", reason))
	}
	return out, nil
}

func isFinal(err error) bool {
	var f *Failure
	return errors.As(err, &f)
}

func encryptError(f format.Format, err error) error {
	return failf(ErrEncrypt, "this %s text cannot be encrypted without damage: %w", f.Name(), err)
}

// render replaces the document by a rendering of its tree.
func (s *encryption) render() error {
	text, err := s.decrypted.format.Render(s.trees)
	if err != nil {
		return err
	}
	d, err := s.decrypted.format.Parse(text)
	if err != nil {
		return err
	}
	if err := plaintext.Same(s.decrypted.format, s.trees, d.Trees()); err != nil {
		return err
	}
	s.full, s.doc, s.trees = s.decrypted.text.Bytes, d, d.Trees()
	s.containers = nil
	return nil
}

// attempt encrypts and reads back. Where the reader finds comments in other
// containers than we did, it encrypts once more with theirs.
func (s *encryption) attempt() ([]byte, error) {
	out, err := s.encryptText()
	var moved *movedComments
	if errors.As(err, &moved) {
		s.containers = moved.containers
		out, err = s.encryptText()
	}
	return out, err
}

func (s *encryption) encryptText() ([]byte, error) {
	if err := s.encrypt(); err != nil {
		return nil, err
	}
	if err := s.renewSeal(s.trees, s); err != nil {
		return nil, err
	}
	masked, err := format.Mask(s.doc, s.tokens, format.Guide{Blank: s.blank, Like: s.like})
	var refusal *format.Error
	if errors.As(err, &refusal) && refusal.Final {
		return nil, &Failure{Kind: ErrEncrypt, Err: err, Line: refusal.Line, Advice: refusal.Hints()}
	}
	if err != nil {
		return nil, err
	}
	layout := masked.Layout
	switch {
	case s.decrypted.Meta.Plain:
		layout = nil
	case s.full != nil:
		layout = &format.Layout{Full: s.full}
		if layout.Digest, err = s.bareDigest(masked); err != nil {
			return nil, err
		}
	}
	out, encrypted, err := s.finish(masked, layout)
	if err != nil {
		return nil, err
	}
	sealed, err := s.verifyTree(encrypted)
	if err != nil {
		return nil, err
	}
	// The layout as it comes out of the metadata: it cannot carry every text.
	if layout, err = s.verifyMeta(encrypted, sealed); err != nil {
		return nil, err
	}
	if s.full != nil && layout != nil {
		return out, nil // the digest was made from this very text's opening
	}
	values := s.valuesIn(encrypted)
	back, err := encrypted.Unmask(values, layout)
	if err == nil && bytes.Equal(back, s.decrypted.text.Bytes) {
		return out, nil
	}
	if s.decrypted.Meta.Plain {
		return out, s.withoutLayout(back, err)
	}
	// The tokens are right but the pieces do not give the author's text.
	bare, err := encrypted.Unmask(values, nil)
	if err != nil {
		return nil, err
	}
	out, _, err = s.finish(masked, &format.Layout{Full: s.decrypted.text.Bytes, Digest: plaintext.Digest(bare)})
	return out, err
}

// withoutLayout says that a file with plain metadata is decrypted to another text
// than the author's, if that has the same content.
func (s *encryption) withoutLayout(back []byte, err error) error {
	var text format.Document
	if err == nil {
		text, err = s.decrypted.format.Parse(back)
	}
	if err == nil {
		err = plaintext.Same(s.decrypted.format, s.decrypted.text.Doc.Trees(), text.Trees())
	}
	if err != nil {
		return fmt.Errorf("with plain metadata, which has no place for the layout: %w", err)
	}
	if s.decrypted.warn != nil {
		s.decrypted.warn("plain metadata has no place for the layout of this text: it is decrypted with another one, and the same content")
	}
	return nil
}

// valuesIn returns what the tokens of an encrypted document stand for, by its own
// Refs: a reader may find comments, and so all leaves after them, in another
// order than they have in the plain text.
func (s *encryption) valuesIn(encrypted format.Document) []format.Plain {
	tokens := tokentree.Tokens(encrypted)
	if slices.Equal(tokens, s.tokens) {
		return s.values
	}
	by := make(map[string]format.Plain, len(tokens))
	for ref, token := range s.tokens {
		if token != "" {
			by[token] = s.values[ref]
		}
	}
	values := make([]format.Plain, len(tokens))
	for ref, token := range tokens {
		values[ref] = by[token]
	}
	return values
}

// finish adds the metadata and parses the result as any reader would.
func (s *encryption) finish(m format.Masked, l *format.Layout) ([]byte, format.Document, error) {
	nonce, err := s.nonce()
	if err != nil {
		return nil, nil, err
	}
	own := s.decrypted.Meta
	if own.Layout, err = layouts.Encrypt(s.cipher, nonce, l, s.macText); err != nil {
		return nil, nil, err
	}
	out, err := m.Insert(own.Encode())
	if err != nil {
		return nil, nil, err
	}
	encrypted, err := s.decrypted.format.ParseEncrypted(out)
	return out, encrypted, err
}

// bareDigest is the digest of what a reader gets without the layout.
func (s *encryption) bareDigest(m format.Masked) ([]byte, error) {
	_, encrypted, err := s.finish(m, nil)
	if err != nil {
		return nil, err
	}
	bare, err := encrypted.Unmask(s.valuesIn(encrypted), nil)
	if err != nil {
		return nil, err
	}
	return plaintext.Digest(bare), nil
}

// encrypt fills tokens and values and renews the MAC.
func (s *encryption) encrypt() error {
	n := s.doc.Leaves()
	s.tokens, s.values, s.blank = make([]string, n), make([]format.Plain, n), make([]bool, n)
	s.secret, s.placed = make([]bool, 0, n), nil
	mac := integrity.NewMAC(s.decrypted.Meta.MACOnlyEncrypted)
	old := s.known.Recall()
	for leaf := range s.selector.Leaves(s.trees) {
		if leaf.Comment != nil {
			s.placed = append(s.placed, tokentree.Placed{Comment: leaf.Comment, AAD: string(leaf.AAD)})
			if err := s.comment(leaf, old); err != nil {
				return err
			}
			continue
		}
		s.secret = append(s.secret, leaf.Secret)
		v := leaf.Scalar.Value
		if !leaf.Secret || v.Kind() == tree.Null || v.Empty() {
			s.blank[leaf.Scalar.Ref] = leaf.Secret
			mac.Add(v, leaf.Secret)
			continue
		}
		if err := s.token(leaf.Scalar.Ref, leaf.AAD, v, false, old); err != nil {
			return err
		}
		mac.Add(s.values[leaf.Scalar.Ref].Value, true)
	}
	return s.putMAC(mac)
}

// putMAC puts a MAC into the metadata.
func (s *encryption) putMAC(mac *integrity.MAC) error {
	nonce, err := s.nonce()
	if err != nil {
		return err
	}
	if s.decrypted.Meta.Plain {
		meta.MarkPlain(nonce)
	}
	s.macText = mac.Text()
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
	if err := s.token(c.Ref, aad, tree.StringValue(c.Text), true, old); err != nil {
		return err
	}
	if s.selector.ByComment() && s.selector.MatchesComment(s.tokens[c.Ref]) {
		return failf(ErrEncrypt, "line %d: the comment regular expression matches the encrypted form of a comment, so the file could not be read again", s.doc.Line(c.Ref))
	}
	return nil
}

// token gives leaf ref the token it had, or a new one.
func (s *encryption) token(ref int, aad []byte, v tree.Value, comment bool, old *tokentree.Recall) error {
	s.values[ref] = format.Plain{Set: true, Value: v, Comment: comment}
	if k, ok := old.Token(aad, v, comment); ok {
		s.tokens[ref], s.values[ref].Value = k.Token, k.Value
		return nil
	}
	nonce, err := s.nonce()
	if err != nil {
		return err
	}
	typ := v.Type()
	if comment {
		typ = "comment"
	}
	s.tokens[ref] = s.cipher.Encrypt(nonce, v.Canonical(), aad, typ)
	return nil
}

// nonce returns a new nonce, in the memory of the one before.
func (s *encryption) nonce() ([]byte, error) {
	if _, err := io.ReadFull(s.random, s.room[:]); err != nil {
		return nil, fmt.Errorf("nonce: %w", err)
	}
	return s.room[:], nil
}

// Value returns what a reader of the encrypted text must find in place of a scalar.
func (s *encryption) Value(n *tree.Scalar) tree.Value {
	if t := s.tokens[n.Ref]; t != "" {
		return tree.StringValue(t)
	}
	return n.Value
}

// Text does the same for a comment.
func (s *encryption) Text(c *tree.Comment) string { return cmp.Or(s.tokens[c.Ref], c.Text) }

// renewSeal makes the seal of the encrypted file, whose trees r reads.
func (s *encryption) renewSeal(trees []*tree.Map, r integrity.Reading) error {
	m := s.decrypted.Meta
	if m.Plain {
		m.Seal = ""
		return nil
	}
	nonce, err := s.nonce()
	if err != nil {
		return err
	}
	m.Seal, err = integrity.Seal(s.cipher, nonce, m, trees, r, s.macText, &s.decrypted.finding)
	return err
}
