package setup

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// A finding is one thing that ConfigCheck finds in a configuration.
type finding struct {
	File   string   `json:"file"`
	Line   int      `json:"line,omitempty"`
	Column int      `json:"column,omitempty"`
	Kind   string   `json:"kind"` // error or warning
	Text   string   `json:"text"`
	Hints  []string `json:"hints,omitempty"`
}

// ConfigCheck prints every error and every warning about the configuration that
// holds for a file or, without one, for the working directory. It fails if
// there are any. With a file, a rule must match it.
func ConfigCheck(a *app.App, f app.File, c app.Common) error {
	if f.IsUnnamed() {
		f.FilenameOverride = "." // in the working directory
	}
	path, err := a.ConfigPath(f, c)
	switch {
	case err != nil:
		return err
	case path == "":
		return app.Fail(app.Other, "put a .sops.yaml with creation_rules at the top of the repository, or name one with --config", "config file not found")
	}
	found := findings(a, path, f)
	for _, x := range found {
		if err := showFinding(a, x); err != nil {
			return err
		}
	}
	switch len(found) {
	case 0:
		a.Verbosef("%s: nothing to complain about", path)
		return nil
	case 1:
		return app.Fail(app.Other, "", "%s: one problem", path)
	}
	return app.Fail(app.Other, "", "%s: %d problems", path, len(found))
}

// findings are the errors, which come alone, or the warnings; with a file, what
// keeps its rule from being used as well.
func findings(a *app.App, path string, f app.File) []finding {
	cfg, err := config.Load(path)
	if err != nil {
		return findingsOf(path, err)
	}
	var found []finding
	for _, w := range cfg.Warnings {
		x := finding{File: path, Line: w.Line, Column: w.Column, Kind: "warning", Text: w.Msg}
		if w.Hint != "" {
			x.Hints = []string{w.Hint}
		}
		found = append(found, x)
	}
	if f.IsUnnamed() {
		return found
	}
	if _, err := cfg.RuleFor(a.RulePath(f)); err != nil {
		found = append(found, findingsOf(path, err)...)
	}
	return found
}

// findingsOf takes joined errors apart.
func findingsOf(path string, err error) []finding {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []finding
		for _, e := range joined.Unwrap() {
			all = append(all, findingsOf(path, e)...)
		}
		return all
	}
	x := finding{File: path, Kind: "error", Text: err.Error(), Hints: hint.Hints(err)}
	var bad *config.Error
	if errors.As(err, &bad) {
		x.Line, x.Column, x.Text = bad.Line, bad.Column, bad.Msg
	}
	return []finding{x}
}

func showFinding(a *app.App, x finding) error {
	if a.JSON {
		return json.NewEncoder(a.Stdout).Encode(x)
	}
	place := x.File
	if x.Line > 0 {
		place = fmt.Sprintf("%s:%d:%d", x.File, x.Line, max(1, x.Column))
	}
	text := app.OneLine(x.Text)
	for _, h := range x.Hints {
		text += " (" + app.OneLine(h) + ")"
	}
	_, err := fmt.Fprintf(a.Stdout, "%s: %s: %s\n", place, x.Kind, text)
	return err
}
