package config

import (
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/yamlread"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// A reader is a yamlread.Reader that also collects doubts. What it calls a
// mistake keeps the configuration from being used.
type reader struct {
	*yamlread.Reader
	warnings []Problem
}

func (r *reader) warn(n yamlread.Node, hint, format string, args ...any) {
	r.warnings = append(r.warnings, problemAt(n.At(), hint, format, args...))
}

// texts reads a list of strings, or one string. Each may hold several items, with
// commas or white space between them, which the kind of key knows to distinguish.
// What holds none does not count.
func (r *reader) texts(n yamlread.Node, what string) []yamlread.Text {
	return slices.DeleteFunc(r.Texts(n, what), func(t yamlread.Text) bool { return len(keeper.Words(t.Value)) == 0 })
}
