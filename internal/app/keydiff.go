package app

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/internal/term"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// A changeReport is what a keyChange changes, for people and programs.
type changeReport struct {
	File      string        `json:"file"`
	Threshold [2]int        `json:"groups_needed"` // before and after
	Groups    []groupReport `json:"groups"`
	Seal      string        `json:"seal,omitempty"` // how the list differs from the sealed one
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
	r := changeReport{File: path, Threshold: [2]int{
		groupsNeeded(c.oldThreshold, len(c.old)), groupsNeeded(c.threshold, len(c.wanted)),
	}}
	for i := range max(len(c.old), len(c.wanted)) {
		var before, after []keeper.MasterKey
		if i < len(c.old) {
			before = masters(c.old[i])
		}
		if i < len(c.wanted) {
			after = c.stored(c.wanted[i])
		}
		r.Groups = append(r.Groups, reportGroup(before, after))
	}
	if c.unsealed != nil {
		r.Seal = c.unsealed.Error()
	}
	return r
}

func reportGroup(before, after []keeper.MasterKey) groupReport {
	left := map[string]int{} // a hand-edited list may have an entry more than once
	for _, id := range entryIDs(before) {
		left[id]++
	}
	g := groupReport{}
	for _, m := range after {
		change := keyAdded
		if left[m.EntryID()] > 0 {
			change = keyKept
			left[m.EntryID()]--
		}
		g = append(g, keyReport{change, m.Kind, m.Identity()})
	}
	for _, m := range before {
		if left[m.EntryID()] > 0 {
			left[m.EntryID()]--
			g = append(g, keyReport{keyRemoved, m.Kind, m.Identity()})
		}
	}
	return g
}

// showChange prints what c changes.
func (a *App) showChange(w io.Writer, path string, c *keyChange) error {
	r := c.report(path)
	if a.JSON {
		return hint.EncodeJSON(w, r, "")
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
	line("", "Changes to the keys of "+hint.Line(r.File)+":")
	if r.Threshold[0] != r.Threshold[1] {
		line(red, fmt.Sprintf("--- shamir_threshold: %d", r.Threshold[0]))
		line(green, fmt.Sprintf("+++ shamir_threshold: %d", r.Threshold[1]))
	}
	for i, g := range r.Groups {
		line(underlined, fmt.Sprintf("Group %d", i+1))
		for _, k := range g {
			switch k.Change {
			case keyKept:
				line("", "    "+hint.Line(k.Identity))
			case keyAdded:
				line(green, "+++ "+hint.Line(k.Identity))
			case keyRemoved:
				line(red, "--- "+hint.Line(k.Identity))
			}
		}
	}
	if r.Seal != "" {
		line(red, hint.Clean(r.Seal))
	}
	return b.String()
}

// tellDrift warns if the rule would encrypt other values than the file does:
// keys can be exchanged without touching values, and values cannot.
func (a *App) tellDrift(s *source, encrypted *envelope.Encrypted, r *config.Rule) {
	if s.in.Name() == "binary" {
		return // one value, whatever the rule says
	}
	have, want := described(encrypted.Meta.Selection), described(r.Selection)
	if have != want {
		a.warnf("%s: the rule of %s says %s, the file %s; updatekeys changes keys only (to apply the rule: %s)",
			s.Path, s.config.Path, want, have, anew(s.Path))
	}
	if encrypted.Meta.MACOnlyEncrypted != r.MACOnlyEncrypted {
		a.warnf("%s: the rule of %s says mac_only_encrypted: %t, the file %t; updatekeys changes keys only (to apply the rule: %s)",
			s.Path, s.config.Path, r.MACOnlyEncrypted, encrypted.Meta.MACOnlyEncrypted, anew(s.Path))
	}
}

func described(r rule.Rule) string {
	set := r.Fields()
	if len(set) == 0 {
		return "unencrypted_suffix: " + rule.DefaultSuffix
	}
	text := set[0].Text
	if strings.ContainsFunc(text, unicode.IsControl) {
		text = strconv.Quote(text) // a line break would begin a line of its own
	}
	return set[0].Name + ": " + text
}

func anew(path string) string {
	word := hint.Path(path)
	return fmt.Sprintf("sops decrypt %s | sops encrypt --filename-override %s --output %s", word, word, word)
}
