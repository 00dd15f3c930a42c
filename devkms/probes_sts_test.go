package devkms_test

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// assumption asks for a session of a role and drops it.
func assumption(user, role string, more ...func(*sts.AssumeRoleInput)) func(*lab) error {
	return func(l *lab) error {
		in := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: ptr("session")}
		for _, f := range more {
			f(in)
		}
		return only(l.user(user).sts().AssumeRole(l.ctx, in))
	}
}

func named(name string) func(*sts.AssumeRoleInput) {
	return func(in *sts.AssumeRoleInput) { in.RoleSessionName = &name }
}

func lasting(seconds int32) func(*sts.AssumeRoleInput) {
	return func(in *sts.AssumeRoleInput) { in.DurationSeconds = &seconds }
}

func external(id string) func(*sts.AssumeRoleInput) {
	return func(in *sts.AssumeRoleInput) { in.ExternalId = &id }
}

func code6(serial, code string) func(*sts.AssumeRoleInput) {
	return func(in *sts.AssumeRoleInput) { in.SerialNumber, in.TokenCode = &serial, &code }
}

func sessionTags(list ...string) func(*sts.AssumeRoleInput) {
	return func(in *sts.AssumeRoleInput) {
		for i := 0; i < len(list); i += 2 {
			in.Tags = append(in.Tags, types.Tag{Key: &list[i], Value: &list[i+1]})
		}
	}
}

func sessionPolicy(text string) func(*sts.AssumeRoleInput) {
	return func(in *sts.AssumeRoleInput) { in.Policy = &text }
}

