package envelope

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/integrity"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// A Decrypted is a decrypted file, with everything needed to encrypt it again.
type Decrypted struct {
	Meta *meta.Metadata
	Data keeper.Data

	format  format.Format
	doc     format.Document
	plain   []byte
	trees   []*tree.Map
	memory  memory
	warn    func(string)
	finding integrity.Finding
	ignored bool // MAC or seal do not fit, and the user trusts the content

	origin *origin // nil for a new file
	edits  []edit  // that led from origin to now
	remade bool    // the content came about in another way
	exact  bool    // the plaintext is the caller's own, to the byte

	rotated bool // the data key is another one than that of origin
}

// An origin is the encrypted text that a file was decrypted from.
type origin struct {
	doc    format.Document
	trees  []*tree.Map // plaintext, with the types that the tokens say
	plain  []*tree.Map // plaintext, with the types that the plain text shows
	layout *format.Layout
}

// A Plan says how a new file is to be encrypted.
type Plan struct {
	Groups           [][]keeper.MasterKey
	Threshold        int // groups needed; 0 means all
	Selection        rule.Rule
	NoRule           bool // write no selection rule, not even the default one
	MACOnlyEncrypted bool
	ForgetIdentity   bool      // do not store by which role or profile a key is used
	Random           io.Reader // nil means crypto/rand
	Warn             func(string)
}

// stored returns the selection rule as a file states it.
func (p Plan) stored() rule.Rule {
	if len(p.Selection.Fields()) == 0 && !p.NoRule {
		p.Selection.UnencryptedSuffix = rule.DefaultSuffix
	}
	return p.Selection
}

// New makes a data key, wraps it for the plan's master keys and prepares src to
// be encrypted. Nothing is wrapped if src cannot be encrypted.
func New(ctx context.Context, src []byte, f format.Format, p Plan, k keeper.Keeper) (*Decrypted, error) {
	if f == nil {
		return nil, errNoFormat
	}
	if _, err := p.Selection.Compile(); err != nil {
		return nil, &Failure{Kind: ErrConflict, Err: err}
	}
	o := &Decrypted{
		format: f, warn: p.Warn,
		Meta: &meta.Metadata{
			Selection: p.stored(), MACOnlyEncrypted: p.MACOnlyEncrypted, Version: Version,
		},
	}
	if err := o.load(src); err != nil {
		return nil, err
	}
	d, groups, err := wrapNew(ctx, k, p.Groups, p.Threshold, p.Random)
	if err != nil {
		return nil, err
	}
	if p.ForgetIdentity {
		forgetIdentity(groups)
	}
	o.Data = d
	o.Meta.SetKeys(groups)
	o.Meta.Threshold = storedThreshold(p.Threshold, len(groups))
	return o, nil
}

// errNoFormat is the error for a nil format.
var errNoFormat = errors.New("no format was given: name one, such as yaml.Format{}")

// orNone returns k, or a keeper that can use no keys where that is nil.
func orNone(k keeper.Keeper) keeper.Keeper {
	if k == nil {
		return keeper.NewMux()
	}
	return k
}

// forgetIdentity leaves it to each reader how to reach the keys.
func forgetIdentity(groups []keeper.Group) {
	for _, g := range groups {
		for i, w := range g {
			g[i].MasterKey = w.WithoutRoute()
		}
	}
}

func wrapNew(ctx context.Context, k keeper.Keeper, groups [][]keeper.MasterKey, threshold int, random io.Reader) (keeper.Data, []keeper.Group, error) {
	d, err := keeper.Generate(random)
	if err != nil {
		return keeper.Data{}, nil, err
	}
	wrapped, err := unlock.Wrap(ctx, orNone(k), groups, threshold, d, random)
	return d, wrapped, err
}

// storedThreshold writes out "all groups", as readers need it.
func storedThreshold(threshold, groups int) int {
	if threshold == 0 && groups > 1 {
		return groups
	}
	return threshold
}

// Plain returns the plaintext.
func (o *Decrypted) Plain() []byte { return o.plain }

