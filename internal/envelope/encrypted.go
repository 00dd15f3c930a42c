package envelope

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/integrity"
	"github.com/seed-1f7fdfb8/sops/internal/layouts"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/internal/plaintext"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/internal/tokentree"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/internal/unresolved"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// An Encrypted is an encrypted file.
type Encrypted struct {
	Meta   *meta.Metadata
	format format.Format
	doc    format.Document
	sealer *resealer          // set by Recover
	record *unresolved.Record // set by DecryptWith where there are conflicts of a merge
}

// ErrNotEncrypted is in the chain of the error for a file without metadata.
var ErrNotEncrypted = meta.ErrNotFound

// Parse parses an encrypted file. It needs no keys.
func Parse(src []byte, f format.Format) (*Encrypted, error) {
	if f == nil {
		return nil, errNoFormat
	}
	d, err := f.ParseEncrypted(src)
	if err != nil {
		return nil, err
	}
	m, err := meta.Decode(d.Meta())
	if err != nil {
		return nil, err
	}
	return &Encrypted{Meta: m, format: f, doc: d}, nil
}

// DecryptOptions says how to open a file. The zero value is the careful default.
type DecryptOptions struct {
	IgnoreMAC bool // give out the content even if the MAC does not fit
	Conflicts bool // open a file with conflicts of a merge; see Encrypted.Conflicts
	// Context is the encryption context of AWS keys that the file gives none.
	// It must have an effect.
	Context map[string]string
	// SpareContext is tried for such keys if they do not open without.
	SpareContext map[string]string
	Unlock       unlock.Options
	// Spend lets the memory of the encrypted text be used for the plaintext. The text
	// is gone then: nothing but the plaintext can be made of what was decrypted.
	Spend bool
	Warn  func(msg string)
	Note  func(msg string) // what is done, for those who want to know
	// Recovered is called with a data key before it is used; an error ends the
	// decryption.
	Recovered func(*unlock.Recovered) error
}

func (o DecryptOptions) warn(msg string, args ...any) {
	if o.Warn != nil {
		o.Warn(fmt.Sprintf(msg, args...))
	}
}

// Decrypt recovers the data key, decrypts every value and verifies the MAC.
func (s *Encrypted) Decrypt(ctx context.Context, k keeper.Keeper, o DecryptOptions) (*Decrypted, error) {
	r, err := s.recover(ctx, k, o)
	if err != nil {
		return nil, err
	}
	return s.DecryptWith(r.Data, o)
}

// decryptsMAC reports whether d is this file's data key, as far as the MAC shows.
func (s *Encrypted) decryptsMAC(d keeper.Data) bool {
	c, err := cipher.New(d.Bytes())
	if err != nil {
		return false
	}
	_, err = integrity.StoredMAC(c, s.Meta)
	return err == nil || !errors.Is(err, cipher.ErrForged)
}

// DecryptWith decrypts the file with a data key that was recovered before.
func (s *Encrypted) DecryptWith(d keeper.Data, o DecryptOptions) (*Decrypted, error) {
	c, err := cipher.New(d.Bytes())
	if err != nil {
		return nil, err
	}
	sel, err := s.Meta.Selection.CompileStored()
	if err != nil {
		return nil, err
	}
	dec := decryption{
		encrypted: s, cipher: c, options: o, mac: integrity.NewMAC(s.Meta.MACOnlyEncrypted),
		trees: tree.CloneAll(s.doc.Trees()), values: make([]format.Plain, s.doc.Leaves()),
	}
	// The seal is of the tokens, which may be spent when values are decrypted.
	macText, macErr := dec.storedMAC()
	found, ignored, sealErr := s.find(c, macText, o)
	if err := dec.leaves(sel); err != nil {
		return nil, err
	}
	if err := cmp.Or(dec.checkMAC(macText, macErr), sealErr); err != nil {
		return nil, err
	}
	return &Decrypted{
		Meta: s.Meta, Data: d, format: s.format, warn: o.Warn,
		finding: *found, ignored: ignored || dec.macDiffers, trees: dec.trees,
		origin: &plaintext.Source{
			Format: s.format, Doc: s.doc, Trees: dec.trees, Values: dec.values,
			Layout: layouts.Decrypt(c, s.Meta.Layout, macText), Warn: o.Warn,
		},
	}, nil
}

// find returns what the seal says, and whether it does not fit but is ignored. To
// ignore the MAC is to take the content as it is, but vouches for no key.
func (s *Encrypted) find(c *cipher.Cipher, macText string, o DecryptOptions) (f *integrity.Finding, ignored bool, err error) {
	f, err = integrity.CheckSeal(c, s.Meta, s.doc.Trees(), macText)
	if o.IgnoreMAC {
		ignored = err != nil || f.Keys != nil
		if f == nil {
			f = integrity.Unsealed(s.Meta.MasterKeys())
		}
		err, f.Unproved = nil, false
	}
	if err == nil && f.Keys != nil {
		o.warn("%v; this is no reason not to read the file, but nothing vouches for an added key (sops updatekeys shows the difference to .sops.yaml and makes a new seal)", f.Keys)
	}
	return f, ignored, err
}

