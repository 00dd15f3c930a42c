package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app/content"
	"github.com/seed-1f7fdfb8/sops/internal/command"
)

func (r *run) edit() *command.Command {
	var o content.EditOptions
	return &command.Command{
		Name:    "edit",
		Summary: "decrypt a file into an editor and encrypt it again",
		Args:    "FILE",
		Examples: `sops edit prod.yaml
sops edit --kms arn:aws:kms:eu-west-1:111122223333:alias/prod new.yaml`,
		Help: `The editor is $SOPS_EDITOR, $EDITOR or, on a terminal, vim, nano or vi. A file that
does not exist begins with an example. If nothing changes nothing is written, and the exit
code is 200; with --ignore-mac a file whose MAC or seal does not fit gets new ones.`,
		Flags: join(r.common(&o.Common), types(&o.File), creation(&o.Creation), access(&o.Access), []*command.Flag{
			command.Bool(&o.FollowFile, topicFiles, "follow-file", "leave unencrypted what the rule in the file leaves so, though .sops.yaml encrypts it"),
			command.Bool(&o.ShowMasterKeys, topicOther, "show-master-keys", "show the master keys as well, to read", "s"),
			inPlaceAlways(),
		}),
		Run: func(ctx context.Context, c *command.Call) (err error) {
			if o.Path, err = file(c, true); err != nil {
				return err
			}
			return content.Edit(ctx, r.app, o)
		},
	}
}