// Trees returns the decrypted documents, until the first change with the types
// that the encrypted file says. They must not be changed.
func (o *Decrypted) Trees() []*tree.Map {
	if o.origin != nil && len(o.edits) == 0 && !o.remade {
		return o.origin.trees
	}
	return o.trees
}

// Secrets counts the values that the rule selects, and all that it could.
// Null and empty texts are never encrypted.
func (o *Decrypted) Secrets() (selected, all int, err error) {
	sel, err := o.Meta.Selection.CompileStored()
	if err != nil {
		return 0, 0, err
	}
	for leaf := range sel.Leaves(o.Trees()) {
		if leaf.Scalar == nil || leaf.Scalar.Value.Kind() == tree.Null || leaf.Scalar.Value.Empty() {
			continue
		}
		all++
		if leaf.Secret {
			selected++
		}
	}
	return selected, all, nil
}

// Format returns the format of the file.
func (o *Decrypted) Format() format.Format { return o.format }

// Replace gives the file another content. What did not change will keep its
// tokens. The reserved entry is refused.
func (o *Decrypted) Replace(plain []byte) error {
	before := o.trees
	if err := o.load(plain); err != nil {
		return err
	}
	o.exact = true
	edits, ok := editsBetween(before, o.trees)
	o.edits, o.remade = append(o.edits, edits...), o.remade || !ok
	return nil
}

// load takes plain as the content.
func (o *Decrypted) load(plain []byte) error {
	d, err := o.format.Parse(plain)
	if err != nil {
		return err
	}
	return o.take(plain, d)
}

// take takes a text that was parsed.
func (o *Decrypted) take(plain []byte, d format.Document) error {
	if line := d.Reserved(); line > 0 {
		return &Failure{
			Kind: ErrReserved, Line: line,
			Err: fmt.Errorf("line %d: the top-level entry \"sops\" is reserved for the metadata of encrypted files; this file seems to be encrypted already", line),
			Advice: []string{
				"to change an encrypted file use: sops edit FILE",
				"if the entry is your own, give it another name or move it below another key",
			},
		}
	}
	o.plain, o.doc, o.trees = plain, d, d.Trees()
	return nil
}

// As returns the content in another format, under the same data key, for the
// same master keys and by the same rule.
func (o *Decrypted) As(f format.Format) (*Decrypted, error) {
	text, err := f.Render(o.Trees())
	if err != nil {
		return nil, &Failure{Kind: ErrRender, Err: err}
	}
	m := *o.Meta
	m.Layout = ""
	out := &Decrypted{Meta: &m, Data: o.Data, format: f, warn: o.warn, finding: o.finding}
	return out, out.load(text)
}

// Set puts n at a in the first document.
func (o *Decrypted) Set(a tree.Address, n tree.Node) error {
	if name := o.format.Name(); name == "dotenv" || name == "ini" {
		n = numbersAsTexts(n) // all that these formats have
	}
	if err := o.unambiguous(a); err != nil {
		return err
	}
	want := clone(o.trees)
	if len(want) == 0 {
		want = []*tree.Map{{}}
	}
	edits := []edit{{a, n}}
	// Comments in what is replaced go with it, so it is replaced as a whole.
	if old, err := tree.Find(want[0], a); err == nil && len(commentsIn(old)) == 0 {
		d := differ{}
		if d.node(a, old, n); !d.failed {
			edits = append(d.sets, d.unsets...)
		}
	}
	tree.Set(want[0], a, tree.Clone(n))
	text, err := o.doc.Set(a, n)
	return o.change(edits, text, err, want)
}

// numbersAsTexts returns n with numbers as they were typed.
func numbersAsTexts(n tree.Node) tree.Node {
	n = tree.Clone(n)
	tree.Each(n, func(n tree.Node) {
		if s, ok := n.(*tree.Scalar); ok && s.Spelling != "" {
			s.Value, s.Spelling = tree.StringValue(s.Spelling), ""
		}
	})
	return n
}

