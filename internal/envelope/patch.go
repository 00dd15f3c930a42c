package envelope

import (
	"bufio"
	"bytes"
	"errors"
	"time"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/integrity"
	"github.com/seed-1f7fdfb8/sops/internal/layouts"
	"github.com/seed-1f7fdfb8/sops/internal/tokentree"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A file that was decrypted is changed in its encrypted text: the tokens of new
// values go where the values are, so that every other line stays as it is, also
// in a file whose layout another program chose. Only what cannot be done so is
// encrypted anew from the plaintext.

var errNotPatched = errors.New("the encrypted text cannot be changed in place")

// patched returns the encrypted text with the changes of o made in it. It has
// been decrypted and holds what o holds.
func (o *Decrypted) patched(opt EncryptOptions) ([]byte, error) {
	if o.origin == nil {
		return nil, errNotPatched
	}
	changes, ok := o.changes()
	if l := o.origin.Layout; !ok || len(changes) > 0 && l != nil && len(l.Full) > 0 {
		return nil, errNotPatched
	}
	c, err := cipher.New(o.Data.Bytes())
	if err != nil {
		return nil, err
	}
	sel, err := o.Meta.Selection.CompileStored()
	if err != nil {
		return nil, err
	}
	p := &patch{
		encryption: encryption{
			decrypted: o, cipher: c, selector: sel, trees: o.origin.Trees,
			random: bufio.NewReaderSize(opt.Random, 128*cipher.NonceSize),
		},
		text: o.origin.Doc, layout: o.origin.Layout, exact: o.replaced,
	}
	o.Meta.LastModified = opt.Now.UTC().Truncate(time.Second)
	if o.rotated {
		if err := p.renew(); err != nil {
			return nil, err
		}
	}
	if len(changes) > 0 {
		if err := p.make(changes); err != nil {
			return nil, err
		}
	}
	return p.finish()
}

// A patch is an encrypted text on its way from one state to the next; trees of
// the embedded encryption is its plaintext content.
type patch struct {
	encryption
	text   format.Document
	masked *format.Masked // text with new tokens, which waits for its metadata
	layout *format.Layout
	// exact is set where the values do not say all of the plaintext: it was given,
	// or a number is to keep its spelling, or a hint is gone that said more than a
	// value.
	exact bool
}

// make makes changes in the content and in the encrypted text.
func (p *patch) make(changes []format.Change) error {
	p.trees = tree.CloneAll(p.trees)
	if len(p.trees) == 0 {
		return errNotPatched
	}
	fresh, err := p.inContent(changes)
	if err != nil {
		return err
	}
	if !p.decrypted.replaced && tree.Diff(p.trees, p.decrypted.trees) != "" {
		return errNotPatched // in another order
	}
	tokens, err := p.newTokens(fresh)
	if err != nil {
		return err
	}
	if err := p.settle(); err != nil {
		return err
	}
	encrypted := make([]format.Change, len(changes))
	index := tree.Index{}
	for i, c := range changes {
		encrypted[i].At = tokentree.Address(index, p.text.Trees()[0], c.At)
		if c.New != nil {
			encrypted[i].New = tokentree.With(fresh[i], tokens)
		}
	}
	p.text, err = p.text.Apply(encrypted)
	return err
}

// inContent makes changes in the content, and returns the nodes that are new in
// it.
func (p *patch) inContent(changes []format.Change) ([]tree.Node, error) {
	fresh := make([]tree.Node, len(changes))
	e := tree.NewEditor(p.trees[0])
	for i, c := range changes {
		if c.New == nil {
			if err := e.Unset(c.At); err != nil {
				return nil, err
			}
			continue
		}
		fresh[i] = tree.Clone(c.New)
		e.Set(c.At, fresh[i])
	}
	return fresh, nil
}

// newTokens encrypts what is secret of new nodes.
func (p *patch) newTokens(fresh []tree.Node) (map[*tree.Scalar]string, error) {
	tokens := map[*tree.Scalar]string{}
	for _, n := range fresh {
		if n == nil {
			continue
		}
		tree.Each(n, func(n tree.Node) {
			if s, ok := n.(*tree.Scalar); ok {
				tokens[s] = ""
				kind := s.Value.Kind()
				p.exact = p.exact || s.Spelling != "" || kind == tree.Float || kind == tree.Time
			}
		})
	}
	for leaf := range p.selector.Leaves(p.trees) {
		n := leaf.Scalar
		if n == nil || !leaf.Secret || n.Value.Kind() == tree.Null || n.Value.Empty() {
			continue
		}
		if _, is := tokens[n]; !is {
			continue
		}
		nonce, err := p.nonce()
		if err != nil {
			return nil, err
		}
		tokens[n] = p.cipher.Encrypt(nonce, n.Value.Canonical(), leaf.AAD, n.Value.Type())
		if n.Spelling != "" && n.Value.Kind() == tree.Float {
			p.layout = layouts.Spell(p.layout, tokens[n], n.Spelling)
		}
	}
	return tokens, nil
}

// finish renews the metadata and decrypts the result as any reader would.
func (p *patch) finish() ([]byte, error) {
	m := p.decrypted.Meta
	if err := p.renewMAC(); err != nil {
		return nil, err
	}
	nonce, err := p.nonce()
	if err != nil {
		return nil, err
	}
	if m.Plain {
		p.layout = nil
	}
	l := p.layout
	if p.masked == nil {
		l = layouts.Prune(l, tokentree.Tokens(p.text))
	}
	p.exact = p.exact || l != nil && len(l.Scalars) < len(p.layout.Scalars) || p.text != p.decrypted.origin.Doc && !layouts.OfTokens(l)
	if m.Layout, err = layouts.Encrypt(p.cipher, nonce, l, p.macText); err != nil {
		return nil, err
	}
	out, err := p.sealed()
	if err != nil {
		return nil, err
	}
	return out, p.readBack(out)
}

// sealed returns the text with its metadata, once that has everything but the
// seal.
func (p *patch) sealed() ([]byte, error) {
	if p.masked != nil {
		if err := p.renewSeal(p.text.Trees(), p); err != nil {
			return nil, err
		}
		return p.masked.Insert(p.decrypted.Meta.Encode())
	}
	if err := p.renewSeal(p.text.Trees(), integrity.AsRead{}); err != nil {
		return nil, err
	}
	return p.text.SetMeta(p.decrypted.Meta.Encode())
}

// renewMAC makes the MAC of the content.
func (p *patch) renewMAC() error {
	m := p.decrypted.Meta
	mac := integrity.NewMAC(m.MACOnlyEncrypted)
	for leaf := range p.selector.Leaves(p.trees) {
		if leaf.Scalar != nil {
			mac.Add(leaf.Scalar.Value, leaf.Secret)
		}
	}
	return p.putMAC(mac)
}

func (p *patch) readBack(out []byte) error {
	o := p.decrypted
	s, err := Parse(out, o.format)
	if err != nil {
		return err
	}
	back, err := s.DecryptWith(o.Data, DecryptOptions{})
	if err != nil {
		return err
	}
	if diff := tree.Diff(p.trees, back.trees); diff != "" {
		return errors.New(diff)
	}
	text, err := back.origin.Unmask(back.origin.Layout)
	if err != nil {
		return err
	}
	if p.exact {
		want, err := o.Plain()
		if err != nil || !bytes.Equal(text, want) {
			return errNotPatched
		}
	}
	if n := p.strays(back, text); n > 0 {
		before, err := o.origin.Unmask(o.origin.Layout)
		if err != nil || n > p.strays(o, before) {
			return errNotPatched
		}
	}
	return nil
}

// strays counts what a change can leave although all values are right: a comment
// that the rule selects but that is readable, the token of a comment that cannot
// be decrypted any more, a token in a line that no reader looks at.
func (p *patch) strays(o *Decrypted, text []byte) int {
	n := bytes.Count(text, []byte("ENC[AES256_GCM,"))
	for leaf := range p.selector.Leaves(o.origin.Doc.Trees()) {
		if c := leaf.Comment; c != nil && leaf.Secret && c.Text != "" && !cipher.IsToken(c.Text) {
			n++
		}
	}
	return n
}
