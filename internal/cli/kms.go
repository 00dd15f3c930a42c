package cli

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/seed-1f7fdfb8/sops/internal/app/setup"
)

func (r *run) kms() *cli.Command {
	return &cli.Command{
		Name:        "kms",
		Usage:       "print the AWS policies that files need",
		Description: `sops kms policy prod.yaml`,
		Commands:    []*cli.Command{r.kmsPolicy()},
	}
}

func (r *run) kmsPolicy() *cli.Command {
	var o setup.PolicyOptions
	return &cli.Command{
		Name:      "policy",
		Usage:     "print the role, trust and key policies that files need",
		ArgsUsage: "[FILE]",
		Description: `sops kms policy prod.yaml
sops kms policy --encryption-context app:web \
  --kms arn:aws:kms:eu-west-1:111122223333:alias/prod
sops kms policy --only key --principal arn:aws:iam::111122223333:role/web \
  prod.yaml > policy.json

Of an encrypted file its keys count, of any other those of the creation rule.
Nothing is called. Encryption contexts become conditions.`,
		Flags: join(r.common(&o.Common), []cli.Flag{
			text(&o.KMS, topicKeys, "kms", "for these AWS KMS keys: `ARN[+ROLE],...`", "k"),
			contextFlag(&o.EncryptionContext),
			repeated(&o.Principals, topicAWS, "principal", "who uses keys that name no role: `ARN`; repeatable"),
			toggle(&o.ReadOnly, topicAWS, "read-only", "allow to decrypt, not to encrypt"),
			text(&o.Only, topicAWS, "only", "print one `KIND` as bare JSON: identity, caller, trust, key"),
		}),
		Action: func(ctx context.Context, c *cli.Command) (err error) {
			if o.Path, err = r.file(c, false); err != nil {
				return err
			}
			return setup.Policy(ctx, r.app, o)
		},
	}
}
