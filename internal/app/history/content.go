// Package history has the commands that show what changed in encrypted files, and
// when: the log of a file, the difference of two states, and the text that git shows
// instead of an encrypted one.
package history

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/around"
	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/formatname"
	"github.com/seed-1f7fdfb8/sops/internal/sniff"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/std"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A content is one state of a file, as far as it can be read.
type content struct {
	order  []string        // the addresses of the leaves
	leaves map[string]leaf // by address
	keys   []string        // the names of its master keys
	// There is an encrypted file, and it could be opened.
	encrypted, opened bool
	tokens            map[string]bool // all tokens and wrapped keys
}

// A leaf is one value. Two are the same if they have one text, or one token.
type leaf struct {
	text  string // type and value; "" if it is not known
	token string // "" if it is not encrypted
	shown string // for people
}

// A reader reads contents, and asks for each wrapped key once.
type reader struct {
	app     *app.App
	options envelope.DecryptOptions
	keepers keeper.Keeper
	noKeys  bool
	failure error // the first one of a key
	data    []keeper.Data
	refused map[string]bool // wrapped keys that did not open
}

func newReader(ctx context.Context, a *app.App, o app.Access, noKeys bool) (*reader, error) {
	options, err := a.DecryptOptions(o)
	if err != nil {
		return nil, err
	}
	if err := a.Audit.Open(ctx); err != nil {
		return nil, err
	}
	options.Warn, options.IgnoreMAC, options.Conflicts = nil, false, true
	return &reader{app: a, options: options, keepers: around.Once(a.Keepers(ctx, o)), noKeys: noKeys}, nil
}

// read reads a text by the name of its file. An empty text is an absent file.
func (r *reader) read(ctx context.Context, name string, text []byte) *content {
	c := &content{leaves: map[string]leaf{}, tokens: map[string]bool{}}
	if len(text) == 0 {
		return c
	}
	f, err := formatOf(name, text)
	if err != nil {
		return c
	}
	e, err := envelope.Parse(text, f)
	if err != nil {
		if d, err := f.Parse(text); err == nil {
			c.add(d.Trees(), nil)
		}
		return c
	}
	c.encrypted = true
	for _, g := range e.Meta.Keys() {
		for _, w := range g {
			c.keys = append(c.keys, w.Name())
			c.tokens[w.Enc] = true
		}
	}
	var plain []*tree.Map
	if !r.noKeys {
		plain = r.open(ctx, name, e, c)
	}
	c.add(e.Trees(), plain)
	return c
}

// open decrypts a file, with a data key that is known if one fits. It returns nil if
// no key at hand does.
func (r *reader) open(ctx context.Context, name string, e *envelope.Encrypted, c *content) []*tree.Map {
	for _, data := range slices.Backward(r.data) {
		if d, err := e.DecryptWith(data, r.options); err == nil {
			c.opened = true
			return d.Trees()
		}
	}
	wrapped := fmt.Sprint(slices.Sorted(maps.Keys(c.tokens))) // so far those of the keys alone
	if r.refused[wrapped] {
		return nil
	}
	options := r.options
	err := r.app.Audited(ctx, app.File{Path: name}, &options)
	var d *envelope.Decrypted
	if err == nil {
		d, err = e.Decrypt(ctx, r.keepers, options)
	}
	if err != nil {
		if r.failure == nil {
			r.failure = err
		}
		if r.refused == nil {
			r.refused = map[string]bool{}
		}
		r.refused[wrapped] = true
		return nil
	}
	r.data = append(r.data, d.Data)
	c.opened = true
	return d.Trees()
}

// formatOf returns the format of a text: by its name, else by what it is.
func formatOf(name string, text []byte) (format.Format, error) {
	word, known := formatname.ForPath(name)
	if !known {
		if found, ok := sniff.Detect(text); ok {
			word = found
		}
	}
	return std.Format(word)
}

// add notes the leaves of trees; plain, if not nil, are the same trees decrypted.
func (c *content) add(trees, plain []*tree.Map) {
	if plain != nil {
		texts := map[string]string{}
		for i, t := range trees {
			walk(place(i, len(trees)), t, func(at string, s *tree.Scalar) { texts[at] = s.Value.Str() })
		}
		for i, t := range plain {
			walk(place(i, len(plain)), t, func(at string, s *tree.Scalar) {
				c.leaf(at, s.Value, texts[at])
			})
		}
		return
	}
	for i, t := range trees {
		walk(place(i, len(trees)), t, func(at string, s *tree.Scalar) {
			if token := s.Value.Str(); cipher.IsToken(token) {
				c.tokens[token] = true
				c.put(at, leaf{token: token, shown: mask(token)})
				return
			}
			c.leaf(at, s.Value, "")
		})
	}
}

func (c *content) leaf(at string, v tree.Value, token string) {
	if !cipher.IsToken(token) {
		token = ""
	} else {
		c.tokens[token] = true
	}
	c.put(at, leaf{text: v.Type() + ":" + v.Canonical(), token: token, shown: display(v)})
}

func (c *content) put(at string, l leaf) {
	if _, twice := c.leaves[at]; !twice {
		c.order = append(c.order, at)
	}
	c.leaves[at] = l
}

// display writes a value as JSON does a text, and everything else as it is.
func display(v tree.Value) string {
	switch v.Kind() {
	case tree.Null:
		return "null"
	case tree.String:
		return fmt.Sprintf("%q", v.Str())
	}
	return v.Text()
}

// place names a document, where there are several.
func place(i, of int) string {
	if of < 2 {
		return ""
	}
	return fmt.Sprintf("document %d: ", i+1)
}

// walk visits the scalars below a node with their addresses.
func walk(at string, n tree.Node, visit func(at string, s *tree.Scalar)) {
	switch n := n.(type) {
	case *tree.Map:
		for _, it := range n.Items {
			if !tree.IsComment(it.Value) {
				walk(at+tree.Step{Key: it.Key, IsKey: true}.String(), it.Value, visit)
			}
		}
	case *tree.List:
		i := 0
		for _, e := range n.Items {
			if s, ok := e.(*tree.Scalar); tree.IsComment(e) || ok && cipher.IsComment(s.Value.Str()) {
				continue
			}
			walk(at+tree.Step{Index: i}.String(), e, visit)
			i++
		}
	case *tree.Scalar:
		visit(at, n)
	}
}

// mask is what is shown of a token: its type, its length and a mark that changes
// with it.
func mask(token string) string {
	t, err := cipher.Parse(token)
	if err != nil {
		return "ENC[?]"
	}
	sum := sha256.Sum256([]byte(token))
	return fmt.Sprintf("ENC[%s,%d]#%s", t.Type, t.Len(), hex.EncodeToString(sum[:3]))
}
