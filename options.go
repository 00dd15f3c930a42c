package sops

import (
	"io"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// An Option changes how a file is decrypted or encrypted. None is needed.
type Option func(*options)

type options struct {
	ignoreMAC bool
	context   map[string]string
	rule      Rule
	macOnly   bool
	now       func() time.Time // nil is time.Now
	random    io.Reader        // nil is crypto/rand
	warn      func(string)
}

func collect(opts []Option) options {
	var o options
	for _, set := range opts {
		set(&o)
	}
	return o
}

func (o options) time() time.Time {
	if o.now == nil {
		return time.Time{} // the engine's own default
	}
	return o.now()
}

func (o options) plan(to keeper.Groups) envelope.Plan {
	return envelope.Plan{
		Groups: to.Groups, Threshold: to.Threshold, Selection: rule.Rule(o.rule),
		MACOnlyEncrypted: o.macOnly, Random: o.random, Warn: o.warn,
	}
}

// A Rule says which values of a file are encrypted. At most one field is set; if
// none is, all values are encrypted whose keys do not end in "_unencrypted". The
// expressions are those of package regexp. Below a key that is encrypted,
// everything is.
type Rule struct {
	UnencryptedSuffix       string // leave values unencrypted whose keys end so
	EncryptedSuffix         string // encrypt only values whose keys end so
	UnencryptedRegex        string // leave values unencrypted whose keys match
	EncryptedRegex          string // encrypt only values whose keys match
	UnencryptedCommentRegex string // leave values unencrypted below a comment that matches
	EncryptedCommentRegex   string // encrypt only values below a comment that matches
}

// WithRule says which values New encrypts.
func WithRule(r Rule) Option { return func(o *options) { o.rule = r } }

// WithMACOnlyEncrypted lets the MAC of a new file cover encrypted values only, so
// that others can be changed by hand.
func WithMACOnlyEncrypted() Option { return func(o *options) { o.macOnly = true } }

// WithoutMAC gives out the content of a file even if its MAC or its seal does not
// fit. Whatever is read so may be what an attacker wrote.
func WithoutMAC() Option { return func(o *options) { o.ignoreMAC = true } }

// WithEncryptionContext is the encryption context of AWS KMS keys for which a
// file states none.
func WithEncryptionContext(texts map[string]string) Option {
	return func(o *options) { o.context = texts }
}

// WithWarnings passes on what a user should know although all went well.
func WithWarnings(f func(msg string)) Option { return func(o *options) { o.warn = f } }

// WithClock replaces the clock, for tests.
func WithClock(now func() time.Time) Option { return func(o *options) { o.now = now } }

// WithRandom replaces crypto/rand, for tests.
func WithRandom(r io.Reader) Option { return func(o *options) { o.random = r } }
