package config

import (
	_ "embed"
)

//go:embed schema.json
var schemaText string

// Schema returns the JSON Schema of a configuration, for editors. Its part about
// keys is generated from the kinds, and tests hold the rest to what Parse knows.
func Schema() string { return schemaText }

// A Trial is a creation rule that was looked at for a path.
type Trial struct {
	Line      int    `json:"line"`
	PathRegex string `json:"pathRegex"` // "" is any path
	Matches   bool   `json:"matches"`
}

// Trials returns the creation rules that are looked at for a path, in order. The
// last is the one that RuleFor takes, if it matches.
func (f *File) Trials(path string) []Trial {
	forms, err := f.forms(path)
	if err != nil {
		return nil
	}
	var all []Trial
	for i := range f.creation {
		c := &f.creation[i]
		_, matches, err := f.match(c.path, forms)
		all = append(all, Trial{Line: c.at.Line, PathRegex: c.path.Value, Matches: matches})
		if err != nil || matches {
			break
		}
	}
	return all
}

// Form returns the path as path_regex sees it first.
func (f *File) Form(path string) string {
	forms, err := f.forms(path)
	if err != nil || len(forms) == 0 {
		return path
	}
	return forms[0]
}
