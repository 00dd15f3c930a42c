package cli

import (
	"context"
	"slices"
	"strconv"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/many"
	"github.com/seed-1f7fdfb8/sops/internal/app/rekey"
	"github.com/seed-1f7fdfb8/sops/internal/command"
	"github.com/seed-1f7fdfb8/sops/internal/discover"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

func (r *run) groups() *command.Command {
	return &command.Command{
		Name:    "groups",
		Summary: "add and delete key groups, several of which decrypt a file together",
		Examples: `sops groups add -i -f prod.yaml \
  --kms arn:aws:kms:eu-west-1:111122223333:alias/b
sops groups delete -i -f prod.yaml 1`,
		Commands: []*command.Command{r.groupsAdd(), r.groupsDelete()},
	}
}

// groupFlags are those of both commands.
func (r *run) groupFlags(o *rekey.GroupOptions, s *many.Selection) []*command.Flag {
	files := command.List(&s.Paths, topicFiles, "file", "change the groups of `FILE`; repeatable")
	files.Aliases = []string{"f"}
	return join(r.common(&o.Common), []*command.Flag{
		files,
		inputType(&o.InputType, "file"),
	}, target(&o.Target), recursion(s, "encrypted files"), []*command.Flag{
		r.dryRun(),
		command.Int(&o.Threshold, topicKeys, "shamir-secret-sharing-threshold", "need `N` of the groups"),
		command.Bool(&o.AcceptKeys, topicKeys, "accept-keys", "wrap also for keys of the file that .sops.yaml does not name"),
		{Name: "unverified", Hidden: true, Bool: true}, // what it asked for is done in any case
	}, access(&o.Access))
}

func (r *run) groupsAdd() *command.Command {
	var o rekey.GroupOptions
	s := many.Selection{Command: "groups add -i"}
	return &command.Command{
		Name:    "add",
		Summary: "add a key group to a file",
		Args:    "--file FILE",
		Examples: `sops groups add -i -f prod.yaml \
  --kms arn:aws:kms:eu-west-1:111122223333:alias/b
sops groups add -i -f prod.yaml --age age1... \
  --shamir-secret-sharing-threshold 2`,
		Help: `The data key is split again and wrapped for all keys. Nothing is written unless
each of them succeeds. The file needs all of its groups unless you give a
threshold: with a group that only others can use, you need them to decrypt it.`,
		Flags: join(r.groupFlags(&o, &s), repeatedKeys(&o.Keys), []*command.Flag{contextFlag(&o.EncryptionContext, contextOfKeys)}),
		Run: func(ctx context.Context, c *command.Call) error {
			if len(c.Args) > 0 {
				return &command.UsageError{Msg: "groups add takes no arguments", Hint: "name the file with --file"}
			}
			if len(s.Paths) == 0 || slices.Contains(s.Paths, "") {
				return noFileFlag()
			}
			return r.eachInto(ctx, c, s, o.Target, many.Job{Done: "given a group"}, func(ctx context.Context, a *app.App, f discover.File, to app.Target) error {
				o := o
				o.Path, o.Target = f.Path, to
				return rekey.AddGroup(ctx, a, o)
			})
		},
	}
}

func (r *run) groupsDelete() *command.Command {
	var o rekey.GroupOptions
	s := many.Selection{Command: "groups delete -i"}
	return &command.Command{
		Name:     "delete",
		Summary:  "remove a key group from a file",
		Args:     "--file FILE INDEX",
		Examples: `sops groups delete -i -f prod.yaml 1`,
		Help: `INDEX counts from 0. The deleted group can still decrypt old copies of the
file, and this one with the data key of those; sops rotate makes a new one.`,
		Flags: r.groupFlags(&o, &s),
		Run: func(ctx context.Context, c *command.Call) (err error) {
			if len(s.Paths) == 0 || slices.Contains(s.Paths, "") {
				return noFileFlag()
			}
			if len(c.Args) != 1 {
				return &command.UsageError{Msg: "groups delete takes one INDEX", Hint: "sops groups delete --file FILE INDEX"}
			}
			if o.Index, err = strconv.Atoi(c.Args[0]); err != nil {
				return &command.UsageError{Msg: strconv.Quote(c.Args[0]) + " is not the index of a group", Hint: "groups count from 0"}
			}
			return r.eachInto(ctx, c, s, o.Target, many.Job{Done: "relieved of a group"}, func(ctx context.Context, a *app.App, f discover.File, to app.Target) error {
				o := o
				o.Path, o.Target = f.Path, to
				return rekey.DeleteGroup(ctx, a, o)
			})
		},
	}
}

// noFileFlag is the lack of --file; scripts know its exit code.
func noFileFlag() error {
	return app.Fail(app.Input, "name it with --file FILE", "no file specified")
}

// repeatedKeys are the flags that name the keys of a new group.
func repeatedKeys(k *app.RepeatedKeys) []*command.Flag {
	var flags []*command.Flag
	for _, kind := range kinds.All() {
		flags = append(flags, command.List(k.Of(kind), topicKeys, kind.Flag, kind.UsageOne+" of the new group; repeatable"))
	}
	return flags
}
