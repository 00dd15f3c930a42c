package cli

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/app/content"
)

// thresholdFlag is accepted by set and unset, as by SOPS, where it never did
// anything.
func thresholdFlag() cli.Flag {
	return &cli.IntFlag{Name: "shamir-secret-sharing-threshold", Hidden: true, Action: func(context.Context, *cli.Command, int) error {
		return &usageError{msg: "the threshold of a file cannot be changed while setting a value", hint: "leave --shamir-secret-sharing-threshold out"}
	}}
}

func (r *run) set() *cli.Command {
	var o content.SetOptions
	return &cli.Command{
		Name:      "set",
		Usage:     "set one value of an encrypted file",
		ArgsUsage: "FILE PATH [VALUE]",
		Description: `sops set prod.yaml '["db"]["password"]' '"s3cret"'
printf %s s3cret |
  sops set --value-stdin --value-raw prod.yaml '["db"]["password"]'
sops set --value-file --value-raw prod.yaml '["tls"]["key"]' key.pem

VALUE is JSON. In a list, a position at the end appends. A value on the command
line can be seen by other users of the machine; --value-stdin cannot.`,
		Flags: join(r.common(&o.Common), types(&o.File), access(&o.Access), opening(&o.Access), []cli.Flag{
			toggle(&o.ValueFile, topicFiles, "value-file", "VALUE is the name of a file that holds the value"),
			toggle(&o.ValueStdin, topicFiles, "value-stdin", "read the value from standard input"),
			toggle(&o.ValueRaw, topicFiles, "value-raw", "the value is a text as it stands, not JSON"),
			toggle(&o.Idempotent, topicFiles, "idempotent", "do nothing if the value is set already"),
			toggle(&o.FollowFile, topicFiles, "follow-file", "write in clear what the rule in the file leaves in clear, though .sops.yaml encrypts it"),
			thresholdFlag(), inPlaceAlways(),
		}),
		Action: func(ctx context.Context, c *cli.Command) error {
			args := c.Args().Slice()
			want := 3
			if o.ValueStdin && !o.ValueFile { // both are refused in any case
				want = 2
			}
			if len(args) != want {
				return countError("set", "FILE PATH VALUE", want, len(args))
			}
			if args[0] == "" {
				return &noNameError{}
			}
			o.Path, o.Address = args[0], args[1]
			if !o.ValueStdin {
				o.Value = args[2]
			}
			return content.Set(ctx, r.app, o)
		},
	}
}

func (r *run) unset() *cli.Command {
	var o content.SetOptions
	return &cli.Command{
		Name:        "unset",
		Usage:       "remove one value of an encrypted file",
		ArgsUsage:   "FILE PATH",
		Description: `sops unset prod.yaml '["db"]["old_password"]'`,
		Flags: join(r.common(&o.Common), types(&o.File), access(&o.Access), opening(&o.Access), []cli.Flag{
			toggle(&o.Idempotent, topicFiles, "idempotent", "do nothing if there is no such value"),
			thresholdFlag(), inPlaceAlways(),
		}),
		Action: func(ctx context.Context, c *cli.Command) error {
			args := c.Args().Slice()
			if len(args) != 2 {
				return countError("unset", "FILE PATH", 2, len(args))
			}
			if args[0] == "" {
				return &noNameError{}
			}
			o.Path, o.Address = args[0], args[1]
			return content.Unset(ctx, r.app, o)
		},
	}
}

type argumentsError struct{ msg, hint string }

func (e *argumentsError) Error() string   { return e.msg }
func (e *argumentsError) ExitCode() int   { return 100 }
func (e *argumentsError) Hints() []string { return []string{e.hint} }

func countError(command, form string, want, got int) error {
	return &argumentsError{
		msg:  fmt.Sprintf("%s takes %d arguments, not %d", command, want, got),
		hint: fmt.Sprintf("sops %s %s", command, form),
	}
}
