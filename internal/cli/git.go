package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/gitsetup"
	"github.com/seed-1f7fdfb8/sops/internal/app/history"
	"github.com/seed-1f7fdfb8/sops/internal/command"
)

const topicGit = "GIT"

func (r *run) git() *command.Command {
	return &command.Command{
		Name:    "git",
		Summary: "let git merge, show and check encrypted files",
		Examples: `sops git setup
sops git diff HEAD~1
sops git setup --remove`,
		Commands: []*command.Command{r.gitSetup(), r.gitDiff()},
	}
}

func (r *run) gitSetup() *command.Command {
	var o gitsetup.Options
	var common app.Common
	return &command.Command{
		Name:    "setup",
		Summary: "set a clone up: merge driver, readable diffs, pre-commit hook",
		Examples: `sops git setup
sops git setup --check
sops git setup --remove`,
		Help: `It writes the settings merge.sops and diff.sops, which name this program by its path,
a line for each kind of encrypted file into .gitattributes, and a pre-commit hook that
runs: sops check --staged. What is there already is kept: a hook of yours gets a line only
with --append. Each clone needs it once; .gitattributes is for committing. Run it again
when encrypted files come into other directories.

git diff shows which values changed; --values makes it show them, wherever its
output goes. The exit code of --check is 2 if something is missing.`,
		Flags: join(r.common(&common), []*command.Flag{
			command.Bool(&o.Remove, topicGit, "remove", "take everything back"),
			command.Bool(&o.Check, topicGit, "check", "change nothing; say what is missing"),
			command.Bool(&o.Values, topicGit, "values", "let git diff show the values"),
			command.Bool(&o.Local, topicGit, "local", "write the attributes for this clone alone, not into .gitattributes"),
			command.Bool(&o.Global, topicGit, "global", "write the settings for all clones of this user"),
			command.Bool(&o.NoHook, topicGit, "no-hook", "set no pre-commit hook"),
			command.Bool(&o.Append, topicGit, "append", "add a line to a pre-commit hook that is there"),
			command.String(&o.Program, topicGit, "program", "let git run `PATH` instead of this program"),
		}),
		Run: func(ctx context.Context, c *command.Call) error {
			if len(c.Args) > 0 {
				return &command.UsageError{Msg: "git setup takes no arguments", Hint: "sops git setup"}
			}
			return gitsetup.Setup(ctx, r.app, o)
		},
	}
}

func (r *run) gitDiff() *command.Command {
	var o history.DiffOptions
	var common app.Common
	return &command.Command{
		Name:    "diff",
		Summary: "show which values of encrypted files changed",
		Args:    "[REVISION...] [FILE...]",
		Examples: `sops git diff
sops git diff --values HEAD~1 HEAD
sops git diff --staged --path prod.yaml`,
		Help: `REVISION is what git diff takes: none is the index and the work tree. Only the paths
of values are shown unless you ask for --values. Where no key is at hand, ciphertext is
compared, and a question mark says that a value was changed or encrypted anew.`,
		Flags: join(r.common(&common), []*command.Flag{
			command.Bool(&o.Staged, topicGit, "staged", "compare with the index instead of the work tree"),
			command.List(&o.Paths, topicGit, "path", "show only `FILE`, or what is below it; repeatable"),
			command.Bool(&o.Values, topicGit, "values", "show the values before and after"),
			command.Bool(&o.NoKeys, topicGit, "no-keys", "compare ciphertext, without any key"),
		}, access(&o.Access)),
		Run: func(ctx context.Context, c *command.Call) error {
			for _, arg := range c.Args {
				if command.IsFlag(arg) {
					return &command.UsageError{Msg: arg + " is no revision", Hint: "sops help git diff"}
				}
			}
			o.Args = c.Args
			return history.Diff(ctx, r.app, o)
		},
	}
}

// textconv is what git runs to show a file; `sops git setup` writes the line.
func (r *run) textconv() *command.Command {
	var o history.TextOptions
	var common app.Common
	return &command.Command{
		Name:    "textconv",
		Summary: "print what git shows of an encrypted file",
		Args:    "FILE",
		Hidden:  true,
		Flags: join(r.common(&common), []*command.Flag{
			command.Bool(&o.Values, topicGit, "values", "print the values"),
		}, access(&o.Access)),
		Run: func(ctx context.Context, c *command.Call) (err error) {
			if o.Path, err = file(c, true); err != nil {
				return err
			}
			return history.Text(ctx, r.app, o)
		},
	}
}

func (r *run) log() *command.Command {
	var o history.LogOptions
	var common app.Common
	return &command.Command{
		Name:    "log",
		Summary: "show by which commits the values of a file changed",
		Args:    "FILE [PATH]",
		Examples: `sops log prod.yaml
sops log prod.yaml '["db"]["password"]'
sops log --values -n 1 prod.yaml '["db"]["password"]'`,
		Help: `Newest first, out of the git repository of the file, without a checkout. A value that was
only encrypted anew did not change. Renamed files are followed by their ciphertext. Each
data key is asked for once, however many versions it opens; without a key, ciphertext is
compared, and a question mark says that a value was changed or encrypted anew.`,
		Flags: join(r.common(&common), []*command.Flag{
			command.Int(&o.Number, topicGit, "number", "show `N` versions", "n"),
			command.String(&o.From, topicGit, "from", "begin at `COMMIT` instead of HEAD"),
			command.Bool(&o.Values, topicGit, "values", "show the values before and after"),
			command.Bool(&o.NoKeys, topicGit, "no-keys", "compare ciphertext, without any key"),
		}, access(&o.Access)),
		Run: func(ctx context.Context, c *command.Call) error {
			switch len(c.Args) {
			case 0:
				return noFile()
			case 1, 2:
			default:
				return countError("log", "FILE [PATH]", 2, len(c.Args))
			}
			o.Path = c.Args[0]
			if len(c.Args) == 2 {
				o.Address = c.Args[1]
			}
			return history.Log(ctx, r.app, o)
		},
	}
}
