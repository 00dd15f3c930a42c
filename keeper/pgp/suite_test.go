//go:build unix

package pgp_test

import (
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/test/keepertest"
	"github.com/seed-1f7fdfb8/sops/internal/test/pgptest"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/pgp/pgpkey"
)

func TestKeeperSuite(t *testing.T) {
	t.Parallel()
	key, other := pgpkey.Kind().Key(pgpkey.FieldFP, pgptest.Plain), pgpkey.Kind().Key(pgpkey.FieldFP, pgptest.Two)
	t.Run("keyring", func(t *testing.T) {
		keepertest.Run(t, keepertest.Case{
			New: func(t *testing.T) keeper.Keeper { return keyring(t, "plain", "two") },
			Key: key, Other: other,
			Stranger: func(t *testing.T) keeper.Keeper { return keyring(t, "other") },
		})
	})
	t.Run("gpg", func(t *testing.T) {
		h, _ := home(t, "plain", "two")
		keepertest.Run(t, keepertest.Case{
			New: func(*testing.T) keeper.Keeper { return newKeeper(map[string]string{"GNUPGHOME": h.Dir}) },
			Key: key, Other: other,
			Stranger: func(t *testing.T) keeper.Keeper { _, k := home(t, "other"); return k },
			Samples:  4, // gpg runs for each of them
		})
	})
}
