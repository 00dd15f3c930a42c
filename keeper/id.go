package keeper

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// ID names the key itself, whatever role or profile leads to it: two entries
// with one ID are about the same key. It is the only place that knows when two
// keys are the same. The encoding is injective, every text with its length, so
// that no text can look like two; it is for comparisons and not for people.
func (m MasterKey) ID() string { return m.encode(isIdentity(m.Kind)) }

// EntryID names an entry of a file: the key with the way that leads to it.
func (m MasterKey) EntryID() string {
	identity := isIdentity(m.Kind)
	return m.encode(func(name string) bool { return identity(name) || isRoute(name) })
}

// Same reports whether two entries are about one key.
func Same(a, b MasterKey) bool { return a.ID() == b.ID() }

// WithoutRoute returns m as it is named wherever it is used from.
func (m MasterKey) WithoutRoute() MasterKey {
	m.Fields = slices.DeleteFunc(slices.Clone(m.Fields), func(f Field) bool { return isRoute(f.Name) })
	return m
}

// isRoute reports whether a field says only how a key is reached.
func isRoute(name string) bool { return name == "role" || name == "aws_profile" }

// isIdentity returns which fields name a key of a kind. All fields of a kind
// that is not known here might.
func isIdentity(kind string) func(name string) bool {
	names := identityFields(kind)
	if kind == KMS {
		names = []string{"arn", "context"}
	}
	if names == nil {
		return func(name string) bool { return !isRoute(name) }
	}
	return func(name string) bool { return slices.Contains(names, name) }
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
	switch {
	case m.Kind == Azure && f.Name == "vault_url":
		return strings.TrimSuffix(f.Text, "/")
	case m.Kind == PGP && f.Name == "fp":
		return pgpIdentity(f.Text)
	}
	return f.Text
}

// appendText appends the length of a text and the text.
func appendText(to []byte, text string) []byte {
	return append(append(strconv.AppendInt(to, int64(len(text)), 10), ':'), text...)
}
