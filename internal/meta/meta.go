// Package meta holds the metadata of encrypted files: it turns the metadata
// tree of a file (its "sops" entry) into typed records and back.
//
// What it does not understand it keeps: unknown fields, unknown kinds of master
// keys, the order of everything.
package meta

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Names of the metadata fields that are not key lists or selection rules.
const (
	fieldGroups       = "key_groups"
	fieldThreshold    = "shamir_threshold"
	fieldLastModified = "lastmodified"
	fieldMAC          = "mac"
	fieldMACOnly      = "mac_only_encrypted"
	fieldVersion      = "version"
	fieldLayout       = "layout"
	fieldSeal         = "seal"
)

// Metadata is what a file says about its own encryption.
type Metadata struct {
	Groups           []Group
	Threshold        int // groups needed; 0 if not stored
	LastModified     time.Time
	MAC              string // a token; "" if missing
	Selection        rule.Rule
	MACOnlyEncrypted bool
	Version          string
	Layout           string // a token; "" if there is none
	Seal             string // a token; "" if there is none
	// Plain keeps the fields that only this program knows out: seal and layout. The
	// MAC of such a file bears a mark, so that it stays so; see MarkPlain.
	Plain bool

	origin *tree.Map // as it was read; nil for new metadata
	groups []Group   // as they were read, to see whether they changed
}

// A Group is one key group as a file has it.
type Group []Entry

// An Entry is a wrapped key and the record it was read from.
type Entry struct {
	keeper.WrappedKey
	origin *tree.Map
}

// Keys returns the groups without their records.
func (m *Metadata) Keys() []keeper.Group {
	out := make([]keeper.Group, len(m.Groups))
	for i, g := range m.Groups {
		for _, e := range g {
			out[i] = append(out[i], e.WrappedKey)
		}
	}
	return out
}

// MasterKeys returns the groups without what they wrap.
func (m *Metadata) MasterKeys() [][]keeper.MasterKey {
	out := make([][]keeper.MasterKey, len(m.Groups))
	for i, g := range m.Groups {
		for _, e := range g {
			out[i] = append(out[i], e.MasterKey)
		}
	}
	return out
}

// SetKeys replaces the groups. An entry that the file had keeps that one's unknown fields and order.
func (m *Metadata) SetKeys(groups []keeper.Group) {
	old := map[string]*tree.Map{}
	for _, g := range m.Groups {
		for _, e := range g {
			old[e.EntryID()] = e.origin
		}
	}
	m.Groups = make([]Group, len(groups))
	for i, g := range groups {
		for _, w := range g {
			w.MasterKey = kinds.Described(w.MasterKey) // as it will be when the file is read
			m.Groups[i] = append(m.Groups[i], Entry{w, old[w.EntryID()]})
		}
	}
}

// ErrNotFound says that a file has no metadata: it is not encrypted.
var ErrNotFound = errors.New("sops metadata not found")

// Decode reads the metadata entry of a document. It is as lenient with types as
// other readers are: numbers and booleans may be texts, a lone map may
// stand for a list, key lists may be null, names may differ in case.
func Decode(n tree.Node) (*Metadata, error) {
	if n == nil {
		return nil, ErrNotFound
	}
	root, ok := n.(*tree.Map)
	if !ok {
		return nil, errors.New("sops metadata: the entry \"sops\" is not a mapping")
	}
	m := &Metadata{origin: root}
	if err := m.decodeScalars(root); err != nil {
		return nil, fmt.Errorf("sops metadata: %w", err)
	}
	if err := m.decodeGroups(root); err != nil {
		return nil, fmt.Errorf("sops metadata: %w", err)
	}
	if len(m.Groups) == 0 {
		return nil, errors.New("sops metadata: No keys found in file")
	}
	if err := m.Selection.Check(); err != nil {
		return nil, fmt.Errorf("sops metadata: %w", err)
	}
	m.groups = slices.Clone(m.Groups)
	return m, nil
}

func (m *Metadata) decodeScalars(root *tree.Map) error {
	var err error
	if m.Threshold, err = intField(root, fieldThreshold); err != nil {
		return err
	}
	if m.MACOnlyEncrypted, err = boolField(root, fieldMACOnly); err != nil {
		return err
	}
	if m.MAC, err = textField(root, fieldMAC); err != nil {
		return err
	}
	if m.Version, err = textField(root, fieldVersion); err != nil {
		return err
	}
	for _, f := range m.Selection.All() {
		text, err := textField(root, f.Name)
		if err != nil {
			return err
		}
		m.Selection.Set(f.Name, text)
	}
	// A layout of another shape is of another program; it stays where it is.
	m.Layout, _ = textField(root, fieldLayout)
	if m.Seal, err = textField(root, fieldSeal); err != nil {
		return err
	}
	m.Plain = markedPlain(m.MAC)
	last, err := textField(root, fieldLastModified)
	if err != nil {
		return err
	}
	m.LastModified, err = time.Parse(time.RFC3339, last)
	if err != nil {
		return errors.New("lastmodified is missing or not an RFC 3339 time")
	}
	return nil
}

