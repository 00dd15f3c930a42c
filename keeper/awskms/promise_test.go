package awskms

import (
	"context"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
)

// The built-in world of devkms, which has a role or key for each thing that
// the tool's documentation has always promised.
const (
	devKey     = "arn:aws:kms:us-east-1:111111111111:alias/sops-dev"
	devKeyWest = "arn:aws:kms:eu-west-1:111111111111:alias/sops-dev"
	prodKey    = "arn:aws:kms:us-east-1:222222222222:alias/sops-prod"
	appKey     = "arn:aws:kms:us-east-1:111111111111:alias/example-app"

	devRole  = "arn:aws:iam::111111111111:role/sops-dev"
	prodRole = "arn:aws:iam::222222222222:role/sops-prod"
	appRole  = "arn:aws:iam::111111111111:role/example-app"
	ciRole   = "arn:aws:iam::111111111111:role/ci"
)

// builtin starts the built-in world. The variables are those of its default
// user, alice.
func builtin(t *testing.T) (*devkms.Server, map[string]string) {
	t.Helper()
	s, dir := devkms.Start(t, nil), t.TempDir()
	list, err := s.Environ(dir)
	if err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{"HOME": dir}
	for _, v := range list {
		name, value, _ := strings.Cut(v, "=")
		vars[name] = value
	}
	return s, vars
}

// ambient returns vars without the access key.
func ambient(vars map[string]string) map[string]string {
	vars = maps.Clone(vars)
	delete(vars, "AWS_ACCESS_KEY_ID")
	delete(vars, "AWS_SECRET_ACCESS_KEY")
	return vars
}

func with(vars map[string]string, name, value string) map[string]string {
	vars = maps.Clone(vars)
	vars[name] = value
	return vars
}

// roundTrip wraps under m with one keeper, and unwraps with another.
func roundTrip(t *testing.T, writer, reader map[string]string, m keeper.MasterKey) error {
	t.Helper()
	ask := func(context.Context, string) (string, error) { return "123456", nil }
	w, err := New(Options{Env: env.Map(writer), HostName: "h", AskMFA: ask, Strict: true}).Wrap(t.Context(), m, dataKey())
	if err != nil {
		return err
	}
	d, err := New(Options{Env: env.Map(reader), HostName: "h", AskMFA: ask}).Unwrap(t.Context(), w)
	if err == nil && !d.Equal(dataKey()) {
		t.Error("another data key came back")
	}
	return err
}

func TestKeysOfSeveralAccountsAreReachedByTheirRoles(t *testing.T) {
	t.Parallel()
	s, vars := builtin(t)
	keys, err := awskey.Parse(devKey + "+" + devRole + ",\n" + prodKey + "+" + prodRole)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range keys {
		if err := roundTrip(t, vars, vars, m); err != nil {
			t.Error(err)
		}
	}
	var got []string
	for _, c := range s.Calls() {
		got = append(got, c.Operation+" "+c.Principal)
	}
	want := []string{
		"AssumeRole arn:aws:iam::111111111111:user/alice", "Encrypt arn:aws:sts::111111111111:assumed-role/sops-dev/sops@h",
		"AssumeRole arn:aws:iam::111111111111:user/alice", "Decrypt arn:aws:sts::111111111111:assumed-role/sops-dev/sops@h",
		"AssumeRole arn:aws:iam::111111111111:user/alice", "Encrypt arn:aws:sts::222222222222:assumed-role/sops-prod/sops@h",
		"AssumeRole arn:aws:iam::111111111111:user/alice", "Decrypt arn:aws:sts::222222222222:assumed-role/sops-prod/sops@h",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestEveryKindOfProfileWorks(t *testing.T) {
	t.Parallel()
	_, vars := builtin(t)
	for profile, arn := range map[string]string{
		"alice": devKey, "sops-dev": devKeyWest, "external": devKey, "careful": devKey, "ci": devKey,
		"sops-prod": prodKey, "chained": prodKey,
	} {
		if err := roundTrip(t, ambient(vars), ambient(vars), named(arn, profile, "")); err != nil {
			t.Errorf("named by the file: %v", err)
		}
		chosen := with(ambient(vars), "AWS_PROFILE", profile)
		if err := roundTrip(t, chosen, chosen, plainKey(arn)); err != nil {
			t.Errorf("AWS_PROFILE=%s: %v", profile, err)
		}
	}
}

func TestAWebIdentityOfTheEnvironmentWorks(t *testing.T) {
	t.Parallel()
	s, vars := builtin(t)
	token := filepath.Join(vars["HOME"], "ci.token")
	pod := with(with(ambient(vars), "AWS_WEB_IDENTITY_TOKEN_FILE", token), "AWS_ROLE_ARN", ciRole)
	// The file names the profile of its writer, which the pod has not.
	pod["AWS_CONFIG_FILE"], pod["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null", "/dev/null"
	if err := roundTrip(t, vars, pod, named(devKey, "alice", "")); err != nil {
		t.Error(err)
	}
	calls := s.Calls()
	if last := calls[len(calls)-1]; last.Principal != "arn:aws:sts::111111111111:assumed-role/ci/sops@h" {
		t.Errorf("%s decrypted", last.Principal)
	}
}

func TestAKeyPolicyMayDemandAContext(t *testing.T) {
	t.Parallel()
	_, vars := builtin(t)
	app := with(vars, "SOPS_AWS_ROLE", appRole)
	app["SOPS_AWS_STRICT_IDENTITY"] = "true"
	context := map[string]string{"AppName": "ExampleApp", "FilePath": "/var/opt/secrets/"}
	if err := roundTrip(t, vars, app, plainKey(appKey).With("context", context)); err != nil {
		t.Errorf("in its context: %v", err)
	}
	context["AppName"] = "Other"
	err := roundTrip(t, vars, app, plainKey(appKey).With("context", context))
	requireHint(t, err, KeyDenied, "kms:EncryptionContext:AppName")
}

func TestAMovedAliasDoesNotOpenWhatAnotherAccountWrapped(t *testing.T) {
	t.Parallel()
	_, vars := builtin(t)
	k := New(Options{Env: env.Map(vars), Warn: func(msg string) { t.Errorf("warned %q", msg) }})
	w, err := k.Wrap(t.Context(), plainKey("arn:aws:kms:us-east-1:222222222222:alias/shared"), dataKey())
	if err != nil {
		t.Fatal(err)
	}
	w.MasterKey = plainKey(devKey)
	d, err := k.Unwrap(t.Context(), w)
	if err == nil || d.Len() != 0 || !strings.Contains(err.Error(), "IncorrectKeyException") {
		t.Errorf("got %v, %v", d, err)
	}
	requireHint(t, err, WrongKey, "git log")
}

func TestAHintNamesTheKeyBehindAnAlias(t *testing.T) {
	t.Parallel()
	_, vars := builtin(t)
	for alias, test := range map[string]struct {
		cause Cause
		hint  string
	}{
		"alias/sops-disabled": {KeyDisabled, "aws kms enable-key --key-id arn:aws:kms:us-east-1:111111111111:key/11111111-1111-4111-8111-000000000005"},
		"alias/sops-deleted":  {KeyDeleted, "aws kms cancel-key-deletion --key-id arn:aws:kms:us-east-1:111111111111:key/11111111-1111-4111-8111-000000000006"},
	} {
		_, err := New(Options{Env: env.Map(vars)}).Wrap(t.Context(), plainKey("arn:aws:kms:us-east-1:111111111111:"+alias), dataKey())
		requireHint(t, err, test.cause, test.hint)
	}
}
