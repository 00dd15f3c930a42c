package session

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/identity"
)

// TestFilesAreNamedAsByTheAWSCLI: the digests are those of the CLI's JSON, made by
// sha1sum.
func TestFilesAreNamedAsByTheAWSCLI(t *testing.T) {
	t.Parallel()
	const role, device = "arn:aws:iam::111122223333:role/r", "arn:aws:iam::111122223333:mfa/ann"
	c := &stsClient{k: &Pool{set: &identity.Settings{SessionName: "sops@host"}}}
	for _, test := range []struct {
		in   sts.AssumeRoleInput
		want string
	}{
		{
			sts.AssumeRoleInput{RoleArn: aws.String(role), RoleSessionName: aws.String("sops@host"), SerialNumber: aws.String(device)},
			"a78e7862ca5c577a63a7b0126c2c39e7ac4fd8de",
		},
		{
			sts.AssumeRoleInput{
				RoleArn: aws.String(role), RoleSessionName: aws.String("ann"), SerialNumber: aws.String(device),
				DurationSeconds: aws.Int32(3600), ExternalId: aws.String("a<b"),
			},
			"1ad03c8bb8ae4273f86ceb1a4c4a90cd1dd2667a",
		},
	} {
		if got := c.cacheName(&test.in, ""); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

// TestRegionsStayInTheirPartition asks where STS may be asked.
func TestRegionsStayInTheirPartition(t *testing.T) {
	t.Parallel()
	none := func(string) (string, bool) { return "", false }
	for region, want := range map[string][]string{
		"us-east-1":      {"us-east-1", "us-west-2"},
		"eu-north-1":     {"eu-north-1", "eu-west-1", "eu-central-1"},
		"ap-southeast-1": {"ap-southeast-1", "ap-northeast-1"},
		"sa-east-1":      {"sa-east-1", "us-east-1", "us-west-2"},
		"cn-north-1":     {"cn-north-1", "cn-northwest-1"},
		"us-gov-west-1":  {"us-gov-west-1", "us-gov-east-1"},
		"eusc-de-east-1": {"eusc-de-east-1"},
		"us-iso-east-1":  {"us-iso-east-1", "us-iso-west-1"},
		"us-isob-east-1": {"us-isob-east-1"},
		"eu-isoe-west-1": {"eu-isoe-west-1"},
		"us-isof-east-1": {"us-isof-east-1", "us-isof-south-1"},
	} {
		k := NewPool(Options{Env: none}, &identity.Settings{})
		if got := k.stsRegions(region); len(got) != len(want) || got[0] != want[0] || got[len(got)-1] != want[len(want)-1] {
			t.Errorf("%s: got %v, want %v", region, got, want)
		}
	}
}
