package cli

import (
	"context"
	"strconv"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

func (r *run) groups() *cli.Command {
	return &cli.Command{
		Name:  "groups",
		Usage: "add and delete key groups, several of which open a file together",
		Description: `sops groups add -i -f prod.yaml \
  --kms arn:aws:kms:eu-west-1:111122223333:alias/b
sops groups delete -i -f prod.yaml 1`,
		Commands: []*cli.Command{r.groupsAdd(), r.groupsDelete()},
	}
}

// groupFlags are those of both commands.
func (r *run) groupFlags(o *app.GroupOptions) []cli.Flag {
	return join(r.common(&o.Common), []cli.Flag{
		text(&o.Path, topicFiles, "file", "change the groups of `FILE`", "f"),
		text(&o.InputType, topicFiles, "input-type", "read the file as `TYPE`: yaml, json, dotenv, ini, binary"),
	}, target(&o.Target), []cli.Flag{
		&cli.IntFlag{Name: "shamir-secret-sharing-threshold", Destination: &o.Threshold, Category: topicKeys, Usage: "need `N` of the groups"},
		toggle(&o.AcceptKeys, topicKeys, "accept-keys", "wrap also for keys of the file that .sops.yaml does not name"),
		&cli.BoolFlag{Name: "unverified", Hidden: true}, // what it asked for is done in any case
	}, access(&o.Access))
}

func (r *run) groupsAdd() *cli.Command {
	var o app.GroupOptions
	return &cli.Command{
		Name:      "add",
		Usage:     "add a key group to a file",
		ArgsUsage: "--file FILE",
		Description: `sops groups add -i -f prod.yaml \
  --kms arn:aws:kms:eu-west-1:111122223333:alias/b
sops groups add -i -f prod.yaml --age age1... \
  --shamir-secret-sharing-threshold 2

The data key is split afresh and wrapped for all keys. Nothing is written unless
each of them succeeds. The file needs all of its groups unless you give a
threshold: with a group that only others can use, you need them to open it.`,
		Flags: join(r.groupFlags(&o), repeatedKeys(&o.Keys), []cli.Flag{contextFlag(&o.EncryptionContext)}),
		Action: func(ctx context.Context, c *cli.Command) error {
			if c.Args().Len() > 0 {
				return &usageError{msg: "groups add takes no arguments", hint: "name the file with --file"}
			}
			if o.Path == "" {
				return &fileFlagError{}
			}
			return r.app.AddGroup(ctx, o)
		},
	}
}

func (r *run) groupsDelete() *cli.Command {
	var o app.GroupOptions
	return &cli.Command{
		Name:      "delete",
		Usage:     "take a key group out of a file",
		ArgsUsage: "--file FILE INDEX",
		Description: `sops groups delete -i -f prod.yaml 1

INDEX counts from 0. Who had the deleted group can still open old copies of the
file, and this one with the data key of those; sops rotate makes a new one.`,
		Flags: r.groupFlags(&o),
		Action: func(ctx context.Context, c *cli.Command) (err error) {
			if o.Path == "" {
				return &fileFlagError{}
			}
			if c.Args().Len() != 1 {
				return &usageError{msg: "groups delete takes one INDEX", hint: "sops groups delete --file FILE INDEX"}
			}
			if o.Index, err = strconv.Atoi(c.Args().First()); err != nil {
				return &usageError{msg: strconv.Quote(c.Args().First()) + " is not the index of a group", hint: "groups count from 0"}
			}
			return r.app.DeleteGroup(ctx, o)
		},
	}
}

// A fileFlagError is the lack of --file; scripts know its exit code.
type fileFlagError struct{}

func (*fileFlagError) Error() string   { return "no file specified" }
func (*fileFlagError) ExitCode() int   { return 2 }
func (*fileFlagError) Hints() []string { return []string{"name it with --file FILE"} }

// repeatedKeys are the flags that name the keys of a new group.
func repeatedKeys(k *app.RepeatedKeys) []cli.Flag {
	var flags []cli.Flag
	for _, kind := range kinds.All() {
		flags = append(flags, repeated(k.Of(kind), topicKeys, kind.Flag, kind.UsageOne+" of the new group; repeatable"))
	}
	return flags
}
