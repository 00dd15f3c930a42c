package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"github.com/seed-1f7fdfb8/sops/internal/deadline"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/userfiles"
)

// An stsClient calls STS, in a region that answers, with a limit of time and with
// MFA codes from a person. It serves the roles of files and, put into the SDK's
// chain, the roles of profiles.
type stsClient struct {
	k     *Pool
	inner stscreds.AssumeRoleAPIClient
	place place

	caller caller
}

// A place is where STS is asked: a region, and the endpoint if it is not the
// usual one of that.
type place struct {
	region   string
	endpoint *string
	attempts int
}

// options are those of a call in one region. Where another region is left to ask,
// that is a better answer than trying again.
func (p place) options(region string, more bool) func(*sts.Options) {
	return func(o *sts.Options) {
		o.Region, o.BaseEndpoint, o.RetryMaxAttempts = region, p.endpoint, p.attempts
		if more {
			o.RetryMaxAttempts = 1
		}
	}
}

// AssumeRole adds the MFA code if the role wants one. The person has the time
// they need; the call has not.
func (c *stsClient) AssumeRole(ctx context.Context, in *sts.AssumeRoleInput, _ ...func(*sts.Options)) (*sts.AssumeRoleOutput, error) {
	return c.throughCache(ctx, in, func(ctx context.Context) (*sts.AssumeRoleOutput, error) { return c.assume(ctx, in) })
}

func (c *stsClient) assume(ctx context.Context, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	serial := aws.ToString(in.SerialNumber)
	if serial != "" {
		code, err := c.k.code(ctx, serial)
		if err != nil {
			return nil, err
		}
		in.TokenCode = &code
	}
	// The cache of credentials detaches calls from whoever waits for them, so
	// that this one needs an end of its own.
	left, _ := deadline.Left(ctx)
	ctx, cancel := Limited(ctx, cmp.Or(c.k.attempt, max(left, DefaultLast)))
	defer cancel()
	out, err := inRegions(ctx, c.k, c.place.region, serial != "", func(ctx context.Context, region string, more bool) (*sts.AssumeRoleOutput, error) {
		return c.inner.AssumeRole(ctx, in, c.place.options(region, more))
	})
	err = InTime(ctx, err)
	if err == nil && serial != "" {
		c.k.mu.Lock()
		c.k.answered[serial] = true
		c.k.mu.Unlock()
	}
	return out, err
}

// A webClient is the same for roles that a token of an identity provider opens.
type webClient struct {
	k     *Pool
	inner stscreds.AssumeRoleWithWebIdentityAPIClient
	place place
}

// AssumeRoleWithWebIdentity asks STS in a region that answers.
func (c *webClient) AssumeRoleWithWebIdentity(ctx context.Context, in *sts.AssumeRoleWithWebIdentityInput, _ ...func(*sts.Options)) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	return inRegions(ctx, c.k, c.place.region, false, func(ctx context.Context, region string, more bool) (*sts.AssumeRoleWithWebIdentityOutput, error) {
		return c.inner.AssumeRoleWithWebIdentity(ctx, in, c.place.options(region, more))
	})
}

// code returns the MFA code of a device.
func (k *Pool) code(ctx context.Context, serial string) (string, error) {
	switch {
	case k.set.MFAToken != "":
		return k.set.MFAToken, nil
	case k.askMFA == nil:
		return "", &MFAError{serial: serial}
	}
	defer deadline.Pause(ctx)()
	code, err := k.askMFA(ctx, fmt.Sprintf("MFA code of %s: ", serial))
	if err != nil {
		return "", &MFAError{serial: serial, err: err}
	}
	return awskey.WithoutSpace(code), nil
}

// An MFAError is an MFA code that could not be had.
type MFAError struct {
	serial string
	err    error
}

func (e *MFAError) Error() string {
	if e.err != nil {
		return fmt.Sprintf("MFA code of %s: %v", e.serial, e.err)
	}
	return fmt.Sprintf("the MFA code of %s is needed, and there is no terminal to ask on", e.serial)
}

func (e *MFAError) Unwrap() error { return e.err }

// A roleProvider hands out the credentials of an assumed role.
type roleProvider struct {
	hop    userfiles.Role
	client *stsClient
}

// Retrieve assumes the role.
func (p *roleProvider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	in := &sts.AssumeRoleInput{RoleArn: &p.hop.ARN, RoleSessionName: &p.hop.SessionName}
	if p.hop.ExternalID != "" {
		in.ExternalId = &p.hop.ExternalID
	}
	if p.hop.Duration != 0 {
		in.DurationSeconds = aws.Int32(int32(p.hop.Duration / time.Second))
	}
	if p.hop.Serial != "" {
		in.SerialNumber = &p.hop.Serial
	}
	if p.hop.SourceIdentity != "" {
		in.SourceIdentity = &p.hop.SourceIdentity
	}
	in.TransitiveTagKeys = p.hop.Transitive
	for _, name := range slices.Sorted(maps.Keys(p.hop.Tags)) {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(name), Value: aws.String(p.hop.Tags[name])})
	}
	out, err := p.client.AssumeRole(ctx, in)
	if err != nil {
		return aws.Credentials{}, err
	}
	if out.Credentials == nil || out.AssumedRoleUser == nil {
		return aws.Credentials{}, fmt.Errorf("STS answered without credentials")
	}
	return aws.Credentials{
		AccessKeyID:     aws.ToString(out.Credentials.AccessKeyId),
		SecretAccessKey: aws.ToString(out.Credentials.SecretAccessKey),
		SessionToken:    aws.ToString(out.Credentials.SessionToken),
		Source:          aws.ToString(out.AssumedRoleUser.Arn), // who the session is, for errors
		CanExpire:       true,
		Expires:         aws.ToTime(out.Credentials.Expiration),
	}, nil
}

// isDenied reports whether STS refuses a role to the caller, and not only the
// code of a device.
func isDenied(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == "AccessDenied" && !WrongCode(api.ErrorMessage())
}

// WrongCode reports whether the words of STS are about the code of a device.
func WrongCode(message string) bool {
	return strings.Contains(message, "MultiFactorAuthentication failed")
}
