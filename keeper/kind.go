package keeper

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
)

// ErrContext is in the chain of the error for an encryption context that cannot be
// used.
var ErrContext = errors.New("the encryption context cannot be used")

// A Kind describes one kind of master keys: what keys of it are called on the
// command line, in the environment, in rules and in files, and which fields of
// an entry name the key. It needs nothing of the code that uses such keys, so
// that a program can read configurations and files without any of it.
//
// Each kind has its description beside its keeper, in a package of its own, and
// package kinds lists them all.
type Kind struct {
	Name    string   // of the list of its keys in files: gcp_kms
	Keys    string   // what such keys are, for people: Google Cloud KMS keys
	Aliases []string // what else people call it: gcp

	Flag      string     // that names keys of a new file: gcp-kms, for --gcp-kms, --add-gcp-kms
	Short     string     // letter of that flag; may be empty
	Usage     string     // what the flag takes, with the value in back quotes
	UsageOne  string     // what it takes where it names one key
	Variables []Variable // of the environment; the first holds keys of a new file

	Rule    string // name in a creation rule; empty is Name
	Group   string // name in a key group; empty is Name
	Doc     string // what a creation rule has of it, a sentence
	Example string // of a key in a list

	Fields []FieldRule

	Rank         int  // keys with a rank are tried first, lowest before others; 0 is none
	Undated      bool // entries have no created_at
	InEveryGroup bool // other readers expect its list in each of several groups, even an empty one

	// Parse reads a list of keys as flags, variables and rules give it.
	Parse func(list string) ([]MasterKey, error)
	// Check returns a key that the fields of m name, in their usual spelling. It
	// may be nil where a single field names a key; Parse reads that one.
	Check func(m MasterKey) (MasterKey, error)
	// CheckContext reports an encryption context that no key of the kind can have,
	// by an ErrContext. It is nil where keys have none.
	CheckContext func(context map[string]string) error
	// Identity returns the text by which people know m. It may be nil where a
	// single field names a key.
	Identity func(m MasterKey) string
	// Names reports whether a person who gives the name m means the key n of a
	// file. If it is nil, every field of m must be that of n.
	Names func(m, n MasterKey) bool
}

// A Variable is a variable of the environment.
type Variable struct{ Name, Meaning string }

// A FieldRule describes one field of the entries of a kind.
type FieldRule struct {
	Name     string
	Route    bool // it says how the key is reached, and not which key it is
	Map      bool // it is the encryption context
	Required bool
	// Open says that where it is empty, the key service fills it when it wraps: a
	// key that is named without it means whichever a file has.
	Open   bool
	Always bool // it is written even where it is empty, because other readers expect it

	// Element is its name in an element of a key group. If no field has one, the
	// elements are texts, as in a rule.
	Element string
	Doc     string   // what an element has there
	Meant   []string // names by which it is taken for in an element
	// InRule is its name in a creation rule, for all keys of the rule.
	InRule    string
	InRuleDoc string
	// RuleHint says what to write in a creation rule instead of Element.
	RuleHint string

	// Canonical returns the one spelling of a text that can be spelled in several
	// ways; nil if every text is its own.
	Canonical func(text string) string
}

// RuleName returns the name of the kind in a creation rule.
func (k *Kind) RuleName() string { return cmp.Or(k.Rule, k.Name) }

// GroupName returns the name of the kind in a key group.
func (k *Kind) GroupName() string { return cmp.Or(k.Group, k.Name) }

// Variable returns the name of the variable that holds keys of a new file.
func (k *Kind) Variable() string {
	if len(k.Variables) == 0 {
		return ""
	}
	return k.Variables[0].Name
}

// HasElements reports whether the keys of a key group are mappings.
func (k *Kind) HasElements() bool {
	return slices.ContainsFunc(k.Fields, func(f FieldRule) bool { return f.Element != "" })
}

// Key returns a key of the kind with the texts of pairs, as Undescribed does.
func (k *Kind) Key(pairs ...string) MasterKey { return k.Describe(Undescribed(k.Name, pairs...)) }

// FromFields returns the keys that the fields of an element name: one, unless the
// element is a single text.
func (k *Kind) FromFields(m MasterKey) ([]MasterKey, error) {
	if k.Check == nil {
		return k.Parse(m.Text(k.Fields[0].Name))
	}
	m, err := k.Check(m)
	return []MasterKey{m}, err
}

