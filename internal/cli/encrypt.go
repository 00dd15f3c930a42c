package cli

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/app/content"
)

func (r *run) encrypt() *cli.Command {
	var o content.EncryptOptions
	return &cli.Command{
		Name:      "encrypt",
		Usage:     "encrypt a file",
		ArgsUsage: "[FILE]",
		Description: `sops encrypt -i --kms arn:aws:kms:eu-west-1:111122223333:alias/prod prod.yaml
sops encrypt --age age1... .env > .env.enc
sops encrypt --onto prod.enc.yaml prod.yaml
cat prod.yaml | sops encrypt --filename-override prod.yaml

Without key flags the first matching creation rule of .sops.yaml counts. Without
FILE standard input is read.`,
		Flags: join(r.common(&o.Common), types(&o.File), target(&o.Target), creation(&o.Creation), identity(&o.Access), []cli.Flag{
			toggle(&o.AllowPartial, topicKeys, "allow-partial", "leave out keys that cannot be wrapped, with a warning for each"),
			toggle(&o.AllowEncrypted, topicFiles, "allow-encrypted", "encrypt also a file that holds encrypted values, once more"),
			text(&o.Onto, topicFiles, "onto", "give the content to the encrypted `FILE`: what is the same keeps its ciphertext"),
			toggle(&o.FollowFile, topicFiles, "follow-file", "write in clear what the rule in the file leaves in clear, though .sops.yaml encrypts it"),
			toggle(&o.AcceptKeys, topicKeys, "accept-keys", "with --onto: encrypt also for keys of that file that nothing vouches for"),
		}),
		Action: func(ctx context.Context, c *cli.Command) (err error) {
			if o.Path, err = r.file(c, false); err != nil {
				return err
			}
			return content.Encrypt(ctx, r.app, o)
		},
	}
}
