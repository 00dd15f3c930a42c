package rekey

import (
	"fmt"
	"io"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/keyplan"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// showPlan prints what a plan changes.
func showPlan(a *app.App, w io.Writer, p *FilePlan) error {
	if a.JSON {
		return hint.EncodeJSON(w, p, "")
	}
	_, err := io.WriteString(w, reportText(p.Report, term.Color(a.Stdout, a.Env)))
	return err
}

// Colours of a terminal.
const (
	green      = "\x1b[32m"
	red        = "\x1b[31m"
	underlined = "\x1b[4m"
	uncolored  = "\x1b[0m"
)

// reportText is a report for people. Scripts around SOPS know its marks.
func reportText(r keyplan.Report, color bool) string {
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
			case keyplan.Kept:
				line("", "    "+hint.Line(k.Identity))
			case keyplan.Added:
				line(green, "+++ "+hint.Line(k.Identity))
			case keyplan.Removed:
				line(red, "--- "+hint.Line(k.Identity))
			}
		}
	}
	if r.Seal != "" {
		line(red, hint.Clean(r.Seal))
	}
	return b.String()
}

// warnOfDrift warns if the rule would encrypt other values than the file does:
// keys can be exchanged without touching values, and values cannot.
func warnOfDrift(a *app.App, s *app.Source, encrypted *envelope.Encrypted, r *config.Rule) {
	if s.In.Name() == "binary" {
		return // one value, whatever the rule says
	}
	have, want := encrypted.Meta.Selection.String(), r.Selection.String()
	if have != want {
		a.Warnf("%s: the rule of %s says %s, the file %s; updatekeys changes keys only (to apply the rule: %s)",
			s.Path, s.Config.Path, want, have, app.Anew(s.Path))
	}
	if encrypted.Meta.MACOnlyEncrypted != r.MACOnlyEncrypted {
		a.Warnf("%s: the rule of %s says mac_only_encrypted: %t, the file %t; updatekeys changes keys only (to apply the rule: %s)",
			s.Path, s.Config.Path, r.MACOnlyEncrypted, encrypted.Meta.MACOnlyEncrypted, app.Anew(s.Path))
	}
}