// Describe returns m as a key that k describes.
func (k *Kind) Describe(m MasterKey) MasterKey {
	m.kind = k
	return m
}

// Field returns the rule of the named field; nil if the kind has none of it.
func (k *Kind) Field(name string) *FieldRule {
	for i := range k.Fields {
		if k.Fields[i].Name == name {
			return &k.Fields[i]
		}
	}
	return nil
}

// context returns the name of the encryption context among the fields, "" if
// keys of the kind have none.
func (k *Kind) context() string {
	for _, f := range k.Fields {
		if f.Map {
			return f.Name
		}
	}
	return ""
}

// identity returns the text by which people know m.
func (k *Kind) identity(m MasterKey) string {
	if k.Identity != nil {
		return k.Identity(m)
	}
	for _, f := range k.Fields {
		if !f.Route {
			return m.Text(f.Name)
		}
	}
	return ""
}

// Described reports whether a Kind describes m: what is not described is passed
// through as it is.
func (m MasterKey) Described() bool { return m.kind != nil }

// Context returns the encryption context of the key.
func (m MasterKey) Context() map[string]string {
	if m.kind == nil {
		return nil
	}
	return m.Map(m.kind.context())
}

// IsContext reports whether the named field of m is its encryption context.
func (m MasterKey) IsContext(name string) bool {
	if m.kind == nil {
		return name == "context" // which a kind that is not known may have, too
	}
	return name != "" && name == m.kind.context()
}

// Undated reports whether entries of the kind of m have no time.
func (m MasterKey) Undated() bool { return m.kind != nil && m.kind.Undated }

// AlwaysWritten returns the fields that an entry has even where they are empty.
func (m MasterKey) AlwaysWritten() []string {
	var names []string
	if m.kind != nil {
		for _, f := range m.kind.Fields {
			if f.Always {
				names = append(names, f.Name)
			}
		}
	}
	return names
}

// WithoutContext returns m as a key without an encryption context.
func (m MasterKey) WithoutContext() MasterKey {
	m.Fields = slices.DeleteFunc(slices.Clone(m.Fields), func(f Field) bool { return m.IsContext(f.Name) })
	return m
}

// TakesContext reports whether keys of the kind of m can have an encryption
// context.
func (m MasterKey) TakesContext() bool { return m.kind != nil && m.kind.context() != "" }

// Under returns m with the given encryption context, and whether it took it: a
// key keeps a context of its own.
func (m MasterKey) Under(context map[string]string) (bound MasterKey, took bool) {
	if len(context) == 0 || !m.TakesContext() || len(m.Context()) > 0 {
		return m, false
	}
	return m.With(m.kind.context(), context), true
}

// Means reports whether a person who gives the name m means the key n of a
// file.
func (m MasterKey) Means(n MasterKey) bool {
	if m.Kind != n.Kind {
		return false
	}
	if m.kind != nil && m.kind.Names != nil {
		return m.kind.Names(m, n)
	}
	for _, f := range m.Fields {
		if f.Text != n.Text(f.Name) || f.Map != nil && !maps.Equal(f.Map, n.Map(f.Name)) {
			return false
		}
	}
	return true
}

// Identity returns the text by which people know the key: the recipient of an
// age key, the fingerprint of an OpenPGP key, the URL of a vault key. What a
// file says cannot command a terminal by it: control characters are spelled
// out. Comparisons use ID and EntryID.
func (m MasterKey) Identity() string { return shown(m.spelled().RawIdentity()) }

// Name is the kind of the key with its Identity, for people.
func (m MasterKey) Name() string { return shown(m.Kind) + " " + m.Identity() }

// RawIdentity is Identity as seals named keys before they used ID. It is not
// for display.
func (m MasterKey) RawIdentity() string {
	if m.kind != nil {
		return m.kind.identity(m)
	}
	var parts []string
	for _, f := range m.Fields {
		if f.Map == nil {
			parts = append(parts, f.Name+"="+f.Text)
		}
	}
	return m.Kind + "(" + strings.Join(parts, ",") + ")"
}

// spelled returns m with every text in its one spelling.
func (m MasterKey) spelled() MasterKey {
	m.Fields = slices.Clone(m.Fields)
	for i, f := range m.Fields {
		m.Fields[i].Text = m.canonical(f)
	}
	return m
}
