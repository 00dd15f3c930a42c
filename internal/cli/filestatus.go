package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/content"
	"github.com/seed-1f7fdfb8/sops/internal/command"
)

func (r *run) filestatus() *command.Command {
	var f app.File
	var o app.Common
	var details bool
	return &command.Command{
		Name:     "filestatus",
		Summary:  "report whether a file is encrypted",
		Args:     "FILE",
		Examples: `sops filestatus prod.yaml       # {"encrypted":true}`,
		Flags: join(r.common(&o), []*command.Flag{
			inputType(&f.InputType, "file"),
			command.Bool(&details, topicOther, "details", "report also whether the file has a seal, and when it was last written"),
		}),
		Run: func(ctx context.Context, c *command.Call) (err error) {
			if f.Path, err = file(c, true); err != nil {
				return err
			}
			return content.FileStatus(ctx, r.app, f, o, details)
		},
	}
}
