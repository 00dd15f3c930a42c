package devkms_test

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const (
	arnAlice   = "arn:aws:iam::111111111111:user/alice"
	arnBob     = "arn:aws:iam::111111111111:user/bob"
	accountOne = "arn:aws:iam::111111111111:root"

	appRole    = "arn:aws:iam::111111111111:role/example-app"
	prodRole   = "arn:aws:iam::222222222222:role/sops-prod"
	relayRole  = "arn:aws:iam::111111111111:role/relay"
	chainRole  = "arn:aws:iam::222222222222:role/chained"
	extRole    = "arn:aws:iam::111111111111:role/external"
	mfaRole    = "arn:aws:iam::111111111111:role/careful"
	carolMFA   = "arn:aws:iam::111111111111:mfa/carol"
	externalID = "sops-external-id"
)

// policyOf builds a policy document of statements.
func policyOf(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// allowTo is a statement of a key policy; more is added as it is.
func allowTo(principal, action, more string) string {
	return statementOf("Allow", principal, action, more)
}

func denyTo(principal, action, more string) string {
	return statementOf("Deny", principal, action, more)
}

func statementOf(effect, principal, action, more string) string {
	return fmt.Sprintf(`{"Effect":%q,"Principal":{"AWS":%q},"Action":%q,"Resource":"*"%s}`, effect, principal, action, more)
}

func when(condition string) string { return `,"Condition":{` + condition + `}` }

const keepAdmin = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"kms:*","Resource":"*"}`

// put sets the policy of devKey. Its name need not be given at AWS, but some
// emulators insist.
func (l *lab) put(policy string) error {
	return only(l.kms().PutKeyPolicy(l.ctx, &kms.PutKeyPolicyInput{KeyId: ptr(devKey), PolicyName: ptr("default"), Policy: &policy}))
}

// under sets the policy of devKey and goes on as bob, who has no policies.
func (l *lab) under(statements ...string) *lab {
	l.t.Helper()
	if err := l.put(policyOf(append(statements, keepAdmin)...)); err != nil {
		l.t.Fatalf("put policy: %v", err)
	}
	return l.user("bob")
}

func keyPolicyProbes() []probe {
	put := func(policy string) func(*lab) error { return func(l *lab) error { return l.put(policy) } }
	const malformed = "MalformedPolicyDocumentException"
	return []probe{
		{"the default policy", "kms", "", "", func(l *lab) error {
			out, err := l.kms().GetKeyPolicy(l.ctx, &kms.GetKeyPolicyInput{KeyId: ptr(devKey)})
			if err != nil {
				return err
			}
			return firstOf(same("name", *out.PolicyName, "default"), same("has the account", strings.Contains(*out.Policy, accountOne), true))
		}},
		{"a policy comes back as it was put", "kms", "", "", func(l *lab) error {
			p := policyOf(keepAdmin)
			l.must(nil, l.put(p))
			out, err := l.kms().GetKeyPolicy(l.ctx, &kms.GetKeyPolicyInput{KeyId: ptr(devKey), PolicyName: ptr("default")})
			if err != nil {
				return err
			}
			return same("policy", *out.Policy, p)
		}},
		{"a policy is put without its name", "kms", "", "", func(l *lab) error {
			return only(l.kms().PutKeyPolicy(l.ctx, &kms.PutKeyPolicyInput{KeyId: ptr(devKey), Policy: ptr(policyOf(keepAdmin))}))
		}},
		{"the list of policies", "kms", "", "", func(l *lab) error {
			out, err := l.kms().ListKeyPolicies(l.ctx, &kms.ListKeyPoliciesInput{KeyId: ptr(devKey)})
			if err != nil {
				return err
			}
			return same("names", strings.Join(out.PolicyNames, ","), "default")
		}},
		{"a policy of another name", "kms", "NotFoundException", "", func(l *lab) error {
			return only(l.kms().GetKeyPolicy(l.ctx, &kms.GetKeyPolicyInput{KeyId: ptr(devKey), PolicyName: ptr("other")}))
		}},
		{"a policy of 32 KB and one", "kms", "LimitExceededException", "", put(policyOf(keepAdmin) + strings.Repeat(" ", 32<<10))},
		{"a policy of 128 KB and one", "model", "ValidationException", "131072", put(policyOf(keepAdmin) + strings.Repeat(" ", 128<<10))},
		{"a policy that is no JSON", "kms", malformed, "", put("policy")},
		{"a policy without statements", "iam", malformed, "", put(`{"Version":"2012-10-17"}`)},
		{"a policy with a misspelled element", "iam", malformed, "", put(policyOf(strings.Replace(keepAdmin, "Effect", "Efect", 1)))},
		{"a policy with an unknown operator", "iam", malformed, "", put(policyOf(keepAdmin, allowTo(arnBob, "kms:*", when(`"StringSame":{"aws:userid":"x"}`))))},
		{"a policy whose user does not exist", "kms", malformed, "invalid principals", put(policyOf(keepAdmin, allowTo("arn:aws:iam::111111111111:user/absent", "kms:*", "")))},
		{"a principal with a wildcard", "iam", malformed, "", put(policyOf(keepAdmin, allowTo("arn:aws:iam::111111111111:user/*", "kms:*", "")))},
		{"ForAnyValue with a single-valued context key", "kms", malformed, "OverlyPermissiveCondition", put(policyOf(keepAdmin, allowTo(arnBob, "kms:*", when(`"ForAnyValue:StringEquals":{"kms:EncryptionContext:App":"x"}`))))},
		{"a policy that locks its author out", "kms", malformed, "The new key policy will not allow you to update the key policy in the future.", put(policyOf(allowTo(arnBob, "kms:*", "")))},
		{"the same with the check bypassed", "kms", "", "", func(l *lab) error {
			return only(l.kms().PutKeyPolicy(l.ctx, &kms.PutKeyPolicyInput{KeyId: ptr(devKey), PolicyName: ptr("default"), Policy: ptr(policyOf(allowTo(arnBob, "kms:*", ""))), BypassPolicyLockoutSafetyCheck: true}))
		}},
		{"a statement without Resource has no effect", "kms", "AccessDeniedException", "", func(l *lab) error {
			return only(l.under(strings.Replace(allowTo(arnBob, "kms:*", ""), `,"Resource":"*"`, "", 1)).encrypt(devKey, "x", nil))
		}},
	}
}

func accessProbes() []probe {
	const denied = "AccessDeniedException"
	const noIdentity = "because no identity-based policy allows the kms:Encrypt action"
	const noResource = "because no resource-based policy allows the kms:Encrypt action"
	// bob has no policies of his own, so the key policy alone decides.
	bob := func(c ec, statements ...string) func(*lab) error {
		return func(l *lab) error { return only(l.under(statements...).encrypt(devKey, "x", c)) }
	}
	context := func(operator, key, value string) string {
		return allowTo(arnBob, "kms:Encrypt", when(fmt.Sprintf(`%q:{%q:%q}`, operator, key, value)))
	}
	probes := []probe{
		{"no policy allows", "iam", denied, "User: " + arnBob + " is not authorized to perform: kms:Encrypt on resource: " + devKey + " " + noIdentity, bob(nil)},
		{"the key policy names the user", "kms", "", "", bob(nil, allowTo(arnBob, "kms:Encrypt", ""))},
		{"the key policy names another action", "kms", denied, "", bob(nil, allowTo(arnBob, "kms:Decrypt", ""))},
		{"actions are not case-sensitive", "iam", "", "", bob(nil, allowTo(arnBob, "KMS:encrypt", ""))},
		{"actions have wildcards", "iam", "", "", bob(nil, allowTo(arnBob, "kms:En?rypt*", ""))},
		{"the key policy names everybody", "iam", "", "", bob(nil, allowTo("*", "kms:Encrypt", ""))},
		{"an explicit deny wins", "iam", denied, "with an explicit deny in a resource-based policy", bob(nil, allowTo(arnBob, "kms:*", ""), denyTo(arnBob, "kms:Encrypt", ""))},
		{"an explicit deny of the account wins", "iam", denied, "with an explicit deny", bob(nil, allowTo(arnBob, "kms:*", ""), denyTo(accountOne, "kms:Encrypt", ""))},
		{"an explicit deny of kms:Decrypt", "iam", denied, "with an explicit deny", func(l *lab) error {
			b := l.sealed(devKey, nil)
			return l.under(allowTo(arnBob, "kms:*", ""), denyTo(arnBob, "kms:Decrypt", "")).decrypt(b, nil)
		}},
		{"an identity policy without delegation", "kms", denied, noResource, func(l *lab) error {
			l.must(l.kms().PutKeyPolicy(l.ctx, &kms.PutKeyPolicyInput{KeyId: ptr(devKey), PolicyName: ptr("default"), Policy: ptr(policyOf(allowTo(arnBob, "kms:*", ""))), BypassPolicyLockoutSafetyCheck: true}))
			return only(l.encrypt(devKey, "x", nil))
		}},
		{"an identity policy with delegation", "kms", "", "", func(l *lab) error { return only(l.role(devRole).encrypt(devKey, "x", nil)) }},
		{"the role's identity policy does not go further", "iam", denied, "because no identity-based policy allows the kms:DisableKey action", func(l *lab) error {
			return l.role(devRole).use("DisableKey", devKey, nil)
		}},
		{"the key policy names the role of a session", "kms", "", "", func(l *lab) error {
			l.under(allowTo(appRole, "kms:Encrypt", ""))
			return only(l.role(appRole).encrypt(devKey, "x", nil))
		}},
		{"the key policy names the very session", "iam", "", "", func(l *lab) error {
			l.under(allowTo("arn:aws:sts::111111111111:assumed-role/example-app/test", "kms:Encrypt", ""))
			return only(l.role(appRole).encrypt(devKey, "x", nil))
		}},
		{"the key policy names another session", "iam", denied, "", func(l *lab) error {
			l.under(allowTo("arn:aws:sts::111111111111:assumed-role/example-app/other", "kms:Encrypt", ""))
			return only(l.role(appRole).encrypt(devKey, "x", nil))
		}},
		{"a session policy narrows what the role may", "iam", denied, "because no session policy allows the kms:Encrypt action", func(l *lab) error {
			narrow := func(in *sts.AssumeRoleInput) {
				in.Policy = ptr(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}}`)
			}
			return only(l.is(l.assume(l.t, devRole, narrow)).encrypt(devKey, "x", nil))
		}},
		{"a session policy gives nothing", "iam", denied, noIdentity, func(l *lab) error {
			wide := func(in *sts.AssumeRoleInput) {
				in.Policy = ptr(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
			}
			return only(l.is(l.assume(l.t, appRole, wide)).encrypt(devKey, "x", nil))
		}},
		{"another account under the default policy", "kms", denied, "because the resource does not exist in this Region, no resource-based policies allow access", func(l *lab) error {
			return only(l.encrypt(prodKey, "x", nil))
		}},
		{"a key of another account that does not exist", "kms", denied, "because the resource does not exist in this Region, no resource-based policies allow access", func(l *lab) error {
			return only(l.encrypt("arn:aws:kms:us-east-1:222222222222:key/99999999-1111-4111-8111-000000000001", "x", nil))
		}},
		{"a blob of another account's key", "seen", denied, "The ciphertext refers to a customer master key that does not exist", func(l *lab) error {
			return l.decrypt(l.user("dave").sealed(prodKey, nil), nil)
		}},
		{"another account that both sides allow", "kms", "", "", func(l *lab) error { return l.decrypt(l.sealed(sharedKey, nil), nil) }},
		{"another account's alias by ARN", "kms", "", "", func(l *lab) error {
			return l.decrypt(l.sealed("arn:aws:kms:us-east-1:222222222222:alias/shared", nil), nil)
		}},
		{"another account that its own side does not allow", "kms", denied, noIdentity, func(l *lab) error { return only(l.user("bob").encrypt(sharedKey, "x", nil)) }},
		{"another account's key cannot be managed", "kms", denied, "", func(l *lab) error { return l.use("DisableKey", sharedKey, nil) }},
		{"another account's key can be described", "kms", "", "", func(l *lab) error { return l.use("DescribeKey", sharedKey, nil) }},
		{"a role in the key's account", "kms", "", "", func(l *lab) error {
			p := l.role(prodRole)
			return p.decrypt(p.sealed(prodKey, nil), nil)
		}},
		{"re-encryption without ReEncryptFrom", "kms", denied, "kms:ReEncryptFrom", func(l *lab) error {
			b := l.sealed(devKey, nil)
			return l.under(allowTo(arnBob, "kms:ReEncryptTo", "")).use("ReEncrypt from", devKey, b)
		}},
		{"re-encryption without ReEncryptTo", "kms", denied, "kms:ReEncryptTo", func(l *lab) error {
			b := l.sealed(devKey, nil)
			return l.under(allowTo(arnBob, "kms:ReEncryptFrom", "")).use("ReEncrypt from", devKey, b)
		}},
		{"re-encryption with kms:ReEncrypt*", "kms", "", "", func(l *lab) error {
			b := l.sealed(devKey, nil)
			return l.under(allowTo(arnBob, "kms:ReEncrypt*", "")).use("ReEncrypt from", devKey, b)
		}},
		{"creating keys needs kms:CreateKey", "kms", denied, "because no identity-based policy allows the kms:CreateKey action", func(l *lab) error {
			return only(l.user("bob").kms().CreateKey(l.ctx, &kms.CreateKeyInput{}))
		}},
		{"the root of an account may all that the key policy delegates", "kms", "", "", func(l *lab) error {
			return only(l.under().user("alice").encrypt(devKey, "x", nil))
		}},
	}
	app := ec{"AppName": "ExampleApp"}
	conditions := []struct {
		name, operator, key, value string
		context                    ec
		want                       string
	}{
		{"the context that the condition wants", "StringEquals", "kms:EncryptionContext:AppName", "ExampleApp", app, ""},
		{"another context than the condition wants", "StringEquals", "kms:EncryptionContext:AppName", "ExampleApp", ec{"AppName": "Other"}, denied},
		{"no context where the condition wants one", "StringEquals", "kms:EncryptionContext:AppName", "ExampleApp", nil, denied},
		{"more context than the condition wants", "StringEquals", "kms:EncryptionContext:AppName", "ExampleApp", ec{"AppName": "ExampleApp", "More": "x"}, ""},
		{"a condition key of other case", "StringEquals", "KMS:encryptioncontext:appname", "ExampleApp", app, ""},
		{"a condition value of other case", "StringEquals", "kms:EncryptionContext:AppName", "exampleapp", app, denied},
		{"a condition value of other case, ignored", "StringEqualsIgnoreCase", "kms:EncryptionContext:AppName", "exampleapp", app, ""},
		{"a condition with a pattern", "StringLike", "kms:EncryptionContext:AppName", "Example*", app, ""},
		{"a pattern is literal to StringEquals", "StringEquals", "kms:EncryptionContext:AppName", "Example*", app, denied},
		{"a negated condition on what is absent", "StringNotEquals", "kms:EncryptionContext:AppName", "Other", nil, ""},
		{"IfExists on what is absent", "StringEqualsIfExists", "kms:EncryptionContext:AppName", "ExampleApp", nil, ""},
		{"Null wants absence", "Null", "kms:EncryptionContext:AppName", "true", nil, ""},
		{"Null wants presence", "Null", "kms:EncryptionContext:AppName", "false", nil, denied},
		{"ForAnyValue of context keys", "ForAnyValue:StringEquals", "kms:EncryptionContextKeys", "AppName", ec{"AppName": "x", "B": "y"}, ""},
		{"ForAnyValue of no context keys", "ForAnyValue:StringEquals", "kms:EncryptionContextKeys", "AppName", nil, denied},
		{"ForAllValues of context keys", "ForAllValues:StringEquals", "kms:EncryptionContextKeys", "AppName", ec{"AppName": "x", "B": "y"}, denied},
		{"ForAllValues of no context keys", "ForAllValues:StringEquals", "kms:EncryptionContextKeys", "AppName", nil, ""},
		{"context keys are case-sensitive values", "ForAnyValue:StringEquals", "kms:EncryptionContextKeys", "appname", app, denied},
		{"the caller's account", "StringEquals", "kms:CallerAccount", first, nil, ""},
		{"kms:ViaService is absent from a direct call", "StringEquals", "kms:ViaService", "s3.us-east-1.amazonaws.com", nil, denied},
		{"the algorithm", "StringEquals", "kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT", nil, ""},
		{"the principal's ARN", "ArnEquals", "aws:PrincipalArn", arnBob, nil, ""},
		{"the principal's ARN by pattern", "ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:user/b?b", nil, ""},
		{"the principal's ARN by another pattern", "ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/*", nil, denied},
		{"the address", "IpAddress", "aws:SourceIp", "127.0.0.0/8", nil, ""},
		{"another address", "NotIpAddress", "aws:SourceIp", "127.0.0.0/8", nil, denied},
		{"a date to come", "DateLessThan", "aws:CurrentTime", "2999-01-01T00:00:00Z", nil, ""},
		{"a date gone by", "DateLessThan", "aws:CurrentTime", "1999-01-01T00:00:00Z", nil, denied},
		{"a number", "NumericGreaterThan", "aws:EpochTime", "1000000000", nil, ""},
		{"transport by TLS, as AWS has it", "Bool", "aws:SecureTransport", "true", nil, ""},
		{"MFA, absent from a long-lived key", "Bool", "aws:MultiFactorAuthPresent", "true", nil, denied},
		{"MFA, if it exists", "BoolIfExists", "aws:MultiFactorAuthPresent", "true", nil, ""},
		{"a policy variable", "StringEquals", "kms:EncryptionContext:User", "${aws:username}", ec{"User": "bob"}, ""},
		{"a policy variable of another value", "StringEquals", "kms:EncryptionContext:User", "${aws:username}", ec{"User": "eve"}, denied},
		{"a policy variable without value", "StringEquals", "kms:EncryptionContext:User", "${aws:PrincipalTag/x}", ec{"User": ""}, denied},
		{"a policy variable with a default", "StringEquals", "kms:EncryptionContext:User", "${aws:PrincipalTag/x, 'all'}", ec{"User": "all"}, ""},
	}
	for _, c := range conditions {
		source := "iam"
		if strings.HasPrefix(strings.ToLower(c.key), "kms:") {
			source = "kms"
		}
		probes = append(probes, probe{"condition: " + c.name, source, c.want, "", bob(c.context, context(c.operator, c.key, c.value))})
	}
	return append(probes, aliasConditionProbes()...)
}

