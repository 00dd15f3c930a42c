package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app/content"
	"github.com/seed-1f7fdfb8/sops/internal/command"
)

func (r *run) decrypt() *command.Command {
	var o content.DecryptOptions
	extract := command.String(&o.Extract, topicFiles, "extract", "print only the value at `PATH`, such as '[\"a\"][0]'")
	extract.Values = r.paths
	return &command.Command{
		Name:    "decrypt",
		Summary: "decrypt a file",
		Args:    "[FILE]",
		Examples: `sops decrypt prod.yaml
sops decrypt --extract '["db"]["password"]' prod.yaml
sops decrypt --aws-profile work prod.yaml`,
		Help: `Without FILE standard input is read. Nothing is printed unless all of it is
sound.`,
		Flags: join(r.common(&o.Common), types(&o.File), target(&o.Target), access(&o.Access), reading(&o.Access), []*command.Flag{
			extract,
		}),
		Run: func(ctx context.Context, c *command.Call) (err error) {
			if o.Path, err = file(c, false); err != nil {
				return err
			}
			return content.Decrypt(ctx, r.app, o)
		},
	}
}
