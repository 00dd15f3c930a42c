package unlock

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// An Error says why a data key could not be recovered: for each group, what
// became of each of its keys.
type Error struct {
	Groups   []GroupReport
	Required int   // how many groups were needed
	Reason   error // why the opened groups were not enough, where that is not their number; or nil
	shamir   bool
}

// A GroupReport is the part of one group in an Error.
type GroupReport struct {
	Opened bool
	Keys   []KeyReport // those that failed, in the order of trial
}

// A KeyReport says why one key did not help.
type KeyReport struct {
	Identity string
	Err      error
}

// report makes the Error of a search that has failed.
func (s *search) report(reason error) error {
	e := &Error{Required: s.parts.required(), shamir: len(s.groups) > 1}
	if !errors.Is(reason, errNoGroup) {
		e.Reason = reason
	}
	for _, g := range s.groups {
		r := GroupReport{Opened: g.open}
		for _, c := range g.keys {
			if c.err != nil {
				r.Keys = append(r.Keys, KeyReport{Identity: c.key.Identity(), Err: c.err})
			}
		}
		e.Groups = append(e.Groups, r)
	}
	return e
}

// Got returns the number of groups that were opened.
func (e *Error) Got() int {
	n := 0
	for _, g := range e.Groups {
		if g.Opened {
			n++
		}
	}
	return n
}

// Error returns the one-line form. Wrappers look for its words.
func (e *Error) Error() string {
	text := fmt.Sprintf("Failed to get the data key: %d successful groups required, got %d", e.Required, e.Got())
	if e.Reason != nil {
		text += ": " + e.Reason.Error()
	}
	return text
}

// Unwrap returns the errors of all keys.
func (e *Error) Unwrap() []error {
	var errs []error
	for _, g := range e.Groups {
		for _, k := range g.Keys {
			errs = append(errs, k.Err)
		}
	}
	if e.Reason != nil {
		errs = append(errs, e.Reason)
	}
	return errs
}

// Hints returns what the errors of the keys advise, each advice once.
func (e *Error) Hints() []string { return hints(e.Unwrap()) }

// Widths of the texts of UserError, which wrappers show as they are.
const (
	keyWidth  = 60
	textWidth = 75
)

// UserError returns the tree of groups, keys and reasons.
func (e *Error) UserError() string {
	var b strings.Builder
	b.WriteString("Failed to get the data key that this file is encrypted with.\n\n")
	for i, g := range e.Groups {
		if g.Opened {
			fmt.Fprintf(&b, "Group %d: SUCCESS\n\n", i)
			continue
		}
		fmt.Fprintf(&b, "Group %d: FAILED\n", i)
		for j, k := range g.Keys {
			if j > 0 {
				b.WriteString("  \n")
			}
			fmt.Fprintf(&b, "  %s: FAILED\n", hint.Line(k.Identity))
			writeReasons(&b, k.Err)
		}
		b.WriteString("\n")
	}
	for _, line := range wrap("Recovery failed because "+e.why(), textWidth) {
		b.WriteString(line + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// writeReasons writes a block for each error that err joins: a key may have
// been tried in several ways.
func writeReasons(b *strings.Builder, err error) {
	errs := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok && isList(err, joined.Unwrap()) {
		errs = joined.Unwrap()
	}
	for i, err := range errs {
		if i > 0 {
			b.WriteString("    \n")
		}
		mark := "- | "
		for _, line := range wrap(err.Error(), keyWidth) {
			b.WriteString("    " + mark + line + "\n")
			mark = "  | "
		}
	}
}

// isList reports whether err is the mere list of errs, as errors.Join makes it,
// with no words of its own.
func isList(err error, errs []error) bool {
	var lines []string
	for _, e := range errs {
		lines = append(lines, e.Error())
	}
	return err.Error() == strings.Join(lines, "\n")
}

func (e *Error) why() string {
	switch {
	case e.Reason != nil:
		return fmt.Sprintf("the parts of the data key that %d groups gave do not fit together: %v.", e.Got(), e.Reason)
	case e.shamir:
		return fmt.Sprintf("the file's Shamir threshold asks for %d groups, and only %d gave their part of the data key. "+
			"A group gives its part when any one of its keys can be used.", e.Required, e.Got())
	}
	return "no master key was able to give the data key. One of the keys above has to work before the file can be read."
}

// wrap breaks text into lines of at most width characters; only a longer word
// is longer. Line breaks of the text stay.
func wrap(text string, width int) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
				lines = append(lines, line)
				line = ""
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		lines = append(lines, line)
	}
	return lines
}

// hints walks errs and returns the hints in them, each once.
func hints(errs []error) []string {
	var all []string
	var walk func(err error)
	walk = func(err error) {
		if h, ok := err.(interface{ Hints() []string }); ok {
			for _, hint := range h.Hints() {
				if !slices.Contains(all, hint) {
					all = append(all, hint)
				}
			}
		}
		switch u := err.(type) {
		case interface{ Unwrap() error }:
			if inner := u.Unwrap(); inner != nil {
				walk(inner)
			}
		case interface{ Unwrap() []error }:
			for _, inner := range u.Unwrap() {
				walk(inner)
			}
		}
	}
	for _, err := range errs {
		walk(err)
	}
	return all
}