func stsProbes() []probe {
	const denied = "AccessDenied"
	return []probe{
		{"who is a user", "model", "", "", func(l *lab) error {
			out, err := l.sts().GetCallerIdentity(l.ctx, &sts.GetCallerIdentityInput{})
			if err != nil {
				return err
			}
			return firstOf(same("ARN", *out.Arn, arnAlice), same("account", *out.Account, first), same("id", strings.HasPrefix(*out.UserId, "AIDA"), true))
		}},
		{"who is a session", "model", "", "", func(l *lab) error {
			out, err := l.role(devRole).sts().GetCallerIdentity(l.ctx, &sts.GetCallerIdentityInput{})
			if err != nil {
				return err
			}
			return firstOf(same("ARN", *out.Arn, "arn:aws:sts::111111111111:assumed-role/sops-dev/test"),
				same("id", strings.HasPrefix(*out.UserId, "AROA") && strings.HasSuffix(*out.UserId, ":test"), true))
		}},
		{"everybody may ask who he is", "iam", "", "", func(l *lab) error {
			return only(l.user("bob").sts().GetCallerIdentity(l.ctx, &sts.GetCallerIdentityInput{}))
		}},
		{"a session's credentials", "model", "", "", func(l *lab) error {
			out, err := l.sts().AssumeRole(l.ctx, &sts.AssumeRoleInput{RoleArn: ptr(devRole), RoleSessionName: ptr("me")})
			if err != nil {
				return err
			}
			return firstOf(same("ASIA", strings.HasPrefix(*out.Credentials.AccessKeyId, "ASIA"), true),
				same("ARN", *out.AssumedRoleUser.Arn, "arn:aws:sts::111111111111:assumed-role/sops-dev/me"),
				same("lifetime", time.Until(*out.Credentials.Expiration).Round(time.Minute), time.Hour))
		}},
		{"the trust policy names the user", "iam", "", "", assumption("bob", devRole)},
		{"the trust policy does not name the user", "iam", denied, "User: arn:aws:iam::111111111111:user/carol is not authorized to perform: sts:AssumeRole on resource: " + devRole, assumption("carol", devRole)},
		{"a role that does not exist", "seen", denied, "is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111111111111:role/absent", assumption("alice", "arn:aws:iam::111111111111:role/absent")},
		{"a role of another account that both sides allow", "iam", "", "", assumption("alice", prodRole)},
		{"a role of another account without a policy of one's own", "iam", denied, "", assumption("bob", prodRole)},
		{"a role of another account that does not trust", "iam", denied, "", assumption("dave", devRole)},
		{"a chain of roles", "iam", "", "", func(l *lab) error {
			p := l.role(relayRole).role(chainRole)
			return p.decrypt(p.sealed(prodKey, nil), nil)
		}},
		{"a chain from the wrong role", "iam", denied, "", func(l *lab) error {
			return only(l.role(devRole).sts().AssumeRole(l.ctx, &sts.AssumeRoleInput{RoleArn: ptr(chainRole), RoleSessionName: ptr("test")}))
		}},
		{"a chain of more than an hour", "iam", "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining", func(l *lab) error {
			return only(l.role(relayRole).sts().AssumeRole(l.ctx, &sts.AssumeRoleInput{RoleArn: ptr(chainRole), RoleSessionName: ptr("test"), DurationSeconds: ptr(int32(3601))}))
		}},
		{"the external id", "iam", "", "", assumption("alice", extRole, external(externalID))},
		{"no external id", "iam", denied, "", assumption("alice", extRole)},
		{"a wrong external id", "iam", denied, "", assumption("alice", extRole, external("other"))},
		{"an external id with a blank", "model", "ValidationError", "externalId", assumption("alice", extRole, external("a b"))},
		{"the MFA code", "iam", "", "", assumption("carol", mfaRole, code6(carolMFA, "123456"))},
		{"no MFA code", "iam", denied, "", assumption("carol", mfaRole)},
		{"a wrong MFA code", "seen", denied, "MultiFactorAuthentication failed with invalid MFA one time pass code.", assumption("carol", mfaRole, code6(carolMFA, "654321"))},
		{"the MFA device of another", "seen", denied, "MultiFactorAuthentication failed, unable to validate MFA code.", assumption("alice", devRole, code6(carolMFA, "123456"))},
		{"an MFA code of letters", "model", "ValidationError", "tokenCode", assumption("carol", mfaRole, code6(carolMFA, "abcdef"))},
		{"a session name with a blank", "model", "ValidationError", `Member must satisfy regular expression pattern: [\w+=,.@-]*`, assumption("alice", devRole, named("a b"))},
		{"a session name of one letter", "model", "ValidationError", "greater than or equal to 2", assumption("alice", devRole, named("a"))},
		{"a session name of 64 letters", "model", "", "", assumption("alice", devRole, named(strings.Repeat("a", 64)))},
		{"a session name of 65 letters", "model", "ValidationError", "less than or equal to 64", assumption("alice", devRole, named(strings.Repeat("a", 65)))},
		{"a session of 60 seconds", "model", "ValidationError", "greater than or equal to 900", assumption("alice", devRole, lasting(60))},
		{"a session of 900 seconds", "model", "", "", assumption("alice", devRole, lasting(900))},
		{"a session longer than the role's longest", "iam", "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", assumption("alice", devRole, lasting(3601))},
		{"a session of 43201 seconds", "model", "ValidationError", "less than or equal to 43200", assumption("alice", devRole, lasting(43201))},
		{"a role ARN that is too short", "model", "ValidationError", "roleArn", assumption("alice", "arn:aws:iam::1")},
		{"a session policy that is no JSON", "model", "MalformedPolicyDocument", "", assumption("alice", devRole, sessionPolicy("policy"))},
		{"a session policy of 2049 letters", "model", "ValidationError", "policy", assumption("alice", devRole, sessionPolicy(strings.Repeat(" ", 2049)))},
		{"session tags without sts:TagSession", "iam", denied, "sts:TagSession", assumption("alice", devRole, sessionTags("team", "x"))},
		{"a transitive tag that is none of the tags", "iam", "InvalidParameterValue", "", assumption("alice", devRole, func(in *sts.AssumeRoleInput) { in.TransitiveTagKeys = []string{"team"} })},
		{"a managed policy, which devkms has none of", "memory", "ValidationError", "devkms", assumption("alice", devRole, func(in *sts.AssumeRoleInput) {
			in.PolicyArns = []types.PolicyDescriptorType{{Arn: ptr("arn:aws:iam::aws:policy/ReadOnlyAccess")}}
		})},
		{"session tags that only differ in case", "seen", "InvalidParameterValue", "", assumption("alice", devRole, sessionTags("team", "x", "TEAM", "y"))},
		{"an expired session at KMS", "seen", "ExpiredTokenException", "The security token included in the request is expired", func(l *lab) error {
			p := l.role(devRole)
			return only(p.later(61*time.Minute).encrypt(devKey, "x", nil))
		}},
		{"an expired session at STS", "memory", "ExpiredToken", "", func(l *lab) error {
			p := l.role(devRole)
			return only(p.later(61*time.Minute).sts().GetCallerIdentity(l.ctx, &sts.GetCallerIdentityInput{}))
		}},
		{"a session that has not expired yet", "iam", "", "", func(l *lab) error {
			p := l.role(devRole)
			return only(p.later(59*time.Minute).encrypt(devKey, "x", nil))
		}},
		{"a user's session token", "model", "", "", func(l *lab) error {
			out, err := l.sts().GetSessionToken(l.ctx, &sts.GetSessionTokenInput{})
			if err != nil {
				return err
			}
			l.creds.AccessKeyID, l.creds.SecretAccessKey, l.creds.SessionToken = *out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken
			id, err := l.sts().GetCallerIdentity(l.ctx, &sts.GetCallerIdentityInput{})
			if err != nil {
				return err
			}
			return firstOf(same("ARN", *id.Arn, arnAlice), only(l.encrypt(devKey, "x", nil)))
		}},
		{"a session token with MFA opens an MFA role", "iam", "", "", func(l *lab) error {
			out, err := l.user("carol").sts().GetSessionToken(l.ctx, &sts.GetSessionTokenInput{SerialNumber: ptr(carolMFA), TokenCode: ptr("123456")})
			if err != nil {
				return err
			}
			l.creds.AccessKeyID, l.creds.SecretAccessKey, l.creds.SessionToken = *out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken
			return only(l.sts().AssumeRole(l.ctx, &sts.AssumeRoleInput{RoleArn: ptr(mfaRole), RoleSessionName: ptr("test")}))
		}},
		{"a session token from a session", "iam", denied, "Cannot call GetSessionToken with session credentials", func(l *lab) error {
			return only(l.role(devRole).sts().GetSessionToken(l.ctx, &sts.GetSessionTokenInput{}))
		}},
	}
}

