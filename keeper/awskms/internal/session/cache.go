package session

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
	"github.com/seed-1f7fdfb8/sops/internal/env"
)

// On request, sessions of roles are kept in ~/.aws/cli/cache, in files that are
// named and written as the AWS CLI does it, so that an MFA code which one of the
// two was given serves both.
//
// The name of a file is the digest of the arguments of AssumeRole. They do not say
// who calls. Where a device is among them, it belongs to one user; where none is,
// our files also have the caller in their names, since a session must not serve
// another identity. And what a double gave must not be sent to AWS, nor the reverse:
// an endpoint is in the name as well.

// A caller says in whose place, and from which profile, a role is assumed.
type caller struct {
	name     string // what leads to the credentials
	profile  string
	standard bool // the duration was not asked for
}

// stillGood is what must be left of a session that is taken from disk.
const stillGood = 2 * time.Minute

// cached is the file of one session.
type cached struct {
	Credentials struct {
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string
		Expiration      time.Time
	}
	AssumedRoleUser struct {
		AssumedRoleID string `json:"AssumedRoleId"`
		Arn           string
	}
}

// throughCache assumes a role, unless a session is on disk. What cannot be read or
// written there is no reason to fail.
func (c *stsClient) throughCache(ctx context.Context, in *sts.AssumeRoleInput, assume func(context.Context) (*sts.AssumeRoleOutput, error)) (*sts.AssumeRoleOutput, error) {
	home := env.Env(c.k.env).Home()
	if !c.k.set.Cache || home == "" {
		return assume(ctx)
	}
	if c.caller.standard {
		in.DurationSeconds = nil // the CLI leaves it to STS, which gives an hour
	}
	dir := filepath.Join(home, ".aws", "cli", "cache")
	who, err := c.who(ctx, in)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, c.cacheName(in, who)+".json")
	if out := c.k.fromCache(path, aws.ToString(in.RoleArn)); out != nil {
		return out, nil
	}
	out, err := assume(ctx)
	if err != nil || out.Credentials == nil || out.AssumedRoleUser == nil {
		return out, err
	}
	if err := os.MkdirAll(dir, 0o700); err == nil {
		_ = atomicfile.Replace(path, toCache(out), 0o600) // the session is good without it
	}
	return out, nil
}

// who names the caller: by the access key, unless that is of a session, which is
// another one in the next run, and a profile says whose it is.
func (c *stsClient) who(ctx context.Context, in *sts.AssumeRoleInput) (string, error) {
	client, ok := c.inner.(*sts.Client)
	if in.SerialNumber != nil || !ok {
		return c.caller.name, nil
	}
	own, err := client.Options().Credentials.Retrieve(ctx)
	if err != nil || own.SessionToken != "" && c.caller.profile != "" {
		return c.caller.name, err
	}
	return c.caller.name + " " + own.AccessKeyID, nil
}

// cacheName is the name that the CLI gives to the file of a session.
func (c *stsClient) cacheName(in *sts.AssumeRoleInput, who string) string {
	var b strings.Builder
	add := func(name string, value any) {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(plainJSON(name) + ": " + plainJSON(value))
	}
	// What the CLI knows, in the order of the names; then what it does not.
	if in.DurationSeconds != nil {
		add("DurationSeconds", *in.DurationSeconds)
	}
	if in.ExternalId != nil {
		add("ExternalId", *in.ExternalId)
	}
	add("RoleArn", aws.ToString(in.RoleArn))
	if name := aws.ToString(in.RoleSessionName); name != c.k.set.SessionName || c.k.set.NamedSession {
		add("RoleSessionName", name)
	}
	if in.SerialNumber != nil {
		add("SerialNumber", *in.SerialNumber)
	} else {
		add("Caller", who)
	}
	if in.SourceIdentity != nil {
		add("SourceIdentity", *in.SourceIdentity)
	}
	for _, t := range in.Tags {
		add("Tag "+aws.ToString(t.Key), aws.ToString(t.Value))
	}
	if c.place.endpoint != nil {
		add("Endpoint", *c.place.endpoint)
	}
	for _, t := range in.TransitiveTagKeys {
		add("TransitiveTagKey", t)
	}
	sum := sha1.Sum([]byte("{" + b.String() + "}")) // no secret, and the CLI's choice
	return hex.EncodeToString(sum[:])
}

// plainJSON is JSON without the escapes that browsers like.
func plainJSON(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// fromCache reads a session of a role that is good for a while, or nil.
func (k *Pool) fromCache(path, role string) *sts.AssumeRoleOutput {
	src, err := atomicfile.ReadAtMost(path, maxCached)
	var c cached
	if err != nil || json.Unmarshal(src, &c) != nil || c.Credentials.AccessKeyID == "" || c.Credentials.SessionToken == "" {
		return nil
	}
	if c.Credentials.Expiration.Sub(k.now()) < stillGood || !sessionOf(c.AssumedRoleUser.Arn, role) {
		return nil
	}
	return &sts.AssumeRoleOutput{
		Credentials: &types.Credentials{
			AccessKeyId: &c.Credentials.AccessKeyID, SecretAccessKey: &c.Credentials.SecretAccessKey,
			SessionToken: &c.Credentials.SessionToken, Expiration: &c.Credentials.Expiration,
		},
		AssumedRoleUser: &types.AssumedRoleUser{Arn: &c.AssumedRoleUser.Arn, AssumedRoleId: &c.AssumedRoleUser.AssumedRoleID},
	}
}

// maxCached is far more than a session takes, in bytes.
const maxCached = 1 << 16

// sessionOf reports whether the ARN of a session is one of the role: the path of a
// role is not in those of its sessions.
func sessionOf(session, role string) bool {
	have, want := strings.SplitN(session, ":", 6), strings.SplitN(role, ":", 6)
	if len(have) != 6 || len(want) != 6 || have[1] != want[1] || have[4] != want[4] {
		return false
	}
	return strings.HasPrefix(have[5], "assumed-role/"+want[5][strings.LastIndex(want[5], "/")+1:]+"/")
}

func toCache(out *sts.AssumeRoleOutput) []byte {
	var c cached
	c.Credentials.AccessKeyID, c.Credentials.SecretAccessKey = aws.ToString(out.Credentials.AccessKeyId), aws.ToString(out.Credentials.SecretAccessKey)
	c.Credentials.SessionToken, c.Credentials.Expiration = aws.ToString(out.Credentials.SessionToken), aws.ToTime(out.Credentials.Expiration).UTC()
	c.AssumedRoleUser.Arn, c.AssumedRoleUser.AssumedRoleID = aws.ToString(out.AssumedRoleUser.Arn), aws.ToString(out.AssumedRoleUser.AssumedRoleId)
	return []byte(plainJSON(c))
}
