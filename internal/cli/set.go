package cli

import (
	"context"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/app/content"
	"github.com/seed-1f7fdfb8/sops/internal/command"
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
	return &command.Command{
		Name:    "set",
		Summary: "set one value of an encrypted file",
		Args:    "FILE PATH [VALUE]",
		Examples: `sops set prod.yaml '["db"]["password"]' '"s3cret"'
printf %s s3cret |
  sops set --value-stdin --value-raw prod.yaml '["db"]["password"]'
sops set --value-file --value-raw prod.yaml '["tls"]["key"]' key.pem`,
		Help: `VALUE is JSON. In a list, a position at the end appends. A value on the command
line can be seen by other users of the machine; --value-stdin cannot.`,
		Flags: join(r.common(&o.Common), types(&o.File), access(&o.Access), reading(&o.Access), []*command.Flag{
			command.Bool(&o.ValueFile, topicFiles, "value-file", "VALUE is the name of a file that holds the value"),
			command.Bool(&o.ValueStdin, topicFiles, "value-stdin", "read the value from standard input"),
			command.Bool(&o.ValueRaw, topicFiles, "value-raw", "the value is a text as it is, not JSON"),
			command.Bool(&o.Idempotent, topicFiles, "idempotent", "do nothing if the value is set already"),
			command.Bool(&o.FollowFile, topicFiles, "follow-file", "leave unencrypted what the rule in the file leaves so, though .sops.yaml encrypts it"),
			thresholdFlag(), inPlaceAlways(),
		}),
		CompleteArgs: r.paths,
		Run: func(ctx context.Context, c *command.Call) error {
			want := 3
			if o.ValueStdin {
				want = 2
			}
			both := o.ValueStdin && o.ValueFile // are refused, with any number of arguments
			if len(c.Args) != want && (!both || len(c.Args) < 2) {
				return countError("set", "FILE PATH VALUE", want, len(c.Args))
			}
			if c.Args[0] == "" {
				return noName()
			}
			o.Path, o.Address = c.Args[0], c.Args[1]
			if !o.ValueStdin {
				o.Value = c.Args[2]
			}
			r.warnOfThreshold(c)
			return content.Set(ctx, r.app, o)
		},
	}
}

func (r *run) unset() *command.Command {
	var o content.SetOptions
	return &command.Command{
		Name:     "unset",
		Summary:  "remove one value of an encrypted file",
		Args:     "FILE PATH",
		Examples: `sops unset prod.yaml '["db"]["old_password"]'`,
		Flags: join(r.common(&o.Common), types(&o.File), access(&o.Access), reading(&o.Access), []*command.Flag{
			command.Bool(&o.Idempotent, topicFiles, "idempotent", "do nothing if there is no such value"),
			thresholdFlag(), inPlaceAlways(),
		}),
		CompleteArgs: r.paths,
		Run: func(ctx context.Context, c *command.Call) error {
			if len(c.Args) != 2 {
				return countError("unset", "FILE PATH", 2, len(c.Args))
			}
			if c.Args[0] == "" {
				return noName()
			}
			o.Path, o.Address = c.Args[0], c.Args[1]
			r.warnOfThreshold(c)
			return content.Unset(ctx, r.app, o)
		},
	}
}

func countError(command, form string, want, got int) error {
	return app.Fail(app.NoFile, fmt.Sprintf("sops %s %s", command, form), "%s takes %d arguments, not %d", command, want, got)
}
