package gcpkms

import (
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/test/gcptest"
	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
	"github.com/seed-1f7fdfb8/sops/internal/test/keepertest"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/gcpkms/gcpkey"
)

func TestKeeperSuite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars[varCredentials] = string(w.ServiceAccount())
	stranger := w.Token("stranger@example.test")
	w.Deny("stranger@example.test", gcptest.UseToDecrypt)
	faults := map[string]func() func(){}
	for _, mode := range httpfault.Modes() {
		if mode != httpfault.Slow {
			faults[string(mode)] = func() func() {
				w.Faults.Set(httpfault.Fault{Mode: mode})
				return w.Faults.Clear
			}
		}
	}
	_, key, _ := strings.Cut(string(w.ServiceAccount()), "BEGIN PRIVATE KEY-----")
	keepertest.Run(t, keepertest.Case{
		New:   func(*testing.T) keeper.Keeper { return w.keeper() },
		Key:   gcpkey.Kind().Key(gcpkey.FieldID, gcptest.Key),
		Other: gcpkey.Kind().Key(gcpkey.FieldID, gcptest.Other),
		Stranger: func(*testing.T) keeper.Keeper {
			return New(Options{Env: env.Map(map[string]string{varEndpoint: w.URL(), varToken: stranger})})
		},
		Secrets: []string{key[:40], stranger, "ya29."},
		Faults:  faults,
		Samples: 10,
	})
}
