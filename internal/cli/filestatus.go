package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/content"
	"github.com/seed-1f7fdfb8/sops/internal/app/many"
	"github.com/seed-1f7fdfb8/sops/internal/command"
	"github.com/seed-1f7fdfb8/sops/internal/discover"
)

func (r *run) filestatus() *command.Command {
	var f app.File
	var o app.Common
	var details bool
	s := many.Selection{Command: "filestatus"}
	return &command.Command{
		Name:    "filestatus",
		Summary: "report whether files are encrypted",
		Args:    "FILE...",
		Examples: `sops filestatus prod.yaml       # {"encrypted":true}
sops filestatus -r .             # {"file":"prod.yaml","encrypted":true} ...`,
		Flags: join(r.common(&o), []*command.Flag{
			inputType(&f.InputType, "file"),
			command.Bool(&details, topicOther, "details", "report also whether the file has a seal, and when it was last written"),
		}, recursion(&s, "encrypted files")),
		Run: func(ctx context.Context, c *command.Call) (err error) {
			if s.Paths, err = paths(c); err != nil {
				return err
			}
			if len(s.Paths) == 0 {
				return noFile()
			}
			j := many.Job{Reads: true}
			return r.each(ctx, s, j, func(ctx context.Context, a *app.App, at discover.File) error {
				f := f
				f.Path = at.Path
				return content.FileStatus(ctx, a, f, o, content.StatusOptions{Details: details, Named: !r.single(s)})
			})
		},
	}
}
