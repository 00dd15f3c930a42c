package cli

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/setup"
)

func (r *run) keygen() *cli.Command {
	var o setup.KeygenOptions
	var common app.Common
	return &cli.Command{
		Name:      "keygen",
		Usage:     "make an age key",
		ArgsUsage: "[FILE]",
		Description: `sops keygen
sops keygen new-key.txt
sops keygen --to-recipient key.txt

The key is written to FILE, or else to sops/age/keys.txt in the directory of your
configuration (~/.config), where every command looks for it. Only you can read it, and a file that exists is
never overwritten. The recipient, for --age and for
.sops.yaml, is printed.`,
		Flags: join(r.common(&common), []cli.Flag{
			toggle(&o.ToRecipient, topicKeys, "to-recipient", "print the recipients of the keys in FILE"),
		}),
		Action: func(ctx context.Context, c *cli.Command) (err error) {
			if o.Path, err = r.file(c, false); err != nil {
				return err
			}
			return setup.Keygen(ctx, r.app, o)
		},
	}
}
