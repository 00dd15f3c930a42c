package azurekv

import (
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/test/azuretest"
	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
	"github.com/seed-1f7fdfb8/sops/internal/test/keepertest"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/azurekv/azurekey"
)

func TestKeeperSuite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	faults := map[string]func() func(){}
	for _, mode := range httpfault.Modes() {
		if mode != httpfault.Slow {
			faults[string(mode)] = func() func() {
				w.Faults.Set(httpfault.Fault{Mode: mode})
				return w.Faults.Clear
			}
		}
	}
	keepertest.Run(t, keepertest.Case{
		New:   func(*testing.T) keeper.Keeper { return w.keeper() },
		Key:   azurekey.Kind().Key(azurekey.FieldVault, azuretest.Vault, azurekey.FieldName, azuretest.Key, azurekey.FieldVersion, w.Version(azuretest.Vault, azuretest.Key)),
		Other: azurekey.Kind().Key(azurekey.FieldVault, azuretest.OtherVault, azurekey.FieldName, azuretest.Key, azurekey.FieldVersion, w.Version(azuretest.OtherVault, azuretest.Key)),
		Stranger: func(*testing.T) keeper.Keeper {
			vars := map[string]string{varTenant: azuretest.Tenant, varClient: azuretest.App, varSecret: "canary of another"}
			return New(Options{Env: env.Map(vars), Transport: w.transport})
		},
		Secrets: []string{azuretest.Secret, "canary", "eyJ"},
		Faults:  faults,
		Samples: 10,
	})
}
