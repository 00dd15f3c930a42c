package cli_test

import (
	"cmp"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// A way is one in which a program comes to an identity of AWS.
type way struct {
	name string
	as   string // the profile or machine of devkms; "" is an access key in the environment
	who  string // expression for the ARN
	call string // the operation that gives the credentials, "" if there is none
	// What helps if that call is refused, and if what it holds or gets has expired:
	// expressions.
	refused, expired string
	ago              string // how old its logins are, so that the call is made
}

const assumed = `arn:aws:sts::111111111111:assumed-role/`

// ways are all of them.
func ways() []way {
	return []way{
		{name: "environment", who: `arn:aws:iam::111111111111:user/alice`},
		{name: "profile", as: "alice", who: `arn:aws:iam::111111111111:user/alice`},
		{name: "role profile", as: "sops-dev", who: assumed + `sops-dev/sops@`, call: "AssumeRole", refused: `let the trust policy of the role hold`, expired: `log in again, then check with: aws sts get-caller-identity --profile sops-dev`},
		{name: "chain of roles", as: "chained", who: `arn:aws:sts::222222222222:assumed-role/chained/sops@`, call: "AssumeRole", refused: `let the trust policy of the role hold`, expired: `log in again, then check with: aws sts get-caller-identity --profile chained`},
		{name: "SSO session", as: "developer", who: assumed + `AWSReservedSSO_developer_[0-9a-f]+/alice@example.com`, call: "GetRoleCredentials", refused: `choose an account and a permission set that you have: aws configure sso --profile developer$`, expired: `aws sso login --profile developer$`},
		{name: "SSO legacy", as: "developer-legacy", who: assumed + `AWSReservedSSO_developer_[0-9a-f]+/alice@example.com`, call: "GetRoleCredentials", refused: `choose an account and a permission set that you have: aws configure sso --profile developer-legacy$`, expired: `aws sso login --profile developer-legacy$`},
		{name: "instance", as: "instance", who: assumed + `machine/i-`, call: "MetadataCredentials", refused: `let the trust policy of the instance.s role hold \{.*ec2\.amazonaws\.com`, expired: `the instance gave credentials that have expired`},
		{name: "task", as: "task", who: assumed + `machine/d0+`, call: "TaskCredentials", refused: `give the task or pod a role whose trust policy allows ecs-tasks`, expired: `this container was given credentials that have expired`},
		{name: "container", as: "container", who: assumed + `machine/d0+`, call: "TaskCredentials", refused: `give the task or pod a role whose trust policy allows ecs-tasks`, expired: `this container was given credentials that have expired`},
		{name: "pod", as: "pod", who: assumed + `machine/eks-dev-app-0-`, call: "PodCredentials", refused: `give the task or pod a role whose trust policy allows .* pods\.eks`, expired: `this container was given credentials that have expired`},
		{name: "web identity", as: "irsa", who: assumed + `ci/sops@`, call: "AssumeRoleWithWebIdentity", refused: `let the trust policy of arn:aws:iam::111111111111:role/ci hold \{.*oidc-provider/ci\.example\.com.*repo:example/app`, expired: `have a new token put into .*ci\.token`},
		{name: "certificate", as: "anywhere", who: assumed + `machine/[0-9a-f]+`, call: "CreateSession", refused: `run it by hand: aws sts get-caller-identity --profile anywhere`, expired: `run it by hand: aws sts get-caller-identity --profile anywhere`},
		{name: "console login", as: "login", who: `arn:aws:iam::111111111111:user/alice`, call: "CreateOAuth2Token", refused: `aws login --profile login`, expired: `aws login --profile login`, ago: "1h"},
	}
}

// TestEveryCommandWorksAsWhoeverTheProgramIs runs the commands once for each way,
// by the code of the real SDK against the services of devkms.
func TestEveryCommandWorksAsWhoeverTheProgramIs(t *testing.T) {
	t.Parallel()
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			p := scripts(t, "testdata/identities", w.as)
			setup := p.Setup
			p.Setup = func(e *testscript.Env) error {
				e.Setenv("WAY", w.name)
				e.Setenv("WHO", w.who)
				e.Setenv("SHARED", "arn:aws:kms:us-east-1:222222222222:alias/shared")
				return setup(e)
			}
			testscript.Run(t, p)
		})
	}
}

// TestEveryWayThatFailsSaysWhatHelps breaks the call that gives the credentials:
// the program ends in time, and its advice is about that way.
func TestEveryWayThatFailsSaysWhatHelps(t *testing.T) {
	t.Parallel()
	for _, w := range ways() {
		if w.call == "" {
			continue // nothing is asked
		}
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			p := scripts(t, "testdata/identityfaults", "")
			setup := p.Setup
			p.Setup = func(e *testscript.Env) error {
				for _, v := range [][2]string{
					{"AS", w.as},
					{"CALL", w.call},
					{"REFUSED", w.refused},
					{"EXPIRED", w.expired},
					{"AGO", cmp.Or(w.ago, "0s")},
					{"SHARED", "arn:aws:kms:us-east-1:222222222222:alias/shared"},
				} {
					e.Setenv(v[0], v[1])
				}
				return setup(e)
			}
			testscript.Run(t, p)
		})
	}
}