// Unset removes what is at a in the first document.
func (o *Decrypted) Unset(a tree.Address) error {
	if err := o.unambiguous(a); err != nil {
		return err
	}
	if len(o.trees) == 0 {
		return fmt.Errorf("component %s: %w", a, tree.ErrNotFound)
	}
	want := clone(o.trees)
	if err := tree.Unset(want[0], a); err != nil {
		return err
	}
	text, err := o.doc.Unset(a)
	return o.change([]edit{{at: a}}, text, err, want)
}

// unambiguous refuses an address on whose way a key is there twice: readers do not
// agree which of the two counts.
func (o *Decrypted) unambiguous(a tree.Address) error {
	if len(o.trees) == 0 {
		return nil
	}
	var n tree.Node = o.trees[0]
	for i, s := range a {
		if m, ok := n.(*tree.Map); ok && s.IsKey {
			count := 0
			for _, it := range m.Items {
				if it.Key == s.Key && !tree.IsComment(it.Value) {
					count++
				}
			}
			if count > 1 {
				return &Failure{
					Err:    fmt.Errorf("%s comes %d times in the file", a[:i+1], count),
					Advice: []string{"remove the others with: sops edit FILE"},
				}
			}
		}
		var err error
		if n, err = tree.Find(n, a[i:i+1]); err != nil {
			return nil // what is missing will be made
		}
	}
	return nil
}

// change takes text if it reads back as want. Otherwise the content is rendered
// anew: the tree is right, only looks are lost. A change that the format has a
// reason to refuse is refused.
func (o *Decrypted) change(edits []edit, text []byte, err error, want []*tree.Map) error {
	var refusal *format.Error
	if errors.As(err, &refusal) {
		return &Failure{Kind: ErrRender, Err: err, Line: refusal.Line}
	}
	d, err := o.readsAs(text, err, want)
	if err != nil {
		reason := err
		if text, err = o.format.Render(want); err != nil {
			return &Failure{Kind: ErrRender, Err: err}
		}
		if d, err = o.readsAs(text, nil, want); err != nil {
			return &Failure{Kind: ErrRender, Err: fmt.Errorf("%s cannot hold the value: %w", o.format.Name(), err)}
		}
		if o.warn != nil {
			o.warn(fmt.Sprintf("the layout of the file could not be kept (%v); the content is complete", reason))
		}
	}
	if err := o.take(text, d); err != nil {
		return err
	}
	o.edits = append(o.edits, edits...)
	return nil
}

// readsAs parses text and compares it with what it must hold, unless there is
// an error already.
func (o *Decrypted) readsAs(text []byte, err error, want []*tree.Map) (format.Document, error) {
	if err != nil {
		return nil, err
	}
	d, err := o.format.Parse(text)
	if err != nil {
		return nil, err
	}
	if d.Reserved() > 0 {
		return d, nil // refused when it is taken
	}
	return d, sameContent(o.format, want, d.Trees())
}

// Authentic reports whether MAC and seal of the file fit its content. Without
// OpenOptions.IgnoreMAC nothing else is decrypted.
func (o *Decrypted) Authentic() bool { return !o.ignored }

// Rotate makes a new data key and wraps it for the given groups of master keys.
// Every token will change, and old copies of the file stay readable with
// the old one. A nil random is crypto/rand.
func (o *Decrypted) Rotate(ctx context.Context, k keeper.Keeper, groups [][]keeper.MasterKey, threshold int, random io.Reader) error {
	d, wrapped, err := wrapNew(ctx, k, groups, threshold, random)
	if err != nil {
		return err
	}
	o.Data = d
	o.Meta.SetKeys(wrapped)
	o.Meta.Threshold = storedThreshold(threshold, len(wrapped))
	o.memory, o.rotated = memory{}, true
	return nil
}

// EncryptOptions says when and with what randomness a file is encrypted. The zero
// value is now, and with crypto/rand.
type EncryptOptions struct {
	Now    time.Time
	Random io.Reader
}

func (o EncryptOptions) withDefaults() EncryptOptions {
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	o.Random = orCrypto(o.Random)
	return o
}

// orCrypto returns random, or crypto/rand if that is nil.
func orCrypto(random io.Reader) io.Reader {
	if random == nil {
		return rand.Reader
	}
	return random
}
