package envelope

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"time"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/integrity"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/internal/plaintext"
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
	warn    func(string)
	finding integrity.Finding
	ignored bool // MAC or seal do not fit, and the user trusts the content

	trees []*tree.Map     // the content
	text  *plaintext.Text // the same; nil until it is asked for

	origin *plaintext.Source // nil for a new file
	// batches are the changes that led from origin to now, those in one batch
	// independent of each other.
	batches  [][]format.Change
	replaced bool // the content came about in another way
	exact    bool // the plaintext is the caller's own, to the byte

	becomesPlain bool // the metadata is plain, which it was not
	reselected   bool // what is encrypted changes

	rotated bool // the data key is another one than that of origin
}

// A Plan says how a new file is to be encrypted.
type Plan struct {
	Groups           [][]keeper.MasterKey
	Threshold        int // groups needed; 0 means all
	Selection        rule.Rule
	NoRule           bool // write no selection rule, not even the default one
	MACOnlyEncrypted bool
	PlainMetadata    bool      // write no field that SOPS does not know: no seal, no layout
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
	o.SetPlainMetadata(p.PlainMetadata)
	if err := o.load(src); err != nil {
		return nil, err
	}
	d, groups, err := unlock.WrapNew(ctx, orNone(k), p.Groups, p.Threshold, p.Random)
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

// storedThreshold writes out "all groups", as readers need it.
func storedThreshold(threshold, groups int) int {
	if threshold == 0 && groups > 1 {
		return groups
	}
	return threshold
}

// Trees returns the content, with the types that the encrypted file says. They
// must not be changed.
func (o *Decrypted) Trees() []*tree.Map { return o.trees }

// Secrets counts the values that the rule selects, and all that it could.
func (o *Decrypted) Secrets() (selected, all int, err error) {
	sel, err := o.Meta.Selection.CompileStored()
	if err != nil {
		return 0, 0, err
	}
	selected, all = sel.Count(o.trees)
	return selected, all, nil
}

// Format returns the format of the file.
func (o *Decrypted) Format() format.Format { return o.format }

// As returns the content in another format, under the same data key, for the
// same master keys and by the same rule.
func (o *Decrypted) As(f format.Format) (*Decrypted, error) {
	text, err := f.Render(o.trees)
	if err != nil {
		return nil, &Failure{Kind: ErrRender, Err: err}
	}
	m := *o.Meta
	m.Layout = ""
	out := &Decrypted{Meta: &m, Data: o.Data, format: f, warn: o.warn, finding: o.finding}
	return out, out.load(text)
}

// Authentic reports whether MAC and seal of the file fit its content. Without
// DecryptOptions.IgnoreMAC nothing else is decrypted.
func (o *Decrypted) Authentic() bool { return !o.ignored }

// Rotate makes a new data key and wraps it for the given groups of master keys.
// Every token will change, and old copies of the file stay readable with
// the old one. A nil random is crypto/rand.
func (o *Decrypted) Rotate(ctx context.Context, k keeper.Keeper, groups [][]keeper.MasterKey, threshold int, random io.Reader) error {
	d, wrapped, err := unlock.WrapNew(ctx, orNone(k), groups, threshold, random)
	if err != nil {
		return err
	}
	o.Data = d
	o.Meta.SetKeys(wrapped)
	o.Meta.Threshold = storedThreshold(threshold, len(wrapped))
	o.rotated = true
	return nil
}

// Reselect gives a file another rule of what is encrypted. Values that both rules
// encrypt keep their tokens.
func (o *Decrypted) Reselect(selection rule.Rule, macOnlyEncrypted bool) {
	o.Meta.Selection, o.Meta.MACOnlyEncrypted, o.reselected = Plan{Selection: selection}.stored(), macOnlyEncrypted, true
}

// EncryptOptions says when and with what randomness a file is encrypted. The zero
// value is now, and with crypto/rand.
type EncryptOptions struct {
	Now    time.Time
	Random io.Reader
	// Derived makes the result a function of what is encrypted; see cipher.Derived.
	// Tokens are taken where they fit.
	Derived bool
	Tokens  map[cipher.Value]string
}

func (o EncryptOptions) withDefaults() EncryptOptions {
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if o.Derived {
		o.Random = zeros{}
	}
	o.Random = orCrypto(o.Random)
	return o
}

// SetPlainMetadata says whether the file is to have no field that SOPS does not
// know: no seal and no layout.
func (o *Decrypted) SetPlainMetadata(plain bool) {
	o.becomesPlain = plain && !o.Meta.Plain
	o.Meta.Plain = plain
}

// sayPlain says once what a file loses by plain metadata.
func (o *Decrypted) sayPlain() {
	if o.becomesPlain && o.warn != nil {
		o.warn("plain metadata: the file has no seal, so that nothing notices a change of its keys, its types, its rule or its master keys outside of sops, and no layout; it stays so when it is changed")
	}
	o.becomesPlain = false
}

// orCrypto returns random, or crypto/rand if that is nil.
func orCrypto(random io.Reader) io.Reader {
	if random == nil {
		return rand.Reader
	}
	return random
}
