package cli

import (
	"context"

	"github.com/seed-1f7fdfb8/sops/internal/app/setup"
	"github.com/seed-1f7fdfb8/sops/internal/app/simulate"
	"github.com/seed-1f7fdfb8/sops/internal/command"
)

func (r *run) kms() *command.Command {
	return &command.Command{
		Name:     "kms",
		Summary:  "print the AWS policies that files need, and what policies allow",
		Examples: `sops kms policy prod.yaml`,
		Commands: []*command.Command{r.kmsPolicy(), r.kmsSimulate()},
	}
}

func (r *run) kmsPolicy() *command.Command {
	var o setup.PolicyOptions
	return &command.Command{
		Name:    "policy",
		Summary: "print the role, trust and key policies that files need",
		Args:    "[FILE]",
		Examples: `sops kms policy prod.yaml
sops kms policy --encryption-context app:web \
  --kms arn:aws:kms:eu-west-1:111122223333:alias/prod
sops kms policy --only key --principal arn:aws:iam::111122223333:role/web \
  prod.yaml > policy.json`,
		Help: `Of an encrypted file its keys count, of any other those of the creation rule.
Nothing is called. Encryption contexts become conditions.`,
		Flags: join(r.common(&o.Common), []*command.Flag{
			command.String(&o.KMS, topicKeys, "kms", "for these AWS KMS keys: `ARN[+ROLE],...`", "k"),
			contextFlag(&o.EncryptionContext),
			command.List(&o.Principals, topicAWS, "principal", "the user of keys that name no role: `ARN`; repeatable"),
			command.Bool(&o.ReadOnly, topicAWS, "read-only", "allow to decrypt, not to encrypt"),
			command.String(&o.Only, topicAWS, "only", "print one `KIND` as bare JSON: identity, caller, trust, key"),
		}),
		Run: func(ctx context.Context, c *command.Call) (err error) {
			if o.Path, err = file(c, false); err != nil {
				return err
			}
			return setup.Policy(ctx, r.app, o)
		},
	}
}

func (r *run) kmsSimulate() *command.Command {
	o := simulate.Options{Action: "kms:Decrypt"}
	return &command.Command{
		Name:    "simulate",
		Summary: "say whether policies let a principal use a key, and why",
		Examples: `sops kms simulate --world builtin \
  --principal arn:aws:iam::111111111111:role/sops-dev \
  --key arn:aws:kms:us-east-1:111111111111:alias/sops-dev`,
		Help: `Nothing is called. Policies are JSON, as written or as the AWS CLI prints it. The
answer names the statement that decides, by file and line, and what would change
it. The exit status is 0 if the call is allowed, and 1 if it is not.`,
		Flags: []*command.Flag{
			command.String(&o.Principal, topicAWS, "principal", "who calls: the `ARN` of a user, role, session or account root"),
			command.String(&o.Action, topicAWS, "action", "what is called: an `ACTION` (default kms:Decrypt)"),
			command.String(&o.Resource, topicAWS, "key", "the `ARN` of the key or alias; of a role, for sts:AssumeRole"),
			contextFlag(&o.EncryptionContext),
			command.String(&o.World, topicAWS, "world", "take all policies from a world of devkms: `FILE`, or builtin"),
			command.String(&o.KeyPolicy, topicAWS, "key-policy", "the policy of the key: `FILE`"),
			command.List(&o.Identity, topicAWS, "identity-policy", "a policy of the caller: `FILE`; repeatable"),
			command.String(&o.Boundary, topicAWS, "boundary", "the permissions boundary of the caller: `FILE`"),
			command.String(&o.SessionPolicy, topicAWS, "session-policy", "the policy that the session was made with: `FILE`"),
			command.String(&o.TrustPolicy, topicAWS, "trust-policy", "the trust policy of the role to assume: `FILE`"),
			command.List(&o.SCPs, topicAWS, "scp", "a service control policy for the caller, a level each: `FILE`; repeatable"),
			command.List(&o.RCPs, topicAWS, "rcp", "a resource control policy for the key: `FILE`; repeatable"),
			command.List(&o.Grants, topicAWS, "grant", "grants of the key, as aws kms list-grants prints them: `FILE`; repeatable"),
			command.String(&o.Organization, topicAWS, "organization", "the organization of the accounts: `ID`"),
			command.List(&o.Conditions, topicAWS, "condition", "the value of a condition key: `KEY=VALUE,...`; repeatable"),
			command.List(&o.SessionTags, topicAWS, "session-tag", "a tag of the session: `KEY=VALUE`; repeatable"),
			command.Bool(&o.MFA, topicAWS, "mfa", "the caller has given an MFA code"),
			command.Bool(&r.app.JSON, topicOther, "json", "print the answer, errors and warnings as JSON"),
		},
		Run: func(ctx context.Context, c *command.Call) error { return simulate.Run(ctx, r.app, o) },
	}
}
