package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/setup"
	"github.com/seed-1f7fdfb8/sops/internal/command"
)

func (r *run) config() *command.Command {
	return &command.Command{
		Name:     "config",
		Summary:  "check the configuration, .sops.yaml",
		Examples: `sops config check`,
		Commands: []*command.Command{r.configCheck()},
	}
}

func (r *run) configCheck() *command.Command {
	var f app.File
	var o app.Common
	return &command.Command{
		Name:    "check",
		Summary: "print what is wrong or doubtful in the .sops.yaml in force",
		Args:    "[FILE]",
		Examples: `sops config check
sops config check prod/db.yaml
sops config check --config other.yaml`,
		Help: `Each error and each warning is one line, with its place. The exit code is 1 if
there are any. With FILE the configuration is the one that holds for it, and a
rule must match it; FILE need not exist. Other commands warn only of the rule
that they use.`,
		Flags: r.common(&o),
		Run: func(_ context.Context, c *command.Call) (err error) {
			if f.Path, err = file(c, false); err != nil {
				return err
			}
			return setup.ConfigCheck(r.app, f, o)
		},
	}
}
