package cli

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/app/content"
)

func (r *run) edit() *cli.Command {
	var o content.EditOptions
	return &cli.Command{
		Name:      "edit",
		Usage:     "edit a file in clear and encrypt it again",
		ArgsUsage: "FILE",
		Description: `sops edit prod.yaml
sops edit --kms arn:aws:kms:eu-west-1:111122223333:alias/prod new.yaml

The editor is $SOPS_EDITOR, $EDITOR or, on a terminal, vim, nano or vi. A file that
does not exist is begun with an example. If nothing changes nothing is written, and the exit
code is 200; with --ignore-mac a file whose MAC or seal does not fit gets new ones.`,
		Flags: join(r.common(&o.Common), types(&o.File), creation(&o.Creation), access(&o.Access), []cli.Flag{
			toggle(&o.FollowFile, topicFiles, "follow-file", "write in clear what the rule in the file leaves in clear, though .sops.yaml encrypts it"),
			toggle(&o.ShowMasterKeys, topicOther, "show-master-keys", "show the master keys as well, to read", "s"),
			inPlaceAlways(),
		}),
		Action: func(ctx context.Context, c *cli.Command) (err error) {
			if o.Path, err = r.file(c, true); err != nil {
				return err
			}
			return content.Edit(ctx, r.app, o)
		},
	}
}
