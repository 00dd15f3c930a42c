package cli

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/app/programs"
)

func (r *run) devkms() *cli.Command {
	return &cli.Command{
		Name:  "devkms",
		Usage: "AWS KMS and STS on this machine, for development and tests",
		Description: `sops devkms exec -- sops encrypt \
  --kms arn:aws:kms:us-east-1:111111111111:alias/sops-dev prod.yaml
eval "$(sops devkms serve &)"     # and when it is done: kill "$DEVKMS_PID"

It checks signatures, policies, encryption contexts and account borders as AWS
does. It listens on 127.0.0.1 only and is no place for real secrets.`,
		Commands: []*cli.Command{r.devkmsExec(), r.devkmsServe()},
	}
}

func devkmsFlags(o *programs.DevKMSOptions) []cli.Flag {
	return []cli.Flag{
		text(&o.World, topicOther, "world", "read accounts, roles, keys and policies from `FILE`"),
		text(&o.Dir, topicOther, "dir", "keep key material in `DIR`, so that what is encrypted today decrypts tomorrow"),
		text(&o.Audit, topicOther, "audit", "append one line of JSON for each call to `FILE`"),
		&cli.IntFlag{Name: "port", Destination: &o.Port, Category: topicOther, Usage: "listen on `PORT` (default: any free one)"},
	}
}

func (r *run) devkmsExec() *cli.Command {
	var o programs.DevKMSOptions
	return &cli.Command{
		Name:        "exec",
		Usage:       "run a program with its own AWS KMS and STS",
		ArgsUsage:   "-- PROGRAM [ARGUMENT...]",
		Description: `sops devkms exec --dir .devkms -- ./run-tests`,
		Flags:       devkmsFlags(&o),
		Action: func(ctx context.Context, c *cli.Command) error {
			return programs.DevKMSExec(ctx, r.app, o, c.Args().Slice())
		},
	}
}

func (r *run) devkmsServe() *cli.Command {
	var o programs.DevKMSOptions
	return &cli.Command{
		Name:        "serve",
		Usage:       "serve until Ctrl-C and print the variables to use",
		Description: `sops devkms serve --port 4599 --dir .devkms`,
		Flags:       devkmsFlags(&o),
		Action: func(ctx context.Context, _ *cli.Command) error {
			return programs.DevKMSServe(ctx, r.app, o)
		},
	}
}
