package awskms

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/session"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/userfiles"
)

// statusOf is the HTTP status of an answer that is an error, 0 if none came.
func statusOf(err error) int {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// withoutMetadata words what an instance's metadata service did not give.
func (a *Attempt) withoutMetadata(err error) string {
	switch status := statusOf(err); {
	case a.Code != "":
		return a.Message
	case status == http.StatusNotFound:
		return "the instance has no role: its metadata service has no credentials"
	case status == http.StatusUnauthorized:
		return "the metadata service of the instance wants a session token (IMDSv2) and accepted none"
	case status != 0:
		return fmt.Sprintf("the metadata service of the instance answered with status %d", status)
	case a.Profile != "":
		return "the profile has none, and there is no instance metadata either"
	}
	return "there are none on this machine, and no instance metadata either"
}

// wayHint is the advice about what gives the first credentials, "" if it is not
// that which failed, or the usual advice serves.
func wayHint(a *Attempt, s *session.Session) string {
	if s == nil || s.Profile == nil || len(s.Sources) > 1 && len(a.Steps) > 2 {
		return "" // a role that is assumed with the first credentials
	}
	switch way, what := s.Profile.Way(); {
	case a.Cause == Stale && strings.HasPrefix(a.Call, "kms:") && way == userfiles.ByInstance:
		return "the instance gave credentials that have expired: set its clock (now: date -u), or start it again"
	case a.Cause == Stale && strings.HasPrefix(a.Call, "kms:") && way == userfiles.ByContainer:
		return "this container was given credentials that have expired: start the task or pod again, or what gives it its role"
	case way == userfiles.ByWebIdentity && strings.HasPrefix(a.Call, "sts:"):
		return tokenHint(a, s.Profile.TokenRole(), what)
	case a.Call != "credentials":
		return ""
	case way == userfiles.ByContainer && a.Code != "":
		return "give the task or pod a role whose trust policy allows ecs-tasks.amazonaws.com, or pods.eks.amazonaws.com to assume and tag; then ask again: curl -s " + hint.ShellWord(what)
	case way == userfiles.ByContainer:
		return "check what gives this container its role: curl -sv " + hint.ShellWord(what) + "; where HTTP_PROXY is set, NO_PROXY has to name 169.254.170.2,169.254.170.23"
	case way == userfiles.ByInstance && a.Code != "":
		return `let the trust policy of the instance's role hold {"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`
	case way == userfiles.ByInstance && statusOf(a.Err) == http.StatusNotFound:
		return "give the instance a role: aws ec2 associate-iam-instance-profile --instance-id ID --iam-instance-profile Name=NAME"
	case way == userfiles.BySSO && a.Code == "ForbiddenException":
		return "choose an account and a permission set that you have: aws configure sso" + a.flag()
	case (way == userfiles.BySSO || way == userfiles.ByConsole) && a.Cause == NoCredentials:
		return "check the way to AWS: HTTPS_PROXY and NO_PROXY may point elsewhere; then log in again: " + s.Profile.Login()
	}
	return ""
}

// tokenHint is the advice about a web identity token, whose claims the trust policy
// of the role has to allow.
func tokenHint(a *Attempt, role, file string) string {
	switch a.Cause {
	case RoleDenied:
		return "let the trust policy of " + hint.Line(role) + " hold " + tokenStatement(role, file)
	case Stale, STSFailed:
		if a.Code != "" {
			return "have a new token put into " + hint.ShellWord(file) + "; its issuer and its audience have to be those of an OpenID Connect provider of the account"
		}
	}
	return ""
}

// tokenStatement is the statement of a trust policy that lets the bearer of the
// token assume the role. What cannot be read is written in capitals.
func tokenStatement(role, file string) string {
	claims := struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Audience any    `json:"aud"`
	}{"https://ISSUER", "SUBJECT", "AUDIENCE"}
	if text, err := os.ReadFile(file); err == nil {
		if parts := strings.Split(string(text), "."); len(parts) == 3 {
			if b, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
				_ = json.Unmarshal(b, &claims) // what it has is written, the rest stays in capitals
			}
		}
	}
	account, _ := awskey.RoleAccount(role)
	issuer := strings.TrimPrefix(claims.Issuer, "https://")
	text, err := json.Marshal(struct {
		Effect    string
		Principal map[string]string
		Action    string
		Condition map[string]map[string]any
	}{
		"Allow",
		map[string]string{"Federated": "arn:aws:iam::" + account + ":oidc-provider/" + issuer},
		"sts:AssumeRoleWithWebIdentity",
		map[string]map[string]any{"StringEquals": {issuer + ":aud": claims.Audience, issuer + ":sub": claims.Subject}},
	})
	if err != nil {
		return "the claims of the token"
	}
	return hint.Line(string(text))
}
