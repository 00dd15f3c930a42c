package cli

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/setup"
)

func (r *run) config() *cli.Command {
	return &cli.Command{
		Name:        "config",
		Usage:       "check the configuration, .sops.yaml",
		Description: `sops config check`,
		Commands:    []*cli.Command{r.configCheck()},
	}
}

func (r *run) configCheck() *cli.Command {
	var f app.File
	var o app.Common
	return &cli.Command{
		Name:      "check",
		Usage:     "print what is wrong or doubtful in the .sops.yaml in force",
		ArgsUsage: "[FILE]",
		Description: `sops config check
sops config check prod/db.yaml
sops config check --config other.yaml

Each error and each warning is one line, with its place. The exit code is 1 if
there are any. With FILE the configuration is the one that holds for it, and a
rule must match it; FILE need not exist. Other commands warn only of the rule
that they use.`,
		Flags: r.common(&o),
		Action: func(_ context.Context, c *cli.Command) (err error) {
			if f.Path, err = r.file(c, false); err != nil {
				return err
			}
			return setup.ConfigCheck(r.app, f, o)
		},
	}
}
