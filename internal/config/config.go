// Package config reads .sops.yaml, which says how the files below its
// directory are to be encrypted.
//
// A configuration has creation rules (which master keys and which leaves, for
// paths that match), destination rules (where publish uploads to) and settings
// of the stores:
//
//	creation_rules:
//	  - path_regex: ^prod/(?P<team>[a-z]+)/
//	    kms: arn:aws:kms:eu-west-1:111122223333:alias/${team}
//	    encryption_context: {team: "${team}"}
//	  - age: age1...
//	stores:
//	  yaml: {indent: 2}
//
//	file, err := config.Load(".sops.yaml")
//	rule, err := file.RuleFor("/src/prod/web/db.yaml") // rule.Groups, rule.Selection ...
//
// What is not understood is never dropped in silence: a wrong type is an error
// of Load, an unknown key is a warning, and a rule that cannot mean what it
// says is an error as soon as a path reaches it (and a warning before, since a
// rule that is never reached must not stop work elsewhere). All of them name
// the line.
package config

import (
	"errors"

	"github.com/seed-1f7fdfb8/sops/internal/yamlread"
)

// tab as an indentation means one tab for each level.
const tab = -1

// A File is a configuration.
type File struct {
	// Path is where the file is, absolute.
	Path   string
	Stores Stores
	// Warnings are doubts in the order of lines: keys that nothing reads, and
	// rules that no path may reach because they would be refused.
	Warnings []Problem

	hasCreation, hasDestination bool
	creation                    []creation
	destination                 []destination
	lists                       []lines // where the lists of rules are
}

// Stores say how files are written.
type Stores struct {
	Indents
	Metadata string // MetadataPlain, MetadataFull or ""
}

// Indents are those of rendered files, nil where not set. For JSON -1 is a tab and
// 0 no indentation; for YAML 0 is the default.
type Indents struct{ YAML, JSON, JSONBinary *int }

// Parse reads a configuration from memory; path is where it counts as being.
// Only the first document of the file counts.
func Parse(path string, src []byte) (*File, error) {
	f := &File{Path: path}
	doc, err := yamlread.First(src)
	if errors.Is(err, yamlread.ErrEmpty) {
		return f, nil
	}
	if wrong := (yamlread.Problem{}); errors.As(err, &wrong) {
		return nil, refusal(path, wrong)
	}
	r := reader{Reader: yamlread.NewReader(len(src))}
	var t top
	read(&r, doc, topScope, topFields(), &t)
	if len(r.Problems) > 0 {
		var all []error
		for _, p := range inOrder(r.Problems, func(p yamlread.Problem) yamlread.Place { return p.At }) {
			all = append(all, refusal(path, p))
		}
		return nil, join(all)
	}
	f.Stores, f.creation, f.destination = t.stores, t.creation, t.destination
	f.hasCreation, f.hasDestination = t.hasCreation, t.hasDestination
	f.Warnings = inOrder(append(r.warnings, f.doubts()...), Problem.at)
	f.lists = listsIn(r.Entries(doc, string(topScope)))
	return f, nil
}

// join keeps a single error what it is.
func join(all []error) error {
	if len(all) == 1 {
		return all[0]
	}
	return errors.Join(all...)
}
