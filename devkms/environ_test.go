package devkms_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// TestEveryProfileReachesItsPrincipal reads the generated files as a program
// under `sops devkms exec` does. It sets the environment, so it runs alone.
func TestEveryProfileReachesItsPrincipal(t *testing.T) {
	s := devkms.Start(t, nil)
	home := t.TempDir()
	t.Setenv("HOME", home)
	dir := filepath.Join(home, ".aws")
	env, err := s.Environ(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	session := "arn:aws:sts::111111111111:assumed-role/"
	want := map[string]string{
		"": arnAlice, "alice": arnAlice, "bob": arnBob, "carol": "arn:aws:iam::111111111111:user/carol", "dave": "arn:aws:iam::222222222222:user/dave",
		"sops-dev": session + "sops-dev", "example-app": session + "example-app", "relay": session + "relay", "ci": session + "ci",
		"external": session + "external", "careful": session + "careful",
		"developer": session + "AWSReservedSSO_developer_", "developer-legacy": session + "AWSReservedSSO_developer_",
		"login":     arnAlice,
		"sops-prod": "arn:aws:sts::222222222222:assumed-role/sops-prod", "chained": "arn:aws:sts::222222222222:assumed-role/chained",
	}
	for profile, arn := range want {
		got, err := identity(profile)
		if err != nil {
			t.Errorf("profile %q: %v", profile, err)
			continue
		}
		if got != arn && !strings.HasPrefix(got, arn+"/") && !(strings.HasSuffix(arn, "_") && strings.HasPrefix(got, arn)) {
			t.Errorf("profile %q is %s, want %s", profile, got, arn)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "config"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "[profile "); n != len(want) { // "" is none, and anywhere needs a program
		t.Errorf("%d profiles, but %d are tested", n, len(want))
	}
}

func identity(profile string) (string, error) {
	ctx := context.Background()
	options := []func(*config.LoadOptions) error{config.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) {
		o.TokenProvider = func() (string, error) { return "123456", nil }
	})}
	if profile != "" {
		options = append(options, config.WithSharedConfigProfile(profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return "", err
	}
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	_, err = kms.NewFromConfig(cfg).Encrypt(ctx, &kms.EncryptInput{KeyId: ptr("alias/absent"), Plaintext: []byte("x")})
	if code(err) != "NotFoundException" {
		return "", err
	}
	return *out.Arn, nil
}

func TestNothingOfTheRealAWSIsInherited(t *testing.T) {
	t.Parallel()
	got := devkms.WithoutAWS([]string{"PATH=/bin", "AWS_PROFILE=work", "AWS_SESSION_TOKEN=x", "SOPS_KMS_ARN=arn", "AWS_ENDPOINT_URL_S3="})
	if diff := cmp.Diff([]string{"PATH=/bin", "SOPS_KMS_ARN=arn"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestGeneratedFilesArePrivate(t *testing.T) {
	t.Parallel()
	s := devkms.Start(t, nil)
	dir := filepath.Join(t.TempDir(), "new")
	if _, err := s.Environ(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"config", "credentials", "ci.token"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %v", name, got)
		}
	}
}

func TestProfilesOfOneNameAreToldApartByAccount(t *testing.T) {
	t.Parallel()
	w, err := devkms.ParseWorld("w.yaml", []byte(`
accounts:
  "111111111111": {users: {sops: {access_key_id: AKIADEVONE000EXAMPLE, secret_access_key: one}}}
  "222222222222": {users: {sops: {access_key_id: AKIADEVTWO000EXAMPLE, secret_access_key: two}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	s := devkms.Start(t, w)
	dir := t.TempDir()
	if _, err := s.Environ(dir); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "credentials"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"[sops]\naws_access_key_id = AKIADEVONE000EXAMPLE", "[222222222222-sops]\naws_access_key_id = AKIADEVTWO000EXAMPLE"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