const (
	ciIssuer  = "https://ci.example.com"
	ciRole    = "arn:aws:iam::111111111111:role/ci"
	ciSubject = "repo:example/app"
	ciAud     = "sts.amazonaws.com"
)

// bearer asks for the role ci with a token; it has no credentials of AWS.
func (l *lab) bearer(role, token string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	return l.sts().AssumeRoleWithWebIdentity(l.ctx, &sts.AssumeRoleWithWebIdentityInput{RoleArn: &role, RoleSessionName: ptr("test"), WebIdentityToken: &token})
}

func (l *lab) token(s *devkms.Server, subject, aud string) string {
	l.t.Helper()
	token, err := s.WebIdentityToken(ciIssuer, subject, aud, time.Hour)
	if err != nil {
		l.t.Fatal(err)
	}
	return token
}

func webIdentityProbes() []probe {
	return []probe{
		{"a token of the issuer", "model", "", "", func(l *lab) error {
			out, err := l.bearer(ciRole, l.token(l.server, ciSubject, ciAud))
			if err != nil {
				return err
			}
			l.creds.AccessKeyID, l.creds.SecretAccessKey, l.creds.SessionToken = *out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken
			return firstOf(same("subject", *out.SubjectFromWebIdentityToken, ciSubject), same("audience", *out.Audience, ciAud), only(l.encrypt(devKey, "x", nil)))
		}},
		{"a token for another audience", "iam", "InvalidIdentityToken", "Incorrect token audience", func(l *lab) error {
			return only(l.bearer(ciRole, l.token(l.server, ciSubject, "other")))
		}},
		{"a token of a subject that the role does not trust", "iam", "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", func(l *lab) error {
			return only(l.bearer(ciRole, l.token(l.server, "repo:other/app", ciAud)))
		}},
		{"a token for a role that trusts no issuer", "iam", "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", func(l *lab) error {
			return only(l.bearer(devRole, l.token(l.server, ciSubject, ciAud)))
		}},
		{"a token that is none", "iam", "InvalidIdentityToken", "not a valid JWT", func(l *lab) error { return only(l.bearer(ciRole, "token")) }},
		{"a token that another has signed", "iam", "InvalidIdentityToken", "", func(l *lab) error {
			return only(l.bearer(ciRole, l.token(devkms.Start(l.t, nil), ciSubject, ciAud)))
		}},
		{"an expired token", "model", "ExpiredTokenException", "Token expired", func(l *lab) error {
			token := l.token(l.server, ciSubject, ciAud)
			return only(l.later(2*time.Hour).bearer(ciRole, token))
		}},
		{"a token of another issuer", "iam", "InvalidIdentityToken", "No OpenIDConnect provider found in your account", func(l *lab) error {
			return only(l.bearer(prodRole, l.token(l.server, ciSubject, ciAud)))
		}},
	}
}

