package envelope

import (
	"bufio"
	"bytes"
	"errors"
	"maps"
	"time"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/integrity"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A file that was decrypted is changed where it is: the tokens of new values
// go into the encrypted text itself, so that every other line stays as it is,
// also in a file whose layout another program chose. Only what cannot be done
// so is encrypted anew from the plain text.

// maxEdits is how many edits are made one by one; each costs a walk through the
// file.
const maxEdits = 32

var errNotPatched = errors.New("the encrypted text cannot be changed in place")

// patched returns the encrypted text with the edits of o made in it. It has
// been decrypted and holds what o holds.
func (o *Decrypted) patched(opt EncryptOptions) ([]byte, error) {
	if o.origin == nil || o.remade || len(o.edits) > maxEdits || len(o.edits) > 0 && !plainLayout(o.origin.layout) {
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
			decrypted: o, cipher: c, selector: sel, trees: clone(o.origin.trees),
			random: bufio.NewReaderSize(opt.Random, 128*cipher.NonceSize),
		},
		text: o.origin.doc,
	}
	o.Meta.LastModified = opt.Now.UTC().Truncate(time.Second)
	layout := o.origin.layout
	if o.rotated {
		if layout, err = p.renew(layout); err != nil {
			return nil, err
		}
	}
	for _, e := range o.edits {
		if err := p.edit(e); err != nil {
			return nil, err
		}
	}
	return p.finish(layout)
}

// plainLayout reports whether hints are about single tokens only, so that they
// stay true when others come and go.
func plainLayout(l *format.Layout) bool {
	return l == nil || len(l.Full) == 0 && len(l.Aliases) == 0 && len(l.Lines) == 0
}

// A patch is an encrypted text on its way from one state to the next; trees of
// the embedded encryption is its plaintext content.
type patch struct {
	encryption
	text format.Document
	// dropped is set when the hint of a value that was replaced is gone, with
	// what it said beyond that value: a tag, an anchor.
	dropped bool
	spelled bool // the spelling of a number that was set is to be kept
}

// edit makes one edit in the content and in the encrypted text.
func (p *patch) edit(e edit) error {
	if err := e.apply(p.trees[0]); err != nil {
		return err
	}
	p.spelled = p.spelled || e.n != nil && spelled(e.n)
	at, err := encryptedAddress(p.text.Trees(), e.at)
	if err != nil {
		return err
	}
	var out []byte
	if e.n == nil {
		out, err = p.text.Unset(at)
	} else {
		var n tree.Node
		if n, err = p.encryptedNode(e.at); err == nil {
			out, err = p.text.Set(at, n)
		}
	}
	if err != nil {
		return err
	}
	p.text, err = p.decrypted.format.ParseEncrypted(out)
	return err
}

// encryptedAddress finds the place of an address in the encrypted text, where the
// tokens of comments may be elements of lists.
func encryptedAddress(trees []*tree.Map, at tree.Address) (tree.Address, error) {
	if len(trees) == 0 {
		return nil, errNotPatched
	}
	out := make(tree.Address, len(at))
	var n tree.Node = trees[0]
	for i, s := range at {
		out[i] = s
		if l, ok := n.(*tree.List); ok && !s.IsKey {
			out[i].Index = withComments(l, s.Index)
		}
		var err error
		if n, err = tree.Find(n, out[i:i+1]); err != nil {
			copy(out[i+1:], at[i+1:]) // what follows does not exist yet
			return out, nil
		}
	}
	return out, nil
}

// withComments returns the position of the index-th element that is no comment
// in any form.
func withComments(l *tree.List, index int) int {
	position := 0
	for _, it := range l.Items {
		if tree.IsComment(it) {
			continue
		}
		if s, ok := it.(*tree.Scalar); !ok || !cipher.IsComment(s.Value.Str()) {
			if index == 0 {
				return position
			}
			index--
		}
		position++
	}
	return position + index
}

