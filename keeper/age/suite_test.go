package age

import (
	"testing"

	"filippo.io/age"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/test/keepertest"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/age/agekey"
)

func TestKeeperSuite(t *testing.T) {
	t.Parallel()
	var ids [3]*age.X25519Identity
	for i := range ids {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		ids[i] = id
	}
	with := func(ids ...*age.X25519Identity) func(*testing.T) keeper.Keeper {
		text := ""
		for _, id := range ids {
			text += id.String() + "\n"
		}
		return func(t *testing.T) keeper.Keeper {
			return New(Options{Env: env.Map(map[string]string{varKey: text, "HOME": t.TempDir(), "XDG_CONFIG_HOME": t.TempDir()})})
		}
	}
	keepertest.Run(t, keepertest.Case{
		New:      with(ids[0], ids[1]),
		Key:      agekey.Kind().Key(agekey.FieldRecipient, ids[0].Recipient().String()),
		Other:    agekey.Kind().Key(agekey.FieldRecipient, ids[1].Recipient().String()),
		Stranger: with(ids[2]),
		Secrets:  []string{ids[0].String(), ids[1].String(), ids[2].String()},
	})
}