// signatureProbes are about what happens before any policy is asked.
func signatureProbes() []probe {
	describe := func(l *lab) error { return only(l.kms().DescribeKey(l.ctx, &kms.DescribeKeyInput{KeyId: ptr(devKey)})) }
	identity := func(l *lab) error { return only(l.sts().GetCallerIdentity(l.ctx, &sts.GetCallerIdentityInput{})) }
	return []probe{
		{"an unknown access key at KMS", "memory", "UnrecognizedClientException", "The security token included in the request is invalid.", func(l *lab) error {
			l.creds.AccessKeyID = "AKIAUNKNOWN00EXAMPLE"
			return describe(l)
		}},
		{"an unknown access key at STS", "memory", "InvalidClientTokenId", "", func(l *lab) error {
			l.creds.AccessKeyID = "AKIAUNKNOWN00EXAMPLE"
			return identity(l)
		}},
		{"a wrong secret at KMS", "memory", "InvalidSignatureException", "The request signature we calculated does not match the signature you provided.", func(l *lab) error {
			l.creds.SecretAccessKey = "wrong"
			return describe(l)
		}},
		{"a wrong secret at STS", "memory", "SignatureDoesNotMatch", "", func(l *lab) error {
			l.creds.SecretAccessKey = "wrong"
			return identity(l)
		}},
		{"a session without its token", "memory", "UnrecognizedClientException", "", func(l *lab) error {
			p := l.role(devRole)
			p.creds.SessionToken = ""
			return describe(p)
		}},
		{"a session with another's token", "memory", "UnrecognizedClientException", "", func(l *lab) error {
			p, q := l.role(devRole), l.role(appRole)
			p.creds.SessionToken = q.creds.SessionToken
			return describe(p)
		}},
		{"a session with a changed token", "memory", "UnrecognizedClientException", "", func(l *lab) error {
			p := l.role(devRole)
			p.creds.SessionToken = "AAAA" + p.creds.SessionToken[4:]
			return describe(p)
		}},
		{"a user with a session token", "memory", "UnrecognizedClientException", "", func(l *lab) error {
			l.creds.SessionToken = l.role(devRole).creds.SessionToken
			return describe(l)
		}},
	}
}
