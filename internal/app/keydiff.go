package app

import (
	"bufio"
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/internal/term"
	"github.com/seed-1f7fdfb8/sops/key"
)

// showChange prints what c changes, group by group.
func (a *App) showChange(path string, c *keyChange) error {
	w := &changeWriter{w: bufio.NewWriter(a.Stdout), color: term.Color(a.Stdout, a.Env)}
	fmt.Fprintf(w.w, "Changes to the keys of %s:\n", path)
	w.threshold(c)
	for i := range max(len(c.old), len(c.wanted)) {
		fmt.Fprintf(w.w, "%s\n", w.paint(underlined, fmt.Sprintf("Group %d", i+1)))
		var before, after []key.MasterKey
		if i < len(c.old) {
			before = masters(c.old[i])
		}
		if i < len(c.wanted) {
			after = c.stored(c.wanted[i])
		}
		w.group(before, after)
	}
	return w.w.Flush()
}

// Colours of a terminal.
const (
	green      = "\x1b[32m"
	red        = "\x1b[31m"
	underlined = "\x1b[4m"
	plain      = "\x1b[0m"
)

type changeWriter struct {
	w     *bufio.Writer
	color bool
}

func (w *changeWriter) paint(color, text string) string {
	if !w.color {
		return text
	}
	return color + text + plain
}

func (w *changeWriter) threshold(c *keyChange) {
	before, after := c.needs(len(c.old), c.oldThreshold), c.needs(len(c.wanted), c.threshold)
	if before != after {
		w.removed(fmt.Sprintf("shamir_threshold: %d", before))
		w.added(fmt.Sprintf("shamir_threshold: %d", after))
	}
}

// group prints the keys that stay, come and go, in the order of the new ones.
func (w *changeWriter) group(before, after []key.MasterKey) {
	old, wanted := names(before), names(after)
	for _, m := range after {
		if slices.Contains(old, name(m)) {
			fmt.Fprintf(w.w, "    %s\n", m.Identity())
			continue
		}
		w.added(m.Identity())
	}
	for _, m := range before {
		if !slices.Contains(wanted, name(m)) {
			w.removed(m.Identity())
		}
	}
}

func (w *changeWriter) added(text string) {
	fmt.Fprintf(w.w, "%s\n", w.paint(green, "+++ "+text))
}

func (w *changeWriter) removed(text string) {
	fmt.Fprintf(w.w, "%s\n", w.paint(red, "--- "+text))
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
	return fmt.Sprintf("sops decrypt %s | sops encrypt --filename-override %s --output %s", path, path, path)
}
