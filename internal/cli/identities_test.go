package cli_test

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// A way is one in which a program comes to an identity of AWS.
type way struct {
	name string
	as   string // the profile or machine of devkms; "" is an access key in the environment
	who  string // expression for the ARN
	call string // the operation that gives the credentials, "" if there is none
	// What the program says if that call is refused, and if what it holds or gets
	// has expired: expressions.
	refused, expired string
}

const assumed = `arn:aws:sts::111111111111:assumed-role/`

// ways are all of them.
func ways() []way {
	return []way{
		{name: "environment", who: `arn:aws:iam::111111111111:user/alice`},
		{name: "profile", as: "alice", who: `arn:aws:iam::111111111111:user/alice`},
		{name: "role profile", as: "sops-dev", who: assumed + `sops-dev/sops@`, call: "AssumeRole"},
		{name: "chain of roles", as: "chained", who: `arn:aws:sts::222222222222:assumed-role/chained/sops@`, call: "AssumeRole"},
		{name: "SSO session", as: "developer", who: assumed + `AWSReservedSSO_developer_[0-9a-f]+/alice@example.com`, call: "GetRoleCredentials"},
		{name: "SSO legacy", as: "developer-legacy", who: assumed + `AWSReservedSSO_developer_[0-9a-f]+/alice@example.com`, call: "GetRoleCredentials"},
		{name: "instance", as: "instance", who: assumed + `machine/i-`, call: "MetadataCredentials"},
		{name: "task", as: "task", who: assumed + `machine/d0+`, call: "TaskCredentials"},
		{name: "container", as: "container", who: assumed + `machine/d0+`, call: "TaskCredentials"},
		{name: "pod", as: "pod", who: assumed + `machine/eks-dev-app-0-`, call: "PodCredentials"},
		{name: "web identity", as: "irsa", who: assumed + `ci/sops@`, call: "AssumeRoleWithWebIdentity"},
		{name: "certificate", as: "anywhere", who: assumed + `machine/[0-9a-f]+`, call: "CreateSession"},
		{name: "console login", as: "login", who: `arn:aws:iam::111111111111:user/alice`, call: "CreateOAuth2Token"},
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