// A decryption is the walk through one encrypted document.
type decryption struct {
	encrypted *Encrypted
	cipher    *cipher.Cipher
	options   DecryptOptions
	mac       *integrity.MAC
	trees     []*tree.Map // become plain on the way
	values    []format.Plain
	moved     bool // a list element became a comment
	// The MAC does not fit, and is to be ignored.
	macDiffers bool
}

func (d *decryption) leaves(sel *rule.Selector) error {
	for leaf := range sel.Leaves(d.trees) {
		var err error
		switch {
		case leaf.Comment != nil:
			d.comment(leaf)
		case leaf.Secret:
			err = d.scalar(leaf)
		default:
			d.mac.Add(leaf.Scalar.Value, false)
		}
		if err != nil {
			return err
		}
	}
	if d.moved {
		for _, t := range d.trees {
			tokentree.MoveComments(t, func(s *tree.Scalar) bool { return s.Ref >= 0 && d.values[s.Ref].Comment })
		}
	}
	return nil
}

// scalar decrypts one value in place.
func (d *decryption) scalar(leaf rule.Leaf) error {
	v := leaf.Scalar.Value
	if v.Kind() == tree.Null || v.Empty() {
		return nil // never encrypted, never counted
	}
	plain, typ, added, err := d.open(v, leaf.AAD)
	if err != nil {
		return d.valueError(leaf, err)
	}
	if typ == "comment" {
		if !leaf.ListComment {
			return d.valueError(leaf, errors.New("the token of a comment is where a value must be"))
		}
		d.listComment(leaf.Scalar, plain)
		return nil
	}
	value, err := tree.Decode(typ, plain)
	if err != nil {
		return d.valueError(leaf, err)
	}
	d.values[leaf.Scalar.Ref] = format.Plain{Set: true, Value: value}
	leaf.Scalar.Value = value
	if !added {
		d.mac.Add(value, true)
	}
	return nil
}

// storedMAC returns the text that the MAC must have.
func (d *decryption) storedMAC() (string, error) {
	stored, err := integrity.StoredMAC(d.cipher, d.encrypted.Meta)
	if err == nil {
		return d.encrypted.settledMAC(d.cipher, stored, d.options)
	}
	if d.encrypted.Meta.Merge != "" {
		err = d.encrypted.conflictError()
	}
	return stored, err
}

// checkMAC compares the MAC of what was read with the stored one. That it does not
// fit, or cannot be read, is no error where the MAC is to be ignored.
func (d *decryption) checkMAC(stored string, err error) error {
	if err == nil {
		err = d.mac.Check(stored)
	}
	if err != nil && d.options.IgnoreMAC {
		d.macDiffers = true
		return nil
	}
	return err
}

// open decrypts a token. One of a large text is added to the MAC on the way.
func (d *decryption) open(v tree.Value, aad []byte) (plain, typ string, added bool, err error) {
	if v.Kind() != tree.String {
		return "", "", false, errors.New("the value is not encrypted: a text was expected, this is of type " + v.Type())
	}
	token, err := cipher.Parse(v.Str())
	if err != nil {
		return "", "", false, fmt.Errorf("the value is not encrypted: it is %w", err)
	}
	if token.Type != "str" || token.Len() < cipher.Large {
		plain, err = d.cipher.Decrypt(token, aad)
		return plain, token.Type, false, err
	}
	// Other formats look at the tokens again when they write the plaintext.
	spend := d.options.Spend && d.encrypted.format.Name() == "binary"
	beside, end := d.mac.Beside()
	plain, err = d.cipher.DecryptLarge(token, aad, spend, beside)
	end()
	return plain, token.Type, true, err
}

func (d *decryption) valueError(leaf rule.Leaf, err error) error {
	line := d.encrypted.doc.Line(leaf.Scalar.Ref)
	f := failf(ErrDecrypt, "%s: %w", where(string(leaf.AAD), line), err)
	f.Line = line
	if !errors.Is(err, cipher.ErrForged) {
		f.Advice = []string{"if the value was typed in by hand, take it out and put it back with: sops set FILE '[\"KEY\"]' '\"VALUE\"'"}
	}
	return f
}

// comment decrypts a comment in place. One that cannot be decrypted is kept as it
// is: before SOPS 3.0 comments were not encrypted, and people add them.
func (d *decryption) comment(leaf rule.Leaf) {
	c := leaf.Comment
	if !leaf.Secret || c.Text == "" {
		return
	}
	token, err := cipher.Parse(c.Text)
	if err == nil {
		var plain string
		if plain, err = d.cipher.Decrypt(token, leaf.AAD); err == nil {
			d.values[c.Ref] = format.Plain{Set: true, Value: tree.StringValue(plain), Comment: true}
			c.Text = plain
			return
		}
	}
	d.options.warn("%s: a comment is not encrypted or does not open; it is kept as it is", where(":", d.encrypted.doc.Line(c.Ref)))
}

func (d *decryption) listComment(s *tree.Scalar, plain string) {
	d.values[s.Ref] = format.Plain{Set: true, Value: tree.StringValue(plain), Comment: true}
	s.Value = tree.StringValue(plain)
	d.moved = true
}
