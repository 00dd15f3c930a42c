package cli

import (
	"context"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/many"
	"github.com/seed-1f7fdfb8/sops/internal/command"
	"github.com/seed-1f7fdfb8/sops/internal/discover"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
)

// recursion are the flags of commands that take directories.
func recursion(s *many.Selection, what string) []*command.Flag {
	return []*command.Flag{
		command.Bool(&s.Recursive, topicFiles, "recursive", "take also the "+what+" below directories", "r"),
		command.Bool(&s.Ignored, topicFiles, "no-ignore", "with -r: look also at what git ignores"),
	}
}

// dryRun is the flag of commands that write files.
func (r *run) dryRun() *command.Flag {
	return command.Bool(&r.app.DryRun, topicFiles, "dry-run", "write nothing and say what would change; the exit code is 2 if something would")
}

// intoDirectory is the flag of commands that make other files of files.
func intoDirectory(s *many.Selection) *command.Flag {
	return command.String(&s.Directory, topicFiles, "output-dir", "write each result below `DIR`, under the name of its file")
}

// paths returns the files that a command was given.
func paths(c *command.Call) ([]string, error) {
	if slices.Contains(c.Args, "") {
		return nil, noName()
	}
	return c.Args, nil
}

// single reports whether a command works on one file, in the way of SOPS: without a report.
func (r *run) single(s many.Selection) bool {
	return len(s.Paths) <= 1 && !s.Recursive && !r.app.DryRun && s.Directory == ""
}

// each does work for one file, or with a report for each of several.
func (r *run) each(ctx context.Context, s many.Selection, j many.Job, work func(context.Context, *app.App, discover.File) error) error {
	if r.single(s) {
		return work(ctx, r.app, discover.File{Path: s.Paths[0]})
	}
	j.Exit = ExitStatus
	j.Work = work
	return many.Run(ctx, r.app, s, j)
}

// eachInto is each for commands that write to standard output unless a flag names
// another place: only one result can go there.
func (r *run) eachInto(ctx context.Context, c *command.Call, s many.Selection, to app.Target, j many.Job, work func(context.Context, *app.App, discover.File, app.Target) error) error {
	if len(s.Paths) == 0 {
		s.Paths = []string{""} // standard input
	}
	if r.single(s) {
		return work(ctx, r.app, discover.File{Path: s.Paths[0]}, to)
	}
	several := s.Recursive || len(s.Paths) > 1
	switch {
	case s.Directory != "" && (to.InPlace || to.Output != ""):
		return app.Fail(app.Conflict, "leave them out", "--output-dir says where results go; --in-place and --output say otherwise")
	case several && to.Output != "":
		return app.Fail(app.Conflict, "name a directory with --output-dir, or add -i", "--output names one file, and there are several results")
	case several && !to.InPlace && s.Directory == "" && !(r.app.DryRun && j.Same != ""):
		return tooMany(c, s)
	}
	j.Exit = ExitStatus
	j.Work = func(ctx context.Context, a *app.App, f discover.File) error {
		to := to
		if s.Directory != "" {
			var err error
			if to.Output, err = s.Into(a, f); err != nil {
				return err
			}
		}
		return work(ctx, a, f, to)
	}
	return many.Run(ctx, r.app, s, j)
}

// tooMany is the mistake of giving several files to a command that writes its
// result to standard output.
func tooMany(c *command.Call, s many.Selection) error {
	what := "below a directory"
	if len(s.Paths) > 1 {
		what = "such as " + hint.Path(s.Paths[1])
	}
	advice := "add -i to write each over itself"
	for _, f := range c.Command.Flags {
		if f.Name == "output-dir" {
			advice += ", or --output-dir DIR"
		}
	}
	return &command.UsageError{
		Msg:  "sops " + c.Command.Name + " writes one file to standard output, so nothing was done: there are more, " + what,
		Hint: advice,
	}
}
