package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/content"
	"github.com/seed-1f7fdfb8/sops/internal/app/many"
	"github.com/seed-1f7fdfb8/sops/internal/command"
	"github.com/seed-1f7fdfb8/sops/internal/discover"
	"github.com/seed-1f7fdfb8/sops/tree"
)

const threshold = "shamir-secret-sharing-threshold"

// thresholdFlag is accepted by set and unset, as by SOPS, where it never did
// anything.
func thresholdFlag() *command.Flag {
	var unused int
	f := command.Int(&unused, topicKeys, threshold, "")
	f.Hidden = true
	return f
}

// warnOfThreshold says so.
func (r *run) warnOfThreshold(c *command.Call) {
	if c.Given(threshold) {
		r.app.Warnf("--%s has no effect here; to change the threshold of a file, use: sops updatekeys", threshold)
	}
}

func (r *run) set() *command.Command {
	var o content.SetOptions
	s := many.Selection{Command: "set"}
	return &command.Command{
		Name:    "set",
		Summary: "set one value of encrypted files",
		Args:    "FILE... PATH [VALUE]",
		Examples: `sops set prod.yaml '["db"]["password"]' '"s3cret"'
printf %s s3cret |
  sops set --value-stdin --value-raw prod.yaml '["db"]["password"]'
sops set --value-file --value-raw prod.yaml '["tls"]["key"]' key.pem
sops set -r secrets/ '["api"]["url"]' '"https://example.com"'`,
		Help: `VALUE is JSON. In a list, a position at the end appends. A value on the command
line can be seen by other users of the machine; --value-stdin cannot.`,
		Flags: join(r.common(&o.Common), types(&o.File), access(&o.Access), reading(&o.Access), []*command.Flag{
			command.Bool(&o.ValueFile, topicFiles, "value-file", "VALUE is the name of a file that holds the value"),
			command.Bool(&o.ValueStdin, topicFiles, "value-stdin", "read the value from standard input"),
			command.Bool(&o.ValueRaw, topicFiles, "value-raw", "the value is a text as it is, not JSON"),
			command.Bool(&o.Idempotent, topicFiles, "idempotent", "do nothing if the value is set already"),
			command.Bool(&o.FollowFile, topicFiles, "follow-file", "leave unencrypted what the rule in the file leaves so, though .sops.yaml encrypts it"),
			thresholdFlag(), inPlaceAlways(), r.dryRun(),
		}, recursion(&s, "encrypted files")),
		CompleteArgs: r.paths,
		Run: func(ctx context.Context, c *command.Call) error {
			want := 3
			if o.ValueStdin {
				want = 2
			}
			both := o.ValueStdin && o.ValueFile // are refused, with any number of arguments
			args := c.Args
			if both && len(args) >= 2 {
				args = args[:2]
			}
			if len(args) != want && !ofSeveral(args, want-1) {
				return countError("set", "FILE PATH VALUE", want, len(args))
			}
			s.Paths = args[:len(args)-want+1]
			if slices.Contains(s.Paths, "") {
				return noName()
			}
			o.Address = args[len(s.Paths)]
			if !o.ValueStdin {
				o.Value = args[len(s.Paths)+1]
			}
			r.warnOfThreshold(c)
			if !r.single(s) {
				var err error
				if o, err = o.Resolved(ctx, r.app); err != nil {
					return err
				}
			}
			return r.each(ctx, s, many.Job{Done: "set"}, func(ctx context.Context, a *app.App, f discover.File) error {
				o := o
				o.Path = f.Path
				return content.Set(ctx, a, o)
			})
		},
	}
}

func (r *run) unset() *command.Command {
	var o content.SetOptions
	s := many.Selection{Command: "unset"}
	return &command.Command{
		Name:     "unset",
		Summary:  "remove one value of encrypted files",
		Args:     "FILE... PATH",
		Examples: `sops unset prod.yaml '["db"]["old_password"]'`,
		Flags: join(r.common(&o.Common), types(&o.File), access(&o.Access), reading(&o.Access), []*command.Flag{
			command.Bool(&o.Idempotent, topicFiles, "idempotent", "do nothing if there is no such value"),
			thresholdFlag(), inPlaceAlways(), r.dryRun(),
		}, recursion(&s, "encrypted files")),
		CompleteArgs: r.paths,
		Run: func(ctx context.Context, c *command.Call) error {
			if len(c.Args) != 2 && !ofSeveral(c.Args, 1) {
				return countError("unset", "FILE PATH", 2, len(c.Args))
			}
			s.Paths, o.Address = c.Args[:len(c.Args)-1], c.Args[len(c.Args)-1]
			if slices.Contains(s.Paths, "") {
				return noName()
			}
			r.warnOfThreshold(c)
			return r.each(ctx, s, many.Job{Done: "unset"}, func(ctx context.Context, a *app.App, f discover.File) error {
				o := o
				o.Path = f.Path
				return content.Unset(ctx, a, o)
			})
		},
	}
}

// ofSeveral reports whether args are several files and then the arguments of the
// command, so many of them, of which the first is the path of a value. Anything
// else is most likely a word without quotes.
func ofSeveral(args []string, after int) bool {
	if len(args) <= after+1 {
		return false
	}
	_, err := tree.ParseAddress(args[len(args)-after])
	return err == nil
}

func countError(command, form string, want, got int) error {
	return app.Fail(app.NoFile, fmt.Sprintf("sops %s %s", command, form), "%s takes %d arguments, not %d", command, want, got)
}
