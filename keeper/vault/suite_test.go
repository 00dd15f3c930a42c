package vault_test

import (
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
	"github.com/seed-1f7fdfb8/sops/internal/test/keepertest"
	"github.com/seed-1f7fdfb8/sops/internal/test/vaulttest"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

func TestKeeperSuite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.AddKey("transit", "other", vaulttest.AES)
	stranger := w.Token(vaulttest.Policy{"transit/encrypt/*": {"update"}})
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
		New:      func(*testing.T) keeper.Keeper { return w.keeper("VAULT_MAX_RETRIES", "") },
		Key:      key(w.URL, "transit", "app"),
		Other:    key(w.URL, "transit", "other"),
		Stranger: func(*testing.T) keeper.Keeper { return w.keeper("VAULT_TOKEN", stranger) },
		Secrets:  []string{w.vars["VAULT_TOKEN"], stranger},
		Faults:   faults,
		Samples:  10,
	})
}
