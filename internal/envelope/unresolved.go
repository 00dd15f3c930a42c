package envelope

import (
	"errors"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/integrity"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/internal/tokentree"
	"github.com/seed-1f7fdfb8/sops/internal/unresolved"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A file in which a merge left conflicts is refused like one whose MAC does not
// fit: its values are those of one side.

// conflictError is about the conflicts in s.
func (s *Encrypted) conflictError() error {
	n, err := unresolved.ParseNotice(s.Meta.Merge)
	what := "a merge left conflicts in the file"
	switch {
	case err == nil && n.Count == 1:
		what = "a merge left a conflict in the file"
	case err == nil && n.Count > 1:
		what = fmt.Sprintf("a merge left %d conflicts in the file", n.Count)
	case err == nil && n.Reason != "":
		what = "a merge of the file was not possible: " + n.Reason
	}
	if s.Meta.Merge == "" {
		return &Failure{
			Kind: integrity.ErrMAC, Err: errors.New(what + ", and another program has taken the sides out of it since"),
			Advice: []string{"the sides are in git: git checkout --merge -- FILE", "or go on with ours: sops edit --ignore-mac FILE"},
		}
	}
	return &Failure{
		Kind: integrity.ErrMAC, Err: errors.New(what),
		Advice: []string{"resolve them, in the editor: sops merge --continue FILE", "or take one side of each: sops merge --ours FILE"},
	}
}

// settledMAC returns the text that the MAC must have, of which stored is what the
// file says.
func (s *Encrypted) settledMAC(c *cipher.Cipher, stored string, o DecryptOptions) (string, error) {
	if !unresolved.IsSentence(stored) {
		return stored, nil
	}
	if !o.Conflicts {
		if o.IgnoreMAC {
			o.warn("%v; what you see is our side", s.conflictError())
		}
		return stored, s.conflictError()
	}
	r, err := unresolved.Read(c, s.Meta)
	if err != nil {
		return "", &Failure{Kind: integrity.ErrMAC, Err: err, Advice: []string{"the sides are in git: git checkout --merge -- FILE"}}
	}
	s.record = r
	return r.MAC, nil
}

// Conflicts returns the conflicts of a merge that the file keeps. It follows
// DecryptWith with DecryptOptions.Conflicts.
func (s *Encrypted) Conflicts() []unresolved.Entry {
	if s.record == nil {
		return nil
	}
	return s.record.Entries
}

// Trees returns the content with tokens as texts. It must not be changed.
func (s *Encrypted) Trees() []*tree.Map { return s.doc.Trees() }

// Masked returns the text of the file without its metadata, with what shown returns
// in the place of each token.
func (s *Encrypted) Masked(shown func(token string) string) ([]byte, error) {
	values := make([]format.Plain, s.doc.Leaves())
	for ref, token := range tokentree.Tokens(s.doc) {
		if token != "" {
			values[ref] = format.Plain{Set: true, Value: tree.StringValue(shown(token))}
		}
	}
	for _, t := range s.doc.Trees() {
		tree.Each(t, func(n tree.Node) {
			if c, ok := n.(*tree.Comment); ok && c.Ref >= 0 && values[c.Ref].Set {
				values[c.Ref].Comment = true
			}
		})
	}
	return s.doc.Unmask(values, nil)
}

// WithMeta returns the text of the file with changed metadata. Nothing proves that
// it can be opened.
func (s *Encrypted) WithMeta(change func(*meta.Metadata) error) ([]byte, error) {
	m := *s.Meta
	if err := change(&m); err != nil {
		return nil, err
	}
	return s.doc.SetMeta(m.Encode())
}

// WithConflicts returns the text of an encrypted file, which Encrypt has made of o,
// as one in which a merge left conflicts.
func (o *Decrypted) WithConflicts(text []byte, n unresolved.Notice, entries []unresolved.Entry) ([]byte, error) {
	s, err := Parse(text, o.format)
	if err != nil {
		return nil, err
	}
	plain, err := cipher.New(o.Data.Bytes())
	if err != nil {
		return nil, err
	}
	macText, err := integrity.StoredMAC(plain, s.Meta)
	if err != nil {
		return nil, err
	}
	c, err := cipher.Derived(o.Data.Bytes(), nil)
	if err != nil {
		return nil, err
	}
	return s.WithMeta(func(m *meta.Metadata) error {
		return unresolved.Write(c, m, n, unresolved.Record{MAC: macText, Entries: entries})
	})
}

// Tokens returns the tokens of the file that o was decrypted from, by what they
// mean.
func (o *Decrypted) Tokens() (map[cipher.Value]string, error) {
	out := map[cipher.Value]string{}
	if o.origin == nil {
		return out, nil
	}
	sel, err := o.Meta.Selection.CompileStored()
	if err != nil {
		return nil, err
	}
	tokens := tokentree.Tokens(o.origin.Doc)
	for leaf := range sel.Leaves(o.origin.Trees) {
		ref, v, ok := tokentree.Secret(leaf)
		if !ok || tokens[ref] == "" {
			continue
		}
		typ := v.Type()
		if leaf.Comment != nil {
			typ = "comment"
		}
		out[cipher.Value{Plain: v.Canonical(), AAD: string(leaf.AAD), Type: typ}] = tokens[ref]
	}
	return out, nil
}

// cipher returns the cipher of a data key as the options want it.
func (o EncryptOptions) cipher(d keeper.Data) (*cipher.Cipher, error) {
	if o.Derived {
		return cipher.Derived(d.Bytes(), o.Tokens)
	}
	return cipher.New(d.Bytes())
}

// zeros is the source of nonces that a derived cipher does not look at.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Doubt says that nothing vouches for the given keys.
func (o *Decrypted) Doubt(keys []keeper.MasterKey) { o.finding.Doubt(keys) }