// MACData returns the additional data of the MAC: lastmodified in whole
// seconds.
func (m *Metadata) MACData() string { return m.LastModified.Format(time.RFC3339) }

func (m *Metadata) decodeGroups(root *tree.Map) error {
	top, err := decodeGroup(root, true)
	if err != nil {
		return err
	}
	n, _ := lookup(root, fieldGroups)
	if top.known() || len(top) > 0 && len(elements(n)) == 0 {
		m.Groups = []Group{top}
		return nil
	}
	for i, g := range elements(n) {
		gm, ok := g.(*tree.Map)
		if !ok {
			return fmt.Errorf("key_groups: group %d is not a mapping", i+1)
		}
		group, err := decodeGroup(gm, false)
		if err != nil {
			return fmt.Errorf("key_groups: group %d: %w", i+1, err)
		}
		m.Groups = append(m.Groups, group)
	}
	return nil
}

// known reports whether any key is of a kind that every reader knows. Lists of
// other kinds do not count against key groups.
func (g Group) known() bool {
	return slices.ContainsFunc(g, func(e Entry) bool { return e.Described() })
}

// decodeGroup reads the key lists of one map, known kinds first and in their
// fixed order, then those of unknown kinds. At the top level only a list of
// maps that have an "enc" counts as an unknown kind.
func decodeGroup(m *tree.Map, top bool) (Group, error) {
	var g Group
	for _, kind := range kinds.All() {
		n, ok := lookup(m, kind.Name)
		if !ok {
			continue
		}
		if s, scalar := n.(*tree.Scalar); scalar && s.Value.Kind() != tree.Null {
			return nil, fmt.Errorf("%s is not a list of keys", kind.Name)
		}
		for i, e := range elements(n) {
			entry, err := decodeEntry(kind.Describe(keeper.MasterKey{Kind: kind.Name}), e)
			if err != nil {
				return nil, fmt.Errorf("%s[%d]: %w", kind.Name, i, err)
			}
			g = append(g, entry)
		}
	}
	for _, it := range m.Items {
		if tree.IsComment(it.Value) || isKnown(it.Key, top) {
			continue
		}
		for _, e := range elements(it.Value) {
			if em, ok := e.(*tree.Map); ok && hasEnc(em) {
				entry, err := decodeEntry(keeper.MasterKey{Kind: it.Key}, e)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", it.Key, err)
				}
				g = append(g, entry)
			}
		}
	}
	return g, nil
}

func hasEnc(m *tree.Map) bool {
	_, ok := m.Get("enc")
	return ok
}

func isKnown(name string, top bool) bool {
	same := func(kind string) bool { return strings.EqualFold(name, kind) }
	return slices.ContainsFunc(kinds.Names(), same) || top && same(fieldGroups)
}

// decodeEntry reads an entry into a key of the kind of k.
func decodeEntry(k keeper.MasterKey, n tree.Node) (Entry, error) {
	m, ok := n.(*tree.Map)
	if !ok {
		return Entry{}, errors.New("not a mapping")
	}
	e := Entry{WrappedKey: keeper.WrappedKey{MasterKey: k}, origin: m}
	seen := map[string]bool{}
	for _, it := range m.Items {
		if tree.IsComment(it.Value) {
			continue
		}
		name := strings.ToLower(it.Key)
		if seen[name] {
			return Entry{}, fmt.Errorf("duplicate %s, and readers do not agree which counts", name)
		}
		seen[name] = true
		switch v := it.Value.(type) {
		case *tree.Scalar:
			text := scalarText(v)
			switch {
			case name == "enc":
				e.Enc = text
			case name == "created_at":
				// Nothing depends on it, so a bad one is no reason to lose the file.
				e.Created, _ = time.Parse(time.RFC3339, text)
			case k.IsContext(name) && v.Value.Kind() != tree.Null:
				return Entry{}, fmt.Errorf("%s is not a mapping", name)
			case text != "":
				e.Fields = append(e.Fields, keeper.Field{Name: name, Text: text})
			}
		case *tree.Map, *tree.List:
			if k.IsContext(name) {
				texts, err := contextTexts(v)
				if err != nil {
					return Entry{}, fmt.Errorf("%s: %w", name, err)
				}
				e.MasterKey = e.With(name, texts)
			}
		}
	}
	return e, nil
}

// contextTexts reads an encryption context: a map of texts, or a list of such.
func contextTexts(n tree.Node) (map[string]string, error) {
	texts := map[string]string{}
	for _, e := range elements(n) {
		m, ok := e.(*tree.Map)
		if !ok {
			return nil, errors.New("not a mapping")
		}
		for _, it := range m.Items {
			if tree.IsComment(it.Value) {
				continue
			}
			s, ok := it.Value.(*tree.Scalar)
			if !ok || s.Value.Kind() == tree.Null {
				return nil, fmt.Errorf("the value of %q is not a text", it.Key)
			}
			texts[it.Key] = scalarText(s)
		}
	}
	return texts, nil
}