func aliasConditionProbes() []probe {
	only := func(key, value string) string {
		return allowTo(arnBob, "kms:GenerateDataKey", when(fmt.Sprintf(`"StringEquals":{%q:%q}`, key, value)))
	}
	generate := func(l *lab, key string) error {
		_, err := l.kms().GenerateDataKey(l.ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: types.DataKeySpecAes256})
		return err
	}
	return []probe{
		{"kms:RequestAlias by that alias", "kms", "", "", func(l *lab) error {
			return generate(l.under(only("kms:RequestAlias", "alias/sops-dev")), "alias/sops-dev")
		}},
		{"kms:RequestAlias by the key id", "kms", "AccessDeniedException", "", func(l *lab) error {
			return generate(l.under(only("kms:RequestAlias", "alias/sops-dev")), devKey)
		}},
		{"kms:ReEncryptOnSameKey on the same key", "kms", "", "", func(l *lab) error {
			b := l.sealed(devKey, nil)
			s := allowTo(arnBob, "kms:ReEncrypt*", when(`"Bool":{"kms:ReEncryptOnSameKey":"true"}`))
			return l.under(s).use("ReEncrypt from", devKey, b)
		}},
		{"kms:ReEncryptOnSameKey on another key", "kms", "AccessDeniedException", "", func(l *lab) error {
			b := l.sealed(devKey, nil)
			s := allowTo(arnBob, "kms:ReEncrypt*", when(`"Bool":{"kms:ReEncryptOnSameKey":"true"}`))
			_, err := l.under(s).kms().ReEncrypt(l.ctx, &kms.ReEncryptInput{CiphertextBlob: b, DestinationKeyId: ptr(appKey)})
			return err
		}},
	}
}
