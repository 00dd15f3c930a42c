package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app/content"
	"github.com/seed-1f7fdfb8/sops/internal/command"
)

func (r *run) encrypt() *command.Command {
	var o content.EncryptOptions
	return &command.Command{
		Name:    "encrypt",
		Summary: "encrypt a file",
		Args:    "[FILE]",
		Examples: `sops encrypt -i --kms arn:aws:kms:eu-west-1:111122223333:alias/prod prod.yaml
sops encrypt --age age1... .env > .env.enc
sops encrypt --onto prod.enc.yaml prod.yaml
cat prod.yaml | sops encrypt --filename-override prod.yaml`,
		Help: `Without key flags the first matching creation rule of .sops.yaml counts. Without
FILE standard input is read.`,
		Flags: join(r.common(&o.Common), types(&o.File), target(&o.Target), creation(&o.Creation), identity(&o.Access), []*command.Flag{
			command.Bool(&o.AllowPartial, topicKeys, "allow-partial", "leave out keys that cannot be wrapped, with a warning for each"),
			command.Bool(&o.AllowEncrypted, topicFiles, "allow-encrypted", "encrypt also a file that holds encrypted values, once more"),
			command.String(&o.Onto, topicFiles, "onto", "give the content to the encrypted `FILE`: what is the same keeps its ciphertext"),
			command.Bool(&o.FollowFile, topicFiles, "follow-file", "leave unencrypted what the rule in the file leaves so, though .sops.yaml encrypts it"),
			command.Bool(&o.AcceptKeys, topicKeys, "accept-keys", "with --onto: encrypt also for keys of that file that nothing vouches for"),
		}),
		Run: func(ctx context.Context, c *command.Call) (err error) {
			if o.Path, err = file(c, false); err != nil {
				return err
			}
			return content.Encrypt(ctx, r.app, o)
		},
	}
}
