package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/internal/yamlread"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// A Rule is what a creation rule means for one path.
type Rule struct {
	// Line is where the rule begins, PathRegex what the path matched ("" is
	// any path).
	Line      int
	PathRegex string
	// Groups are the key groups, without repetitions inside a group. There is
	// none if the rule names no keys, and none is empty.
	Groups [][]keeper.MasterKey
	// Threshold is how many groups are needed; 0 means all.
	Threshold        int
	Selection        rule.Rule
	MACOnlyEncrypted bool
	// EncryptionContext is the context of the rule. The AWS keys of Groups have
	// it already, unless they have one of their own; it is here for keys that
	// come from elsewhere. See Under.
	EncryptionContext map[string]string
	// PersistIdentity says whether role and aws_profile are written into
	// files, nil if the rule does not say.
	PersistIdentity *bool
	// Integrity is "required" or "".
	Integrity string
	// Metadata is MetadataPlain, MetadataFull or "": that of the rule, else that of
	// the stores.
	Metadata string

	bare [][]keeper.MasterKey // Groups without EncryptionContext
}

// Under returns Groups with another encryption context in the place of that of
// the rule, such as one given by flag. Keys with a context of their own keep it.
func (r *Rule) Under(context map[string]string) [][]keeper.MasterKey { return bind(r.bare, context) }

// HasRules reports whether there is a list of creation rules.
func (f *File) HasRules() bool { return f.hasCreation }

// RuleFor returns the first creation rule that matches path. The error has
// ErrNoRules in its chain if there are no rules at all, ErrNoRule if none
// matches; else it is the *Error of the rule that cannot be used.
func (f *File) RuleFor(path string) (*Rule, error) {
	if !f.hasCreation {
		return nil, &Error{
			Path: f.Path, Err: ErrNoRules, Msg: "there are no creation_rules",
			Hint: "add creation_rules, or give the keys by flag",
		}
	}
	c, found, err := first(f, "creation_rules", f.creation, func(c *creation) yamlread.Text { return c.path }, path)
	if err != nil {
		return nil, err
	}
	return f.rule(c, found)
}

// MetadataFor returns what the configuration says of the metadata of a file:
// MetadataPlain, MetadataFull or "". Rules that cannot be used say nothing.
func (f *File) MetadataFor(path string) string {
	if !slices.ContainsFunc(f.creation, func(c creation) bool { return c.metadata != "" }) {
		return f.Stores.Metadata
	}
	r, err := f.RuleFor(path)
	if err != nil {
		return f.Stores.Metadata
	}
	return r.Metadata
}

// first returns the first rule of a list that matches path, and what its
// expression captured.
func first[T any](f *File, list string, rules []T, expression func(*T) yamlread.Text, path string) (*T, captures, error) {
	forms, err := f.forms(path)
	if err != nil {
		return nil, nil, err
	}
	for i := range rules {
		found, matches, err := f.match(expression(&rules[i]), forms)
		if err != nil || matches {
			return &rules[i], found, err
		}
	}
	return nil, nil, &Error{
		Path: f.Path, Err: ErrNoRule, Msg: fmt.Sprintf("no path_regex of the %s matches %q", list, forms[0]),
		Hint: "add a rule for this path, or one without path_regex as the last",
	}
}

// match is match, with the place of an invalid expression.
func (f *File) match(expression yamlread.Text, forms []string) (captures, bool, error) {
	found, matches, err := match(expression, forms)
	if err != nil {
		return nil, false, f.refuse(expression.At, err, globHint(expression.Value))
	}
	return found, matches, nil
}

