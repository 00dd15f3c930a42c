package cli

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/content"
)

func (r *run) filestatus() *cli.Command {
	var f app.File
	var o app.Common
	var details bool
	return &cli.Command{
		Name:        "filestatus",
		Usage:       "say whether a file is encrypted",
		ArgsUsage:   "FILE",
		Description: `sops filestatus prod.yaml       # {"encrypted":true}`,
		Flags: join(r.common(&o), []cli.Flag{
			text(&f.InputType, topicFiles, "input-type", "read the file as `TYPE`: yaml, json, dotenv, ini, binary"),
			toggle(&details, topicOther, "details", "say also whether the file has a seal, and when it was last written"),
		}),
		Action: func(ctx context.Context, c *cli.Command) (err error) {
			if f.Path, err = r.file(c, true); err != nil {
				return err
			}
			return content.FileStatus(ctx, r.app, f, o, details)
		},
	}
}
