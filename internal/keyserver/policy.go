package keyserver

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// A Policy says which requests are answered. The zero Policy answers all, but at
// a Unix socket only those of the user that runs the server.
type Policy struct {
	// Keys are those that may be used, as people know them: an ARN, a recipient, a
	// fingerprint, a URL. The sign * is for any text without a slash. Nil is all.
	Keys []string
	// Routes are the roles and profiles that a request may name for such keys. Nil
	// is none where there are Keys, and all where there are not.
	Routes []string
	// Callers are names of users or their numbers at a Unix socket, and names in
	// client certificates. Nil is the user of the server, or any certificate.
	Callers []string
}

// Check reports a pattern that matches nothing.
func (p Policy) Check() error {
	for _, pattern := range slices.Concat(p.Keys, p.Routes) {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("the pattern %q: %w", pattern, err)
		}
	}
	return nil
}

// allows returns why a request is refused, nil if it is not.
func (p Policy) allows(c caller, m keeper.MasterKey) error {
	if !p.knows(c) {
		return fmt.Errorf("%s may not use this key service", c)
	}
	if name := m.WithoutRoute().WithoutContext().Identity(); p.Keys != nil && !matches(p.Keys, name) {
		return fmt.Errorf("this key service does not use the key %s", name)
	}
	if p.Keys == nil && p.Routes == nil {
		return nil
	}
	for _, route := range routes(m) {
		if !matches(p.Routes, route) {
			return fmt.Errorf("this key service does not use %s for a caller", hint.Line(route))
		}
	}
	return nil
}

func (p Policy) knows(c caller) bool {
	if len(p.Callers) == 0 {
		return !c.foreign
	}
	return slices.ContainsFunc(c.names, func(name string) bool { return slices.Contains(p.Callers, name) })
}

// routes returns what m says of the way to the key.
func routes(m keeper.MasterKey) []string {
	var all []string
	plain := m.WithoutRoute()
	for _, f := range m.Fields {
		if f.Text != "" && plain.Text(f.Name) == "" {
			all = append(all, f.Text)
		}
	}
	return all
}

func matches(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(pattern, text)
		return pattern == text || ok && err == nil && !strings.Contains(text, "\n")
	})
}
