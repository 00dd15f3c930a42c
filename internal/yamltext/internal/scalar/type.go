// Package scalar knows what the text of a scalar means: its value without quotes,
// escapes and folds, and of which type that is.
package scalar

import "github.com/seed-1f7fdfb8/sops/internal/yamltext/internal/char"

// Style is how a node is written.
type Style uint8

// The styles of scalars and collections.
const (
	Plain Style = iota
	SingleQuoted
	DoubleQuoted
	Literal
	Folded
	Block
	Flow
)

// Type is what a scalar means: the core types of YAML 1.1, and Other for tags
// of applications.
type Type uint8

// The types of scalars.
const (
	Str Type = iota
	Int
	Float
	Bool
	Null
	Timestamp
	Merge
	Binary
	Other
)

// shortTags are the tags of the types.
var shortTags = [...]string{
	Str: "!!str", Int: "!!int", Float: "!!float", Bool: "!!bool", Null: "!!null",
	Timestamp: "!!timestamp", Merge: "!!merge", Binary: "!!binary",
}

// Tag returns the tag of a type in its short form, "" for Other.
func (t Type) Tag() string {
	if t == Other {
		return ""
	}
	return shortTags[t]
}

// OfTag returns the type of a scalar with a written tag.
func OfTag(tag string) Type {
	for t, short := range shortTags {
		if short == tag {
			return Type(t)
		}
	}
	return Other
}

// OfPlain resolves a plain scalar.
func OfPlain(s string) Type {
	if s == "" {
		return Null
	}
	switch c := s[0]; {
	case char.IsDigit(c), c == '.', c == '-', c == '+':
		return numberType(s)
	case c == '<':
		if s == "<<" {
			return Merge
		}
	case c == '~', c == 'n', c == 'N':
		if s == "~" || s == "null" || s == "Null" || s == "NULL" {
			return Null
		}
	case c == 't', c == 'T', c == 'f', c == 'F':
		switch s {
		case "true", "True", "TRUE", "false", "False", "FALSE":
			return Bool
		}
	}
	return Str
}
