package cli

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/app/content"
)

func (r *run) decrypt() *cli.Command {
	var o content.DecryptOptions
	return &cli.Command{
		Name:      "decrypt",
		Usage:     "decrypt a file",
		ArgsUsage: "[FILE]",
		Description: `sops decrypt prod.yaml
sops decrypt --extract '["db"]["password"]' prod.yaml
sops decrypt --aws-profile work prod.yaml

Without FILE standard input is read. Nothing is printed unless all of it is
sound.`,
		Flags: join(r.common(&o.Common), types(&o.File), target(&o.Target), access(&o.Access), opening(&o.Access), []cli.Flag{
			text(&o.Extract, topicFiles, "extract", "print only the value at `PATH`, such as '[\"a\"][0]'"),
		}),
		Action: func(ctx context.Context, c *cli.Command) (err error) {
			if o.Path, err = r.file(c, false); err != nil {
				return err
			}
			o.Part = c.IsSet("extract")
			return content.Decrypt(ctx, r.app, o)
		},
	}
}
