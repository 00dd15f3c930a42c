package app

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/internal/term"
	"github.com/seed-1f7fdfb8/sops/key"
)

// A changeReport is what a keyChange changes, for people and programs.
type changeReport struct {
	File      string        `json:"file"`
	Threshold [2]int        `json:"groups_needed"` // before and after
	Groups    []groupReport `json:"groups"`
}

// A groupReport lists the keys of one group: those of the new state in its
// order, then those that go.
type groupReport []keyReport

type keyReport struct {
	Change   string `json:"change"` // kept, added, removed
	Kind     string `json:"kind"`
	Identity string `json:"identity"`
}

const (
	keyKept    = "kept"
	keyAdded   = "added"
	keyRemoved = "removed"
)

func (c *keyChange) report(path string) changeReport {
	r := changeReport{File: path, Threshold: [2]int{c.needs(len(c.old), c.oldThreshold), c.needs(len(c.wanted), c.threshold)}}
	for i := range max(len(c.old), len(c.wanted)) {
		var before, after []key.MasterKey
		if i < len(c.old) {
			before = masters(c.old[i])
		}
		if i < len(c.wanted) {
			after = c.stored(c.wanted[i])
		}
		r.Groups = append(r.Groups, reportGroup(before, after))
	}
	return r
}

func reportGroup(before, after []key.MasterKey) groupReport {
	old, wanted := keyNames(before), keyNames(after)
	g := groupReport{}
	for _, m := range after {
		change := keyAdded
		if slices.Contains(old, keyName(m)) {
			change = keyKept
		}
		g = append(g, keyReport{change, m.Kind, m.Identity()})
	}
	for _, m := range before {
		if !slices.Contains(wanted, keyName(m)) {
			g = append(g, keyReport{keyRemoved, m.Kind, m.Identity()})
		}
	}
	return g
}

// showChange prints what c changes.
func (a *App) showChange(w io.Writer, path string, c *keyChange) error {
	r := c.report(path)
	if a.JSON {
		return json.NewEncoder(w).Encode(r)
	}
	_, err := io.WriteString(w, r.text(term.Color(a.Stdout, a.Env)))
	return err
}

// Colours of a terminal.
const (
	green      = "\x1b[32m"
	red        = "\x1b[31m"
	underlined = "\x1b[4m"
	uncolored  = "\x1b[0m"
)

// text is the report for people, whose marks scripts around SOPS know.
func (r changeReport) text(color bool) string {
	var b strings.Builder
	line := func(paint, text string) {
		if color && paint != "" {
			text = paint + text + uncolored
		}
		b.WriteString(text + "\n")
	}
	line("", "Changes to the keys of "+r.File+":")
	if r.Threshold[0] != r.Threshold[1] {
		line(red, fmt.Sprintf("--- shamir_threshold: %d", r.Threshold[0]))
		line(green, fmt.Sprintf("+++ shamir_threshold: %d", r.Threshold[1]))
	}
	for i, g := range r.Groups {
		line(underlined, fmt.Sprintf("Group %d", i+1))
		for _, k := range g {
			switch k.Change {
			case keyKept:
				line("", "    "+k.Identity)
			case keyAdded:
				line(green, "+++ "+k.Identity)
			case keyRemoved:
				line(red, "--- "+k.Identity)
			}
		}
	}
	return b.String()
}

// tellDrift warns if the rule would encrypt other values than the file does:
// keys can be exchanged without touching values, and values cannot.
func (a *App) tellDrift(s *source, sealed *sops.Sealed, r *config.Rule) {
	if s.in.Name() == "binary" {
		return // one value, whatever the rule says
	}
	have, want := described(sealed.Meta.Selection), described(r.Selection)
	if have != want {
		a.warnf("%s: the rule of %s says %s, the file %s; updatekeys changes keys only (to apply the rule: %s)",
			s.Path, s.config.Path, want, have, anew(s.Path))
	}
	if sealed.Meta.MACOnlyEncrypted != r.MACOnlyEncrypted {
		a.warnf("%s: the rule of %s says mac_only_encrypted: %t, the file %t; updatekeys changes keys only (to apply the rule: %s)",
			s.Path, s.config.Path, r.MACOnlyEncrypted, sealed.Meta.MACOnlyEncrypted, anew(s.Path))
	}
}

func described(r rule.Rule) string {
	for _, f := range r.Fields() {
		return f.Name + ": " + f.Text
	}
	return "unencrypted_suffix: " + rule.DefaultSuffix
}

func anew(path string) string {
	word := shellWord(path)
	return fmt.Sprintf("sops decrypt %s | sops encrypt --filename-override %s --output %s", word, word, word)
}

// shellWord returns text as one word of a shell: people paste hints.
func shellWord(text string) string { return hint.ShellWord(text) }
