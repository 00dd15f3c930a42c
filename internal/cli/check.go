package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/checking"
	"github.com/seed-1f7fdfb8/sops/internal/app/many"
	"github.com/seed-1f7fdfb8/sops/internal/command"
	"github.com/seed-1f7fdfb8/sops/internal/discover"
)

func (r *run) check() *command.Command {
	var common app.Common
	var staged bool
	s := many.Selection{Command: "check"}
	return &command.Command{
		Name:    "check",
		Summary: "find plaintext and damaged files before they are committed",
		Args:    "[FILE...]",
		Examples: `sops check -r .
sops check --staged
sops check --json -r .`,
		Help: `Needs no keys. It finds files that .sops.yaml says should be encrypted and are not,
readable values in encrypted files, damaged metadata, what a merge left, and files whose
keys or selection are not those of their rule. Each finding is one line, with the id of
what was looked for; values are never shown. Nothing is printed if nothing is wrong.

With --staged the index of git is checked, not the work tree: what is about to be
committed. The exit code is 1 if there is an error, 0 if there are at most warnings, and
2 if something could not be checked.`,
		Flags: join(r.common(&common), []*command.Flag{
			command.Bool(&staged, topicGit, "staged", "check what the next commit would change, as the index has it"),
		}, recursion(&s, "encrypted files, and those that should be,")),
		Run: func(ctx context.Context, c *command.Call) (err error) {
			if s.Paths, err = paths(c); err != nil {
				return &checking.Failed{Err: err}
			}
			wrong, err := r.checked(ctx, s, staged, common)
			if err == nil && wrong {
				return &many.Ended{Status: 1}
			}
			return err
		},
	}
}

// checked checks files of the work tree or of the index.
func (r *run) checked(ctx context.Context, s many.Selection, staged bool, c app.Common) (wrong bool, err error) {
	switch {
	case staged && s.Recursive:
		return false, &checking.Failed{Err: app.Fail(app.Conflict, "leave one of them out", "--staged and --recursive exclude each other")}
	case staged:
		return checking.Staged(ctx, r.app, s.Paths, c)
	case len(s.Paths) == 0:
		return false, &checking.Failed{Err: app.Fail(app.NoFile, "name files, or: sops check -r .", "no file specified")}
	}
	s.Wants = func(a *app.App, f discover.File) bool { return checking.Wants(a, f, c) }
	files, err := s.Files(ctx, r.app)
	if err != nil {
		return false, &checking.Failed{Err: err}
	}
	return checking.Files(ctx, r.app, files, c)
}
