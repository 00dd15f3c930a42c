package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app/many"
	"github.com/seed-1f7fdfb8/sops/internal/app/rekey"
	"github.com/seed-1f7fdfb8/sops/internal/command"
)

func (r *run) updatekeys() *command.Command {
	var o rekey.UpdateKeysOptions
	s := many.Selection{Command: "updatekeys"}
	return &command.Command{
		Name:    "updatekeys",
		Summary: "make the master keys of files those of .sops.yaml",
		Args:    "FILE...",
		Examples: `sops updatekeys prod.yaml
sops updatekeys -y secrets/*.yaml
sops updatekeys -r secrets/
sops updatekeys --reencrypt prod.yaml   # the data key never leaves KMS`,
		Help: `Shows what changes and asks, also where a list of keys that was edited by hand
is not the one in the seal. Values, MAC and dates stay, and so does every
wrapped key that is still wanted: only new keys are called. The data key stays
the same, and with it old copies can still be read (sops rotate makes a new one).`,
		Flags: join(r.common(&o.Common), recursion(&s, "encrypted files"), []*command.Flag{
			r.dryRun(),
			command.Bool(&o.Yes, topicFiles, "yes", "do not ask", "y"),
			inputType(&o.InputType, "files"),
			command.Int(&o.Threshold, topicKeys, "shamir-secret-sharing-threshold", "need `N` of the key groups"),
			command.Bool(&o.Reorder, topicKeys, "reorder", "put keys into the order of the rule"),
			command.Bool(&o.AllowPartial, topicKeys, "allow-partial", "leave out new keys that cannot be wrapped, with a warning for each"),
			command.Bool(&o.ReEncrypt, topicAWS, "reencrypt", "move the data key by kms:ReEncrypt, inside KMS"),
			contextFlag(&o.EncryptionContext, contextOfKeys),
			command.Bool(&o.DropContext, topicAWS, "drop-context", "do not keep contexts that the file has and the rule has not"),
		}, access(&o.Access)),
		Run: func(ctx context.Context, c *command.Call) error {
			if o.Files = c.Args; len(o.Files) == 0 {
				return noFile()
			}
			if !s.Recursive && !r.app.DryRun {
				return rekey.UpdateKeys(ctx, r.app, o)
			}
			s.Paths = o.Files
			return r.planned(ctx, s, many.Job{Done: "synced with new keys"}, o)
		},
	}
}
