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
	"maps"
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
func (d Data) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "key.Data(%d bytes)", len(d.b)) }

// LogValue hides the secret from package slog.
func (d Data) LogValue() slog.Value { return slog.StringValue("key.Data(hidden)") }

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

// Kinds lists the known kinds in the order in which a group's keys stand in a
// file and are tried.
func Kinds() []string { return []string{KMS, GCP, HCKMS, Azure, Vault, PGP, Age} }

// A MasterKey names one key of a key service: its kind and what identifies it
// there, such as arn, role, aws_profile and context of an AWS KMS key.
type MasterKey struct {
	Kind   string
	Fields []Field
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

// A Group is a set of master keys any one of which opens the group's part.
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

// Asker is a Keeper that may ask a person (a PIN, a passphrase, an MFA code)
// to unwrap w. Such keys are tried after all others, one at a time. To find out
// may take a while; where ctx ends first, the answer does not matter.
type Asker interface {
	Asks(ctx context.Context, w WrappedKey) bool
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

// New returns a master key of the given kind with the texts of pairs (name,
// text, name, text ...); empty texts are left out.
func New(kind string, pairs ...string) MasterKey {
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

// identityFields says which fields name a key, for each kind of a single text.
func identityFields(kind string) []string {
	switch kind {
	case Age:
		return []string{"recipient"}
	case PGP:
		return []string{"fp"}
	case GCP:
		return []string{"resource_id"}
	case HCKMS:
		return []string{"key_id"}
	case Azure:
		return []string{"vault_url", "name", "version"}
	case Vault:
		return []string{"vault_address", "engine_path", "key_name"}
	}
	return nil
}

// Identity returns the text by which people know the key: the recipient of an
// age key, the fingerprint of an OpenPGP key, ARN[+ROLE][|CONTEXT][|PROFILE] of an AWS KMS key, the URL of a vault
// key. What a file says cannot command a terminal by it: control characters are
// spelled out. Comparisons use ID and EntryID.
func (m MasterKey) Identity() string {
	if m.Kind == PGP {
		return shown(pgpIdentity(m.Text("fp")))
	}
	return shown(m.RawIdentity())
}

// Name is the kind of the key with its Identity, for people.
func (m MasterKey) Name() string { return shown(m.Kind) + " " + m.Identity() }

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

// RawIdentity is Identity as seals named keys before they used ID. It is not
// for display.
func (m MasterKey) RawIdentity() string {
	switch m.Kind {
	case KMS:
		return m.kmsIdentity()
	case Azure:
		return strings.TrimSuffix(m.Text("vault_url"), "/") + "/keys/" + m.Text("name") + "/" + m.Text("version")
	case Vault:
		return m.Text("vault_address") + "/v1/" + m.Text("engine_path") + "/keys/" + m.Text("key_name")
	}
	names := identityFields(m.Kind)
	if len(names) == 1 {
		return m.Text(names[0])
	}
	var parts []string
	for _, f := range m.Fields {
		if f.Map == nil {
			parts = append(parts, f.Name+"="+f.Text)
		}
	}
	return m.Kind + "(" + strings.Join(parts, ",") + ")"
}

func (m MasterKey) kmsIdentity() string {
	id := m.Text("arn")
	if role := m.Text("role"); role != "" {
		id += "+" + role
	}
	var pairs []string
	ctx := m.Map("context")
	for _, k := range slices.Sorted(maps.Keys(ctx)) {
		pairs = append(pairs, k+":"+ctx[k])
	}
	context := strings.Join(pairs, ",")
	if profile := m.Text("aws_profile"); profile != "" {
		return id + "|" + context + "|" + profile
	}
	if context != "" {
		return id + "|" + context
	}
	return id
}

// pgpIdentity returns a fingerprint as gpg writes it, whichever of its
// spellings a file has. A text that is no fingerprint stays as it is.
func pgpIdentity(fp string) string {
	digits, mark := strings.ToUpper(strings.Join(strings.Fields(fp), "")), ""
	if rest, forced := strings.CutSuffix(digits, "!"); forced {
		digits, mark = rest, "!"
	}
	digits = strings.TrimPrefix(digits, "0X")
	const shortest = 16
	if len(digits) < shortest || strings.Trim(digits, "0123456789ABCDEF") != "" {
		return fp
	}
	return digits + mark
}
