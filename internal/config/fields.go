package config

import (
	"maps"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/internal/yamlread"
)

// A field is one key that a mapping may hold, with the function that reads its
// value. The tables of fields below are all that the parser knows: the schema
// and the reference page are tested against them.
type field[T any] struct {
	name string
	read func(r *reader, n yamlread.Node, into *T)
}

// A scope is a kind of mapping, as people call it.
type scope string

const (
	topScope         scope = "the configuration"
	creationScope    scope = "a creation rule"
	destinationScope scope = "a destination rule"
	groupScope       scope = "a key group"
	storesScope      scope = "stores"
	storeScope       scope = "the settings of a store"
)

// read fills into from a mapping and warns of keys that are not in the table.
func read[T any](r *reader, n yamlread.Node, s scope, table []field[T], into *T) {
	for _, e := range r.Entries(n, string(s)) {
		known := false
		for _, f := range table {
			if f.name == e.Name {
				f.read(r, e.Value, into)
				known = true
			}
		}
		if !known {
			r.unknown(e, s, names(table))
		}
	}
}

func names[T any](table []field[T]) []string {
	var list []string
	for _, f := range table {
		list = append(list, f.name)
	}
	return list
}

// A top is the whole file as it is written.
type top struct {
	creation       []creation
	hasCreation    bool
	destination    []destination
	hasDestination bool
	stores         Stores
}

func topFields() []field[top] {
	return []field[top]{
		{"creation_rules", func(r *reader, n yamlread.Node, t *top) {
			t.hasCreation = !r.IsNull(n)
			for _, item := range r.Items(n, "creation_rules") {
				t.creation = append(t.creation, readCreation(r, item))
			}
		}},
		{"destination_rules", func(r *reader, n yamlread.Node, t *top) {
			t.hasDestination = !r.IsNull(n)
			t.destination = readEach(r, n, "destination_rules", destinationScope, destinationFields(),
				func(p yamlread.Place) destination { return destination{at: p} })
		}},
		{"stores", func(r *reader, n yamlread.Node, t *top) {
			read(r, n, storesScope, storesFields(), &t.stores)
		}},
	}
}

// A creation is a creation rule as it is written.
type creation struct {
	at          yamlread.Place
	path        yamlread.Text
	keys        keys
	forAll      map[string]yamlread.Text // what the keys of the rule have in common, by its name there
	context     map[string]yamlread.Text
	contextAt   yamlread.Place
	groups      []group
	threshold   int
	thresholdAt yamlread.Place
	selection   rule.Rule
	selectedAt  yamlread.Place
	macOnly     bool
	persist     *bool
	integrity   string
	metadata    string
	metadataAt  yamlread.Place
}

func readCreation(r *reader, n yamlread.Node) creation {
	c := creation{at: n.At(), forAll: map[string]yamlread.Text{}}
	read(r, n, creationScope, creationFields(), &c)
	given := func(t yamlread.Text) bool { return t.Value != "" }
	if len(c.groups) > 0 && (c.keys.any() || slices.ContainsFunc(slices.Collect(maps.Values(c.forAll)), given)) {
		r.warn(n, "move them into a group", "%s beside key_groups are ignored", ignored())
	}
	return c
}

func creationFields() []field[creation] {
	table := []field[creation]{
		{"path_regex", func(r *reader, n yamlread.Node, c *creation) { c.path = r.Text(n, "path_regex") }},
		{"key_groups", func(r *reader, n yamlread.Node, c *creation) {
			c.groups = readGroups(r, n, "key_groups")
		}},
		{"shamir_threshold", func(r *reader, n yamlread.Node, c *creation) {
			c.threshold, _ = r.Number(n, "shamir_threshold", 0)
			c.thresholdAt = n.At()
		}},
		{"mac_only_encrypted", func(r *reader, n yamlread.Node, c *creation) {
			c.macOnly, _ = r.Bool(n, "mac_only_encrypted")
		}},
		{"persist_identity", func(r *reader, n yamlread.Node, c *creation) {
			if v, set := r.Bool(n, "persist_identity"); set {
				c.persist = &v
			}
		}},
		{"integrity", readIntegrity},
		{"metadata", func(r *reader, n yamlread.Node, c *creation) { c.metadata, c.metadataAt = readMetadata(r, n), n.At() }},
	}
	table = append(table, keyFields()...)
	for _, f := range (rule.Rule{}).All() {
		table = append(table, selectionField(f.Name))
	}
	return table
}

func selectionField(name string) field[creation] {
	return field[creation]{name, func(r *reader, n yamlread.Node, c *creation) {
		t := r.Text(n, name)
		c.selection.Set(name, t.Value)
		if t.Value != "" {
			c.selectedAt = t.At
		}
	}}
}

// integrityRequired is the one value that integrity can have.
const integrityRequired = "required"

func readIntegrity(r *reader, n yamlread.Node, c *creation) {
	t := r.Text(n, "integrity")
	if t.Value != "" && t.Value != integrityRequired {
		r.Fail(n, "write integrity: required, or leave it out", "integrity is %q, which means nothing", t.Value)
		return
	}
	c.integrity = t.Value
}

// What metadata can be.
const (
	MetadataPlain = "plain" // the fields of SOPS alone: no seal, no layout
	MetadataFull  = "full"
)

func readMetadata(r *reader, n yamlread.Node) string {
	t := r.Text(n, "metadata")
	switch t.Value {
	case "", MetadataPlain, MetadataFull:
		return t.Value
	}
	r.Fail(n, "write metadata: plain, or leave it out", "metadata is %q, which means nothing", t.Value)
	return ""
}

func storesFields() []field[Stores] {
	store := func(name string, least int, of func(*Stores) **int) field[Stores] {
		return field[Stores]{name, func(r *reader, n yamlread.Node, s *Stores) {
			read(r, n, storeScope, indentFields(least), of(s))
		}}
	}
	empty := func(name string) field[Stores] {
		return field[Stores]{name, func(r *reader, n yamlread.Node, _ *Stores) {
			read(r, n, storeScope, nil, &struct{}{})
		}}
	}
	return []field[Stores]{
		store("yaml", 0, func(s *Stores) **int { return &s.YAML }),
		store("json", tab, func(s *Stores) **int { return &s.JSON }),
		store("json_binary", tab, func(s *Stores) **int { return &s.JSONBinary }),
		empty("dotenv"), empty("ini"),
		{"metadata", func(r *reader, n yamlread.Node, s *Stores) { s.Metadata = readMetadata(r, n) }},
	}
}

func indentFields(least int) []field[*int] {
	return []field[*int]{{"indent", func(r *reader, n yamlread.Node, indent **int) {
		if v, set := r.Number(n, "indent", least); set {
			*indent = &v
		}
	}}}
}
