package devkms_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// Names of the built-in world.
const (
	first  = "111111111111"
	second = "222222222222"

	devKey     = "arn:aws:kms:us-east-1:111111111111:key/11111111-1111-4111-8111-000000000001"
	devKeyEU   = "arn:aws:kms:eu-west-1:111111111111:key/11111111-1111-4111-8111-000000000002"
	appKey     = "arn:aws:kms:us-east-1:111111111111:key/11111111-1111-4111-8111-000000000003"
	mrkKey     = "arn:aws:kms:us-east-1:111111111111:key/mrk-11111111111141118111000000000004"
	mrkKeyEU   = "arn:aws:kms:eu-west-1:111111111111:key/mrk-11111111111141118111000000000004"
	offKey     = "arn:aws:kms:us-east-1:111111111111:key/11111111-1111-4111-8111-000000000005"
	deletedKey = "arn:aws:kms:us-east-1:111111111111:key/11111111-1111-4111-8111-000000000006"
	prodKey    = "arn:aws:kms:us-east-1:222222222222:key/22222222-2222-4222-8222-000000000001"
	sharedKey  = "arn:aws:kms:us-east-1:222222222222:key/22222222-2222-4222-8222-000000000003"

	devRole = "arn:aws:iam::111111111111:role/sops-dev"
)

// A caller makes calls with one set of credentials.
type caller struct {
	creds  aws.Credentials
	url    string
	region string
	client *http.Client // nil is the SDK's own
}

// as returns a caller with the access key of a user of the built-in world.
func as(s *devkms.Server, user string) caller { return asAt(s.URL(), user) }

func asAt(url, user string) caller {
	keys := map[string]string{
		"alice": "AKIADEVALICE0EXAMPLE", "bob": "AKIADEVBOB000EXAMPLE",
		"carol": "AKIADEVCAROL0EXAMPLE", "dave": "AKIADEVDAVE00EXAMPLE",
	}
	return caller{
		creds: aws.Credentials{AccessKeyID: keys[user], SecretAccessKey: "devkms/" + user + "/not/a/secret/EXAMPLE"},
		url:   url, region: "us-east-1",
	}
}

func (c caller) in(region string) caller {
	c.region = region
	return c
}

func (c caller) config() aws.Config {
	cfg := aws.Config{
		Region: c.region, BaseEndpoint: aws.String(c.url), RetryMaxAttempts: 1,
		Credentials: credentials.StaticCredentialsProvider{Value: c.creds},
	}
	if c.client != nil {
		cfg.HTTPClient = c.client
	}
	return cfg
}

func (c caller) kms() *kms.Client { return kms.NewFromConfig(c.config()) }
func (c caller) sts() *sts.Client { return sts.NewFromConfig(c.config()) }

// assume returns a caller with a session of the role.
func (c caller) assume(t testing.TB, role string, more ...func(*sts.AssumeRoleInput)) caller {
	t.Helper()
	in := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("test")}
	for _, f := range more {
		f(in)
	}
	out, err := c.sts().AssumeRole(context.Background(), in)
	if err != nil {
		t.Fatalf("assume %s: %v", role, err)
	}
	c.creds = aws.Credentials{
		AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken,
	}
	return c
}

// code returns the AWS error code of err, "" for success.
func code(err error) string {
	var api smithy.APIError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &api):
		return api.ErrorCode()
	}
	return "no answer: " + err.Error()
}

// text returns the message of an AWS error.
func text(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return ""
}
