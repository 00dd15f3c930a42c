package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/setup"
	"github.com/seed-1f7fdfb8/sops/internal/command"
)

func (r *run) keygen() *command.Command {
	var o setup.KeygenOptions
	var common app.Common
	return &command.Command{
		Name:    "keygen",
		Summary: "make an age key",
		Args:    "[FILE]",
		Examples: `sops keygen
sops keygen new-key.txt
sops keygen --to-recipient key.txt
sops keygen --hybrid --passphrase safe.txt`,
		Help: `The key is written to FILE, or else to sops/age/keys.txt in the directory of your
configuration (~/.config), where every command looks for it. Only you can read it, and a file that exists is
never overwritten. The recipient, for --age and for
.sops.yaml, is printed. A file with a passphrase is what age -p makes; commands ask for it
on the terminal or, where there is none, through a gpg-agent that runs.`,
		Flags: join(r.common(&common), []*command.Flag{
			command.Bool(&o.ToRecipient, topicKeys, "to-recipient", "print the recipients of the keys in FILE"),
			command.Bool(&o.Hybrid, topicKeys, "hybrid", "make a key that resists quantum computers as well"),
			command.Bool(&o.Passphrase, topicKeys, "passphrase", "encrypt the key with a passphrase, which is asked for"),
		}),
		Run: func(ctx context.Context, c *command.Call) (err error) {
			if o.Path, err = file(c, false); err != nil {
				return err
			}
			return setup.Keygen(ctx, r.app, o)
		},
	}
}