// encryptedNode returns what is at an address with new tokens for its secrets.
// What did not change is no part of an edit, and so keeps its own.
func (p *patch) encryptedNode(at tree.Address) (tree.Node, error) {
	encrypted := clone(p.trees)
	n, err := tree.Find(encrypted[0], at)
	if err != nil {
		return nil, err
	}
	part := scalarsOf(n)
	for leaf := range p.selector.Leaves(encrypted) {
		v := tree.Value{}
		if leaf.Scalar != nil && part[leaf.Scalar] && leaf.Secret {
			v = leaf.Scalar.Value
		}
		if v.Kind() == tree.Null || v.Empty() {
			continue
		}
		nonce, err := p.nonce()
		if err != nil {
			return nil, err
		}
		leaf.Scalar.Value = tree.StringValue(p.cipher.Encrypt(nonce, v.Canonical(), leaf.AAD, v.Type()))
	}
	return n, nil
}

// scalarsOf collects the scalars of a node.
func scalarsOf(n tree.Node) map[*tree.Scalar]bool {
	out := map[*tree.Scalar]bool{}
	tree.Each(n, func(n tree.Node) {
		if s, ok := n.(*tree.Scalar); ok {
			out[s] = true
		}
	})
	return out
}

// spelled reports whether n holds a number with its spelling.
func spelled(n tree.Node) bool {
	found := false
	tree.Each(n, func(n tree.Node) {
		s, ok := n.(*tree.Scalar)
		found = found || ok && s.Spelling != ""
	})
	return found
}

// finish renews the metadata and opens the result as any reader would.
func (p *patch) finish(l *format.Layout) ([]byte, error) {
	o, m := p.decrypted, p.decrypted.Meta
	mac := integrity.NewMAC(m.MACOnlyEncrypted)
	for leaf := range p.selector.Leaves(p.trees) {
		if leaf.Scalar != nil {
			mac.Add(leaf.Scalar.Value, leaf.Secret)
		}
	}
	p.macText = mac.Text()
	nonce, err := p.nonce()
	if err != nil {
		return nil, err
	}
	m.MAC = p.cipher.Encrypt(nonce, p.macText, []byte(m.MACData()), "str")
	if nonce, err = p.nonce(); err != nil {
		return nil, err
	}
	pruned := prune(l, p.text)
	p.dropped = l != nil && len(pruned.Scalars) < len(l.Scalars)
	if m.Layout, err = sealLayout(p.cipher, nonce, pruned, p.macText); err != nil {
		return nil, err
	}
	if err := p.renewSeal(p.text.Trees(), integrity.AsRead{}); err != nil {
		return nil, err
	}
	out, err := p.text.SetMeta(m.Encode())
	if err != nil {
		return nil, err
	}
	return out, p.readBack(out, o)
}

func (p *patch) readBack(out []byte, o *Decrypted) error {
	s, err := Parse(out, o.format)
	if err != nil {
		return err
	}
	back, err := s.DecryptWith(o.Data, DecryptOptions{})
	if err != nil {
		return err
	}
	if diff := tree.Diff(p.trees, back.origin.trees); diff != "" {
		return errors.New(diff)
	}
	if (o.exact || p.dropped || p.spelled) && !bytes.Equal(back.plain, o.plain) {
		return errNotPatched
	}
	if tree.Diff(o.trees, back.trees) != "" {
		return errNotPatched // a type is lost, as that of 2.0 that is written as 2
	}
	if p.strays(back) > p.strays(o) {
		return errNotPatched
	}
	return nil
}

// strays counts what an edit can leave although all values are right: a
// comment that the rule selects but that is unencrypted, the token of a comment
// that opens no more, a token in a line that no reader looks at.
func (p *patch) strays(o *Decrypted) int {
	n := bytes.Count(o.plain, []byte("ENC[AES256_GCM,"))
	for leaf := range p.selector.Leaves(o.origin.doc.Trees()) {
		if c := leaf.Comment; c != nil && leaf.Secret && c.Text != "" && !cipher.IsToken(c.Text) {
			n++
		}
	}
	return n
}

// prune drops the hints about tokens that are gone.
func prune(l *format.Layout, text format.Document) *format.Layout {
	if l == nil {
		return nil
	}
	present, size := map[string]bool{}, 0
	for _, token := range tokensOf(text, text.Leaves()) {
		if token != "" {
			hash := format.TokenHash(token)
			present[hash], size = true, len(hash)
		}
	}
	out := *l
	out.Scalars, out.Comments = maps.Clone(l.Scalars), maps.Clone(l.Comments)
	gone := func(name, _ string) bool { return !present[name[:min(size, len(name))]] }
	maps.DeleteFunc(out.Scalars, gone)
	maps.DeleteFunc(out.Comments, gone)
	return &out
}
