package cli

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/app/rekey"
)

func (r *run) updatekeys() *cli.Command {
	var o rekey.UpdateKeysOptions
	return &cli.Command{
		Name:      "updatekeys",
		Usage:     "make the master keys of files those of .sops.yaml",
		ArgsUsage: "FILE...",
		Description: `sops updatekeys prod.yaml
sops updatekeys -y secrets/*.yaml
sops updatekeys --reencrypt prod.yaml   # the data key never leaves KMS

Shows what changes and asks, also where a list of keys that was edited by hand
is not the sealed one. Values, MAC and dates stay, and so does every
wrapped key that is still wanted: only new keys are called. The data key stays
the same; who had it can still read old copies (sops rotate makes a new one).`,
		Flags: join(r.common(&o.Common), []cli.Flag{
			toggle(&o.Yes, topicFiles, "yes", "do not ask", "y"),
			text(&o.InputType, topicFiles, "input-type", "read the files as `TYPE`: yaml, json, dotenv, ini, binary"),
			&cli.IntFlag{Name: "shamir-secret-sharing-threshold", Destination: &o.Threshold, Category: topicKeys, Usage: "need `N` of the key groups"},
			toggle(&o.Reorder, topicKeys, "reorder", "put keys into the order of the rule"),
			toggle(&o.AllowPartial, topicKeys, "allow-partial", "leave out new keys that cannot be wrapped, with a warning for each"),
			toggle(&o.ReEncrypt, topicAWS, "reencrypt", "move the data key by kms:ReEncrypt, inside KMS"),
			contextFlag(&o.EncryptionContext),
			toggle(&o.DropContext, topicAWS, "drop-context", "do not keep contexts that the file has and the rule has not"),
		}, access(&o.Access)),
		Action: func(ctx context.Context, c *cli.Command) error {
			if o.Files = c.Args().Slice(); len(o.Files) == 0 {
				return &noFileError{}
			}
			return rekey.UpdateKeys(ctx, r.app, o)
		},
	}
}
