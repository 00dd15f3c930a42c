package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app/programs"
	"github.com/seed-1f7fdfb8/sops/internal/command"
)

func (r *run) devkms() *command.Command {
	return &command.Command{
		Name:    "devkms",
		Summary: "AWS KMS, STS and identities on this machine, for development and tests",
		Examples: `sops devkms exec -- sops encrypt \
  --kms arn:aws:kms:us-east-1:111111111111:alias/sops-dev prod.yaml
eval "$(sops devkms serve &)"     # and when it is done: kill "$DEVKMS_PID"`,
		Help: `It checks signatures, policies, encryption contexts and account borders as AWS
does, and gives out identities as SSO, instances, tasks and pods do. It listens on 127.0.0.1 only and is no place for real secrets.`,
		Commands: []*command.Command{r.devkmsExec(), r.devkmsServe()},
	}
}

func devkmsFlags(o *programs.DevKMSOptions) []*command.Flag {
	return []*command.Flag{
		command.String(&o.World, topicOther, "world", "read accounts, roles, keys and policies from `FILE`"),
		command.String(&o.Dir, topicOther, "dir", "keep key material in `DIR`, so that what is encrypted today decrypts tomorrow"),
		command.String(&o.Audit, topicOther, "audit", "append one line of JSON for each call to `FILE`"),
		command.String(&o.As, topicOther, "as", "give the environment of `WHO`: a profile, instance, task, pod, irsa ..."),
		command.Bool(&o.Proxy, topicOther, "proxy", "lead to it by HTTPS_PROXY, for programs that obey no AWS_ENDPOINT_URL"),
		command.Int(&o.Port, topicOther, "port", "listen on `PORT` (default: any free one)"),
	}
}

func (r *run) devkmsExec() *command.Command {
	var o programs.DevKMSOptions
	return &command.Command{
		Name:     "exec",
		Summary:  "run a program with its own AWS KMS and STS",
		Args:     "-- PROGRAM [ARGUMENT...]",
		Examples: `sops devkms exec --dir .devkms -- ./run-tests`,
		Flags:    devkmsFlags(&o),
		Run: func(ctx context.Context, c *command.Call) error {
			return programs.DevKMSExec(ctx, r.app, o, c.Args)
		},
	}
}

func (r *run) devkmsServe() *command.Command {
	var o programs.DevKMSOptions
	return &command.Command{
		Name:     "serve",
		Summary:  "serve until Ctrl-C and print the variables to use",
		Examples: `sops devkms serve --port 4599 --dir .devkms`,
		Flags:    devkmsFlags(&o),
		Run: func(ctx context.Context, _ *command.Call) error {
			return programs.DevKMSServe(ctx, r.app, o)
		},
	}
}