// rule returns what c means for a path with the given captures.
func (f *File) rule(c *creation, found captures) (*Rule, error) {
	if _, err := c.selection.Compile(); err != nil {
		return nil, f.refuse(c.selectedAt, err, "")
	}
	metadata := cmp.Or(c.metadata, f.Stores.Metadata)
	if metadata == MetadataPlain && c.integrity == integrityRequired {
		return nil, f.refuse(c.metadataAt, errors.New("integrity: required and metadata: plain exclude each other: plain metadata has no seal"),
			"take one of them out, or write metadata: full in the rule")
	}
	b := builder{file: f, captures: found}
	context, err := b.texts(c.context)
	if err != nil {
		return nil, err
	}
	for _, kind := range kinds.All() {
		if kind.CheckContext == nil {
			continue
		}
		if err := kind.CheckContext(context); err != nil {
			return nil, f.refuse(c.contextAt, err, "")
		}
	}
	groups, err := b.groups(c)
	if err != nil {
		return nil, err
	}
	if err := f.checkThreshold(c, len(groups)); err != nil {
		return nil, err
	}
	return &Rule{
		Line: c.at.Line, PathRegex: c.path.Value,
		Groups: bind(groups, context), bare: groups, Threshold: c.threshold,
		Selection: c.selection, MACOnlyEncrypted: c.macOnly,
		EncryptionContext: context, PersistIdentity: c.persist, Integrity: c.integrity, Metadata: metadata,
	}, nil
}

// Limits of Shamir's scheme as files hold it: shares are numbered in a byte.
const (
	minThreshold = 2
	maxGroups    = 255
)

func (f *File) checkThreshold(c *creation, groups int) error {
	switch {
	case groups > maxGroups:
		return f.refuse(c.at, fmt.Errorf("%d key groups are more than %d", groups, maxGroups), "")
	case groups < 2 || c.threshold == 0:
		return nil
	case c.threshold < minThreshold || c.threshold > groups:
		return f.refuse(c.thresholdAt,
			fmt.Errorf("shamir_threshold is %d, but there are %d key groups", c.threshold, groups),
			fmt.Sprintf("choose a number from %d to %d, or leave it out to need all groups", minThreshold, groups))
	}
	return nil
}

// doubts returns what is known already of rules that would be refused, and of
// rules that no path reaches or settings without effect.
func (f *File) doubts() []Problem {
	var list []Problem
	try := func(expression yamlread.Text, use func(captures) error) {
		var refused *Error
		if errors.As(f.tryPath(expression, use), &refused) {
			list = append(list, refused.problem())
		}
	}
	catchAll := 0
	for i := range f.creation {
		c := &f.creation[i]
		if catchAll > 0 {
			list = append(list, problemAt(c.at, "put the rule without path_regex last",
				"no path reaches this rule: the one on line %d has no path_regex and takes every path", catchAll))
			continue
		}
		if c.path.Value == "" {
			catchAll = c.at.Line
		}
		if c.threshold > 0 && len(c.groups) < minThreshold {
			list = append(list, problemAt(c.thresholdAt, "", "shamir_threshold has no effect on a single key group"))
		}
		try(c.path, func(found captures) error { _, err := f.rule(c, found); return err })
	}
	for i := range f.destination {
		d := &f.destination[i]
		try(d.path, func(found captures) error { _, err := f.destinationOf(d, found); return err })
	}
	return list
}

// tryPath calls use as if a path had matched. The text for what it would
// have captured is valid in every part of the name of a key.
func (f *File) tryPath(expression yamlread.Text, use func(captures) error) error {
	if _, _, err := f.match(expression, nil); err != nil {
		return err
	}
	found := captures{}
	for _, name := range groupNames(expression.Value) {
		valid := "0"
		found[name] = &valid
	}
	return use(found)
}

// refuse returns the error that cause, found at p, is.
func (f *File) refuse(p yamlread.Place, cause error, hint string) error {
	var adviser interface{ Hints() []string }
	if hint == "" && errors.As(cause, &adviser) {
		hint = strings.Join(adviser.Hints(), "; ")
	}
	return &Error{Path: f.Path, Line: p.Line, Column: p.Column, Msg: cause.Error(), Hint: hint, Err: cause}
}
