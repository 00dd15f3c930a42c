package rekey

import (
	"io"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/keyreport"
	"github.com/seed-1f7fdfb8/sops/internal/term"
)

// showPlan prints what a plan changes.
func showPlan(a *app.App, w io.Writer, p *FilePlan) error {
	if a.JSON {
		return hint.EncodeJSON(w, p, "")
	}
	return keyreport.Print(w, p.Report, term.Color(a.Stdout, a.Env))
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
