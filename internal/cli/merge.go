package cli

import (
	"cmp"
	"context"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app/merging"
	"github.com/seed-1f7fdfb8/sops/internal/command"
	"github.com/seed-1f7fdfb8/sops/internal/mergefile"
)

const topicMerge = "MERGE"

// mergeFlags are those of every way to merge.
func (r *run) mergeFlags(o *merging.Options) []*command.Flag {
	return join(r.common(&o.Common), []*command.Flag{
		inputType(&o.InputType, "files"),
		command.Bool(&o.NoRenames, topicMerge, "no-renames", "take a renamed key for one that is gone and one that is new"),
		command.Bool(&o.ListUnion, topicMerge, "list-union", "where both sides add elements at one place of a list, take ours, then theirs"),
		command.Bool(&o.StrictKeys, topicMerge, "strict-keys", "make a conflict of a list of keys that both sides changed, instead of their union"),
	}, access(&o.Access))
}

func (r *run) merge() *command.Command {
	var o merging.FileOptions
	var resolve merging.ResolveOptions
	var again, ours, theirs bool
	return &command.Command{
		Name:    "merge",
		Summary: "merge encrypted files, and resolve the conflicts of a merge",
		Args:    "BASE OURS THEIRS | --continue [FILE...]",
		Examples: `sops merge --list                   # conflicts, without values
sops merge --continue prod.yaml     # all sides in the editor
sops merge --theirs --path '["db"]["password"]' prod.yaml
sops merge -o merged.yaml base.yaml ours.yaml theirs.yaml`,
		Help: `With three files it merges the changes of OURS and THEIRS since BASE. Values that did
not change keep their ciphertext; nothing is ever written unencrypted. What both sides
changed differently stays in the file, with all sides, encrypted: the file is refused by
every command, and by SOPS, until --continue, --ours or --theirs resolves it. Without a
FILE these look for all such files of the git repository. To let git merge encrypted
files, use: sops git setup

The exit code is 1 as long as conflicts are left.`,
		Flags: join(r.mergeFlags(&o.Options), []*command.Flag{
			command.Bool(&again, topicMerge, "continue", "resolve the conflicts of the files in the editor"),
			command.Bool(&ours, topicMerge, "ours", "resolve them with what our side has"),
			command.Bool(&theirs, topicMerge, "theirs", "resolve them with what the other side has"),
			command.List(&resolve.Only, topicMerge, "path", "resolve only the conflict at `PATH`; repeatable"),
			command.Bool(&resolve.Listed, topicMerge, "list", "print the conflicts, without values"),
			command.String(&o.Name, topicFiles, "filename-override", "let `NAME` decide on the type instead of the name of OURS"),
			command.String(&o.Output, topicFiles, "output", "write the result to `FILE`", "o"),
		}),
		Run: func(ctx context.Context, c *command.Call) error {
			n := 0
			for _, on := range []bool{again, ours, theirs, resolve.Listed} {
				if on {
					n++
				}
			}
			switch {
			case n > 1:
				return &command.UsageError{Msg: "give one of --continue, --list, --ours and --theirs", Hint: "sops help merge"}
			case n == 1:
				resolve.Options, resolve.Paths = o.Options, c.Args
				if ours {
					resolve.Side = mergefile.Ours
				}
				if theirs {
					resolve.Side = mergefile.Theirs
				}
				return merging.Resolve(ctx, r.app, resolve)
			case len(c.Args) != 3:
				return countError("merge", "BASE OURS THEIRS", 3, len(c.Args))
			}
			o.Base, o.Ours, o.Theirs = c.Args[0], c.Args[1], c.Args[2]
			if o.Name == "" {
				o.Name = o.Ours
			}
			o.Shown = cmp.Or(o.Output, o.Ours)
			o.Labels = [3]string{o.Base, o.Ours, o.Theirs}
			return merging.Files(ctx, r.app, o)
		},
	}
}

// mergeDriver is what git runs; `sops git setup` writes the line.
func (r *run) mergeDriver() *command.Command {
	var o merging.DriverOptions
	return &command.Command{
		Name:    "merge-driver",
		Summary: "merge three files of git",
		Args:    "BASE OURS THEIRS MARKER-SIZE PATH [BASE-LABEL OUR-LABEL THEIR-LABEL]",
		Hidden:  true,
		Flags:   r.mergeFlags(&o.Options),
		Run: func(ctx context.Context, c *command.Call) error {
			if len(c.Args) < 5 {
				return countError("merge-driver", "%O %A %B %L %P %S %X %Y", 8, len(c.Args))
			}
			o.Base, o.Ours, o.Theirs, o.Path = c.Args[0], c.Args[1], c.Args[2], c.Args[4]
			for i, label := range c.Args[5:min(len(c.Args), 8)] {
				if !strings.HasPrefix(label, "%") { // which git before 2.45 leaves
					o.Labels[i] = label
				}
			}
			return merging.Driver(ctx, r.app, o)
		},
	}
}
