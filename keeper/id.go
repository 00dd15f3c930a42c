package keeper

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// ID names the key itself, whatever route leads to it: two entries with one ID
// are about the same key. It is the only place that knows when two keys are the
// same. The encoding is injective, every text with its length, so that no text
// can look like two; it is for comparisons and not for people.
//
// Fields of a described key that its Kind does not have name nothing.
func (m MasterKey) ID() string {
	return m.encode(func(name string) bool {
		rule := m.rule(name)
		return m.kind == nil || rule != nil && !rule.Route
	})
}

// EntryID names an entry of a file: the key with the route that leads to it.
func (m MasterKey) EntryID() string {
	return m.encode(func(name string) bool { return m.kind == nil || m.rule(name) != nil })
}

// Same reports whether two entries are about one key.
func Same(a, b MasterKey) bool { return a.ID() == b.ID() }

// Equal reports whether m and n are one entry: the same key by the same route.
func (m MasterKey) Equal(n MasterKey) bool { return m.EntryID() == n.EntryID() }

// WithoutRoute returns m as it is named wherever it is used from.
func (m MasterKey) WithoutRoute() MasterKey {
	m.Fields = slices.DeleteFunc(slices.Clone(m.Fields), func(f Field) bool {
		rule := m.rule(f.Name)
		return rule != nil && rule.Route
	})
	return m
}

// rule returns what the kind of m says of a field; nil if it says nothing.
func (m MasterKey) rule(name string) *FieldRule {
	if m.kind == nil {
		return nil
	}
	return m.kind.Field(name)
}

// encode writes the kind and the chosen fields in the order of their names.
func (m MasterKey) encode(chosen func(name string) bool) string {
	b := appendText(nil, m.Kind)
	fields := slices.Clone(m.Fields)
	slices.SortStableFunc(fields, func(f, g Field) int { return strings.Compare(f.Name, g.Name) })
	for _, f := range fields {
		if !chosen(f.Name) || f.Text == "" && len(f.Map) == 0 {
			continue
		}
		b = appendText(b, f.Name)
		b = appendText(b, m.canonical(f))
		b = append(strconv.AppendInt(b, int64(len(f.Map)), 10), ';')
		for _, name := range slices.Sorted(maps.Keys(f.Map)) {
			b = appendText(appendText(b, name), f.Map[name])
		}
	}
	return string(b)
}

// canonical returns the text of a field in its one spelling.
func (m MasterKey) canonical(f Field) string {
	if rule := m.rule(f.Name); rule != nil && rule.Canonical != nil {
		return rule.Canonical(f.Text)
	}
	return f.Text
}

// appendText appends the length of a text and the text.
func appendText(to []byte, text string) []byte {
	return append(append(strconv.AppendInt(to, int64(len(text)), 10), ':'), text...)
}
