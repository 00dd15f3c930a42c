// Package awskey names keys of AWS KMS: ARNs, roles, profiles and encryption
// contexts, as flags, rules and files have them. It needs no AWS SDK.
package awskey

import (
	"maps"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Kind describes the keys of AWS KMS.
func Kind() *keeper.Kind {
	return &keeper.Kind{
		Name: keeper.KMS, Keys: "AWS KMS keys", Aliases: []string{"aws", "aws_kms"},
		Flag: "kms", Short: "k",
		Usage: "AWS KMS keys: `ARN[+ROLE],...`", UsageOne: "AWS KMS key: `ARN[+ROLE]`",
		Variables: variables(),
		Doc:       "AWS KMS keys, ARN or ARN+ROLE_ARN, as a list or with commas between them.",
		Example:   "arn:aws:kms:eu-west-1:111122223333:alias/sops",
		Fields:    fields(),
		Parse:     Parse, Check: check, CheckContext: CheckContext, Identity: identity,
	}
}

// variables are those of the environment, first that of keys to encrypt for.
func variables() []keeper.Variable {
	return []keeper.Variable{
		{Name: "SOPS_KMS_ARN", Meaning: "AWS KMS keys to encrypt for: ARN[+ROLE], separated by commas or white space"},
		{Name: "SOPS_KMS_ENCRYPTION_CONTEXT", Meaning: "the encryption context of AWS keys: K:V,K2:V2 or a JSON object"},
		{Name: "SOPS_AWS_PROFILE", Meaning: "like --aws-profile: P, ACCOUNT=P, separated by commas"},
		{Name: "SOPS_AWS_ROLE", Meaning: "like --aws-role: ARN, ACCOUNT=ARN, separated by commas"},
		{Name: "SOPS_AWS_NO_ASSUME_ROLE", Meaning: "like --no-assume-role"},
		{Name: "SOPS_AWS_STRICT_IDENTITY", Meaning: "like --strict-identity"},
		{Name: "SOPS_AWS_MFA_TOKEN", Meaning: "the MFA code, where there is no terminal to ask on"},
		{Name: "SOPS_AWS_ALLOW_ACCOUNTS", Meaning: "the only accounts that files may name"},
		{Name: "SOPS_AWS_ALLOW_ROLES", Meaning: "the only roles that files may name"},
		{Name: "SOPS_AWS_ALLOW_PROFILES", Meaning: "the only profiles that files may name"},
		{Name: "SOPS_AWS_MRK_REGIONS", Meaning: "regions to try for multi-region keys"},
		{Name: "SOPS_AWS_STS_REGIONS", Meaning: "regions whose STS may be asked for roles, beside that of the key; without it, two near to it"},
		{Name: "SOPS_AWS_SESSION_CACHE", Meaning: "true keeps sessions of roles in ~/.aws/cli/cache, as the AWS CLI does"},
		{Name: "AWS_ROLE_SESSION_NAME", Meaning: "the session name of assumed roles (default sops@HOST)"},
	}
}

func fields() []keeper.FieldRule {
	return []keeper.FieldRule{
		{
			Name: FieldARN, Required: true,
			Element: FieldARN, Doc: "ARN of the key or of an alias; ARN+ROLE_ARN is understood too.", Meant: []string{"key_id"},
			RuleHint: "write kms: KEY_ARN here; arn: is for the elements of kms in key_groups",
		},
		{
			Name: FieldRole, Route: true,
			Element: FieldRole, Doc: "ARN of the role to assume for the use of the key.", Meant: []string{"role_arn"},
			RuleHint: "write the role after the key, as kms: KEY_ARN+ROLE_ARN, or use key_groups with a role beside each arn",
		},
		{
			Name: FieldContext, Map: true,
			Element: FieldContext, Doc: "Encryption context of this key.",
			InRule: "encryption_context", InRuleDoc: "Encryption context of the AWS KMS keys that have none of their own.",
			RuleHint: "write encryption_context: here, or context: beside an arn in key_groups",
		},
		{
			Name: FieldProfile, Route: true, Always: true,
			Element: FieldProfile, Doc: "Profile of the AWS configuration for this key.", Meant: []string{"profile"},
			InRule: FieldProfile, InRuleDoc: "Profile of the AWS configuration for all keys of kms.",
		},
	}
}

func check(m keeper.MasterKey) (keeper.MasterKey, error) {
	return New(m.Text(FieldARN), m.Text(FieldRole), m.Text(FieldProfile), m.Map(FieldContext))
}

// identity returns ARN[+ROLE][|CONTEXT][|PROFILE].
func identity(m keeper.MasterKey) string {
	id := m.Text(FieldARN)
	if role := m.Text(FieldRole); role != "" {
		id += "+" + role
	}
	var pairs []string
	context := m.Map(FieldContext)
	for _, k := range slices.Sorted(maps.Keys(context)) {
		pairs = append(pairs, k+":"+context[k])
	}
	texts := strings.Join(pairs, ",")
	if profile := m.Text(FieldProfile); profile != "" {
		return id + "|" + texts + "|" + profile
	}
	if texts != "" {
		return id + "|" + texts
	}
	return id
}
