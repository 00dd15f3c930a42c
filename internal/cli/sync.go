package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/many"
	"github.com/seed-1f7fdfb8/sops/internal/app/rekey"
	"github.com/seed-1f7fdfb8/sops/internal/command"
	"github.com/seed-1f7fdfb8/sops/internal/discover"
)

func (r *run) sync() *command.Command {
	o := rekey.UpdateKeysOptions{Select: true}
	s := many.Selection{Command: "sync"}
	check := command.Bool(&r.app.DryRun, topicFiles, "check", "the same as --dry-run, for CI")
	return &command.Command{
		Name:    "sync",
		Summary: "make keys and encrypted values of files those of .sops.yaml",
		Args:    "FILE...",
		Examples: `sops sync --check -r .
sops sync -r .
sops sync -y prod.yaml`,
		Help: `Shows the plan for all files and asks once. Keys, groups, threshold and encryption
contexts become those of the rule, as with updatekeys; values that the rule
selects become encrypted, and others readable (with -y only where
--accept-readable says so). What stays encrypted keeps its
ciphertext, and the file its data key.`,
		Flags: join(r.common(&o.Common), recursion(&s, "encrypted files"), []*command.Flag{
			command.Bool(&o.Yes, topicFiles, "yes", "do not ask", "y"),
			command.Bool(&o.AcceptReadable, topicFiles, "accept-readable", "with -y: also leave readable what a file has encrypted"),
			check, r.dryRun(),
			inputType(&o.InputType, "files"),
			command.Bool(&o.Reorder, topicKeys, "reorder", "put keys into the order of the rule"),
			command.Bool(&o.AllowPartial, topicKeys, "allow-partial", "leave out new keys that cannot be wrapped, with a warning for each"),
			command.Bool(&o.DropContext, topicAWS, "drop-context", "do not keep contexts that the file has and the rule has not"),
		}, access(&o.Access)),
		Run: func(ctx context.Context, c *command.Call) (err error) {
			if s.Paths, err = paths(c); err != nil {
				return err
			}
			return r.planned(ctx, s, many.Job{Done: "brought to the rule"}, o)
		},
	}
}

// planned gives files the keys of their rules, after one question for all.
func (r *run) planned(ctx context.Context, s many.Selection, j many.Job, o rekey.UpdateKeysOptions) error {
	if !o.Yes {
		j.Question = "Is this what you want? (y/n):"
	}
	j.Exit = ExitStatus
	j.Work = func(ctx context.Context, a *app.App, f discover.File) error { return rekey.Sync(ctx, a, f.Path, o) }
	return many.Run(ctx, r.app, s, j)
}
