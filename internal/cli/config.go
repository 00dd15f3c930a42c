package cli

import (
	"context"
	"io"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/content"
	"github.com/seed-1f7fdfb8/sops/internal/app/setup"
	"github.com/seed-1f7fdfb8/sops/internal/command"
	"github.com/seed-1f7fdfb8/sops/internal/config"
)

func (r *run) config() *command.Command {
	return &command.Command{
		Name:     "config",
		Summary:  "check and explain the configuration, .sops.yaml",
		Examples: `sops config check`,
		Commands: []*command.Command{r.configCheck(), r.configExplain(), r.configSchema()},
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

func (r *run) configExplain() *command.Command {
	var f app.File
	var o app.Common
	var access app.Access
	return &command.Command{
		Name:    "explain",
		Summary: "print which rule holds for a file, and what it means",
		Args:    "FILE",
		Examples: `sops config explain prod/db.yaml
sops config explain --json new.yaml`,
		Help: `Prints which configuration holds for FILE, which of its rules were looked at and
which one matched, the keys with their roles and profiles, and the paths of the
values that would be encrypted and of those that would stay readable. No key is
asked, and no value is shown. FILE need not exist.`,
		Flags: join(r.common(&o), []*command.Flag{inputType(&f.InputType, "file")}),
		Run: func(ctx context.Context, c *command.Call) (err error) {
			if f.Path, err = file(c, true); err != nil {
				return err
			}
			return content.Explain(ctx, r.app, f, o, access)
		},
	}
}

func (r *run) configSchema() *command.Command {
	return &command.Command{
		Name:     "schema",
		Summary:  "print the JSON Schema of .sops.yaml, for editors",
		Examples: `sops config schema > .sops.schema.json`,
		Help: `An editor with a YAML language server completes and checks .sops.yaml with it. Its
first line is then: # yaml-language-server: $schema=.sops.schema.json`,
		Run: func(_ context.Context, c *command.Call) error {
			_, err := io.WriteString(r.app.Stdout, config.Schema())
			return err
		},
	}
}
