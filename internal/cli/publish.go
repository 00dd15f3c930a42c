package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app/publishing"
	"github.com/seed-1f7fdfb8/sops/internal/command"
)

func (r *run) publish() *command.Command {
	var o publishing.Options
	return &command.Command{
		Name:    "publish",
		Summary: "upload files, or what is in them, to where .sops.yaml says",
		Args:    "FILE...",
		Examples: `sops publish prod.yaml
sops publish --dry-run --recursive secrets/
sops publish -y --recursive --omit-extensions secrets/`,
		Help: `The first of the destination_rules that matches the path says where to: a bucket
of S3 or Google Cloud Storage, which gets the encrypted file, or Vault, AWS
Secrets Manager or the AWS Parameter Store, which get the decrypted content.
What is there already is not written again. docs/publish.md has examples.`,
		Flags: join(r.common(&o.Common), []*command.Flag{
			command.Bool(&o.Yes, topicFiles, "yes", "do not ask", "y"),
			command.Bool(&o.DryRun, topicFiles, "dry-run", "show what would change, by names and without values, and write nothing"),
			command.Bool(&o.Recursive, topicFiles, "recursive", "publish all files below directories; one that fails does not stop the others", "r"),
			command.Bool(&o.OmitExtensions, topicFiles, "omit-extensions", "leave the extension out of the name at the destination"),
			inputType(&o.InputType, "files"),
		}, execAccess(&o.Access)),
		Run: func(ctx context.Context, c *command.Call) (err error) {
			if o.Paths, err = paths(c); err != nil {
				return err
			}
			if len(o.Paths) == 0 {
				return noFile()
			}
			return publishing.Publish(ctx, r.app, o)
		},
	}
}
