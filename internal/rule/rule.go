// Package rule decides which leaves of a document are secret.
//
// A file has at most one of six rules: a suffix or a regular expression that
// makes leaves encrypted or unencrypted by the keys above them, or a regular
// expression on the comments above them. A match on a key covers the whole
// subtree; a comment governs the next item of its container.
package rule

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// DefaultSuffix is the unencrypted suffix of a file without any rule.
const DefaultSuffix = "_unencrypted"

// A Rule is the selection rule of a file or of a creation rule. At most one of
// its fields may be set; none means DefaultSuffix. The names are those of the
// metadata. See format specification section 3.
type Rule struct {
	UnencryptedSuffix       string
	EncryptedSuffix         string
	UnencryptedRegex        string
	EncryptedRegex          string
	UnencryptedCommentRegex string
	EncryptedCommentRegex   string
}

// A Field is one of the six settings, by its name in the metadata.
type Field struct{ Name, Text string }

// All returns the six settings, empty or not.
func (r Rule) All() []Field {
	return []Field{
		{"unencrypted_suffix", r.UnencryptedSuffix},
		{"encrypted_suffix", r.EncryptedSuffix},
		{"unencrypted_regex", r.UnencryptedRegex},
		{"encrypted_regex", r.EncryptedRegex},
		{"unencrypted_comment_regex", r.UnencryptedCommentRegex},
		{"encrypted_comment_regex", r.EncryptedCommentRegex},
	}
}

// Fields returns the settings that are not empty.
func (r Rule) Fields() []Field {
	return slices.DeleteFunc(r.All(), func(f Field) bool { return f.Text == "" })
}

// Set gives the field of that name a text, and reports whether there is one.
func (r *Rule) Set(name, text string) bool {
	switch name {
	case "unencrypted_suffix":
		r.UnencryptedSuffix = text
	case "encrypted_suffix":
		r.EncryptedSuffix = text
	case "unencrypted_regex":
		r.UnencryptedRegex = text
	case "encrypted_regex":
		r.EncryptedRegex = text
	case "unencrypted_comment_regex":
		r.UnencryptedCommentRegex = text
	case "encrypted_comment_regex":
		r.EncryptedCommentRegex = text
	default:
		return false
	}
	return true
}

// ErrConflict is in the chain of the error for more than one rule.
var ErrConflict = errors.New("more than one selection rule")

// Check refuses more than one rule.
func (r Rule) Check() error {
	set := r.Fields()
	if len(set) < 2 {
		return nil
	}
	var names []string
	for _, f := range set {
		names = append(names, f.Name)
	}
	return &conflictError{names}
}

type conflictError struct{ names []string }

func (e *conflictError) Error() string {
	return fmt.Sprintf("%v: %s", ErrConflict, strings.Join(e.names, " and "))
}

func (e *conflictError) Unwrap() error { return ErrConflict }

func (e *conflictError) Hints() []string {
	return []string{"keep one of them; a rule in .sops.yaml and one given by flag count together"}
}

// A Selector is a Rule ready to be applied.
type Selector struct {
	key      func(key string) bool  // whether a path element matches; nil for comment rules
	comment  func(text string) bool // whether a comment matches; nil for key rules
	positive bool                   // a match makes encrypted, not plain
}

// Compile returns the selector of r. It refuses an invalid regular expression,
// which would leave secrets unencrypted, and more than one rule.
func (r Rule) Compile() (*Selector, error) {
	return r.compile(func(f Field, err error) (*regexp.Regexp, error) {
		return nil, fmt.Errorf("%s: %q is not a valid regular expression: %w", f.Name, f.Text, err)
	})
}

// CompileStored returns the selector of a rule in an encrypted
// file. An invalid expression matches nothing there, as it did when the file
// was written.
func (r Rule) CompileStored() (*Selector, error) {
	return r.compile(func(Field, error) (*regexp.Regexp, error) { return nil, nil })
}

func (r Rule) compile(invalid func(Field, error) (*regexp.Regexp, error)) (*Selector, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	f := Field{"unencrypted_suffix", DefaultSuffix}
	if set := r.Fields(); len(set) > 0 {
		f = set[0]
	}
	s := &Selector{positive: strings.HasPrefix(f.Name, "encrypted")}
	if strings.HasSuffix(f.Name, "suffix") {
		s.key = func(key string) bool { return strings.HasSuffix(key, f.Text) }
		return s, nil
	}
	re, err := regexp.Compile(f.Text)
	if err != nil {
		if re, err = invalid(f, err); err != nil {
			return nil, err
		}
	}
	match := func(text string) bool { return re != nil && re.MatchString(text) }
	if strings.HasSuffix(f.Name, "comment_regex") {
		s.comment = match
		return s, nil
	}
	s.key = remember(match)
	return s, nil
}

// remember saves asking the same keys again: files repeat their keys.
func remember(match func(string) bool) func(string) bool {
	known := map[string]bool{}
	return func(key string) bool {
		m, ok := known[key]
		if !ok {
			m = match(key)
			known[key] = m
		}
		return m
	}
}

// ByComment reports whether comments decide. MatchesComment then says whether
// one does.
func (s *Selector) ByComment() bool { return s.comment != nil }

// MatchesComment reports whether a comment text matches the rule.
func (s *Selector) MatchesComment(text string) bool { return s.comment != nil && s.comment(text) }
