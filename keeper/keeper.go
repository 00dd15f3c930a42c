// Package keeper has data keys, master keys, and the interface of the keepers
// that wrap one under the other.
//
// A file is encrypted under a data key of 32 random bytes. A master key (an
// AWS KMS key, an age recipient, ...) wraps the data key, or with several key
// groups one Shamir share of it. The file stores wrapped keys; whoever can use
// one of a group's master keys recovers that group's part.
//
//	data key --Wrap(master key)--> WrappedKey{Enc: "..."} --Unwrap--> data key
//
// The records are open on purpose: a master key of a kind that no keeper knows
// passes through a file untouched.
package keeper

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Size is the length of a data key in bytes. Shares are one byte longer.
const Size = 32

// Data is a data key or a share of one. It never prints itself.
type Data struct{ b []byte }

// NewData returns b as secret key material. The caller gives b away.
func NewData(b []byte) Data { return Data{b} }

// Generate reads a new data key from random, or from crypto/rand if that is nil.
func Generate(random io.Reader) (Data, error) {
	if random == nil {
		random = rand.Reader
	}
	b := make([]byte, Size)
	if _, err := io.ReadFull(random, b); err != nil {
		return Data{}, fmt.Errorf("data key: %w", err)
	}
	return Data{b}, nil
}

// Bytes returns the secret itself; it is not a copy.
func (d Data) Bytes() []byte { return d.b }

// Len returns the length in bytes.
func (d Data) Len() int { return len(d.b) }

// Equal compares in constant time.
func (d Data) Equal(e Data) bool { return subtle.ConstantTimeCompare(d.b, e.b) == 1 }

// Format hides the secret from every verb of package fmt.
func (d Data) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "keeper.Data(%d bytes)", len(d.b)) }

// LogValue hides the secret from package slog.
func (d Data) LogValue() slog.Value { return slog.StringValue("keeper.Data(hidden)") }

// MarshalText hides the secret from encoders.
func (d Data) MarshalText() ([]byte, error) { return []byte("hidden"), nil }

// Kinds of master keys, named as the lists of the metadata are.
const (
	KMS   = "kms"
	GCP   = "gcp_kms"
	HCKMS = "hckms"
	Azure = "azure_kv"
	Vault = "hc_vault"
	PGP   = "pgp"
	Age   = "age"
)

// A MasterKey names one key of a key service: its kind and what identifies it
// there, such as arn, role, aws_profile and context of an AWS KMS key.
//
// A key that a Kind describes knows what its fields mean (see Kind.Key). One
// that none does is a plain record: all of its fields name it.
type MasterKey struct {
	Kind   string // its name in files
	Fields []Field

	kind *Kind // nil if no Kind describes the key
}

// A Field is a named text or, where Map is not nil, a named map of texts
// (the encryption context).
type Field struct {
	Name string
	Text string
	Map  map[string]string
}

// A WrappedKey is a master key with the data key (or share) that it wraps, as
// a file stores it.
type WrappedKey struct {
	MasterKey
	Enc     string    // the wrapped key in the text form of its kind
	Created time.Time // when it was wrapped; zero where the kind does not say
}

// A Group is a set of master keys any one of which is enough for the group's part.
type Group []WrappedKey

// A Keeper wraps and unwraps data keys under one kind of master key. It must
// be safe for concurrent use.
type Keeper interface {
	Kind() string
	// Wrap returns m with Enc and Created set.
	Wrap(ctx context.Context, m MasterKey, d Data) (WrappedKey, error)
	// Unwrap recovers what Wrap was given.
	Unwrap(ctx context.Context, w WrappedKey) (Data, error)
}

// Text returns the text of the named field, or "".
func (m MasterKey) Text(name string) string {
	for _, f := range m.Fields {
		if f.Name == name {
			return f.Text
		}
	}
	return ""
}

// Map returns the map of the named field, or nil.
func (m MasterKey) Map(name string) map[string]string {
	for _, f := range m.Fields {
		if f.Name == name {
			return f.Map
		}
	}
	return nil
}

// Undescribed returns a master key of the given kind with the texts of pairs
// (name, text, name, text ...); empty texts are left out. It checks nothing and
// has no description of its kind, so all of its fields count for ID: it is for
// tests and for kinds of one's own. A key that is to be compared with those of a
// file comes from its Kind, as kinds.ByName(kind).Parse(name).
func Undescribed(kind string, pairs ...string) MasterKey {
	m := MasterKey{Kind: kind}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			m.Fields = append(m.Fields, Field{Name: pairs[i], Text: pairs[i+1]})
		}
	}
	return m
}

// With returns m with a map field added, unless the map is empty.
func (m MasterKey) With(name string, texts map[string]string) MasterKey {
	if len(texts) > 0 {
		m.Fields = append(slices.Clone(m.Fields), Field{Name: name, Map: texts})
	}
	return m
}

// shown spells out what would not show as it is: control characters, line
// breaks, and characters that change the direction of the text around them.
func shown(text string) string {
	hidden := func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
	}
	if utf8.ValidString(text) && !strings.ContainsFunc(text, hidden) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case !hidden(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
