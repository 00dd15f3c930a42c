package awskms

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/session"
)

func TestEveryCauseHasAHint(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		setup func(*rig)
		key   keeper.MasterKey
		cause Cause
		hints []string
	}{
		{"missing profile", func(r *rig) {}, named(key1, "theirs", ""), NoProfile, []string{
			"alice, bob, failing", "--aws-profile NAME", "account 111111111111", "/sops/aws.yaml",
		}},
		{"SSO", func(r *rig) {}, named(key1, "sso", ""), NotLoggedIn, []string{"aws sso login --profile sso"}},
		{"failing process", func(r *rig) {}, named(key1, "failing", ""), ProcessFailed, []string{"aws sts get-caller-identity --profile failing"}},
		{"babbling process", func(r *rig) {}, named(key1, "leaking", ""), ProcessFailed, []string{"--profile leaking"}},
		{"MFA without a terminal", func(r *rig) {}, named(key1, "vault", ""), NoMFA, []string{"SOPS_AWS_MFA_TOKEN"}},
		{"wrong MFA code", func(r *rig) { r.set("SOPS_AWS_MFA_TOKEN", "999999") }, named(key1, "vault", ""), WrongMFA, []string{"next code"}},
		{"role denied", func(r *rig) {}, named(key1, "alice", refusing), RoleDenied, []string{
			`"Action":"sts:AssumeRole","Resource":"` + refusing + `"`, "--no-assume-role",
		}},
		{"key denied", func(r *rig) {}, named(key1, "bob", "").With("context", map[string]string{"a": "b"}), KeyDenied, []string{
			"allow " + bob, `"Resource":"` + key1 + `"`, `"kms:EncryptionContext:a":"b"`,
		}},
		{"alias denied", func(r *rig) {}, named(alias1, "bob", ""), KeyDenied, []string{key1}},
		{"unknown credentials", func(r *rig) {}, named(key1, "stranger", ""), Stale, []string{"aws sts get-caller-identity --profile stranger"}},
		{"disabled", func(r *rig) {}, named(disabled, "alice", ""), KeyDisabled, []string{
			"aws kms enable-key --key-id " + disabled + " --region us-east-1 --profile alice",
		}},
		{"pending deletion", func(r *rig) {}, named(deleted, "alice", ""), KeyDeleted, []string{"aws kms cancel-key-deletion"}},
		{"absent", func(r *rig) {}, named(absent, "alice", ""), NotFound, []string{"aws kms describe-key"}},
		{"no credentials", func(r *rig) { r.o.Strict = true }, plainKey(key1), NoCredentials, []string{"AWS_PROFILE", "aws sso login"}},
		{"throttled", func(r *rig) {
			r.o.Attempts = 1
			r.server.SetFault(devkms.Fault{Mode: devkms.Throttle})
		}, named(key1, "alice", ""), Throttled, []string{"quota"}},
		{"refused", func(r *rig) { r.set("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:1") }, named(key1, "alice", ""), Unreachable, []string{
			"curl -sv http://127.0.0.1:1",
		}},
		{"garbage", func(r *rig) { r.server.SetFault(devkms.Fault{Mode: devkms.Garbage}) }, named(key1, "alice", ""), ServiceFailed, []string{"AWS_ENDPOINT_URL_KMS"}},
		{"reset", func(r *rig) { r.server.SetFault(devkms.Fault{Mode: devkms.Reset}) }, named(key1, "alice", ""), Unreachable, []string{"HTTPS_PROXY"}},
		{"silent STS", func(r *rig) {
			r.o.Attempt = time.Second
			r.server.SetFault(devkms.Fault{Operation: "AssumeRole", Mode: devkms.Hang})
		}, named(key1, "alice", ops), STSFailed, []string{"AWS_ENDPOINT_URL_STS"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			test.setup(r)
			r.o.Strict = true
			_, err := r.keeper().Wrap(t.Context(), test.key, dataKey())
			requireHint(t, err, test.cause, test.hints...)
			text := fmt.Sprintf("%v %+v", err, err)
			if strings.Contains(text, "SECRET") || strings.Contains(text, string(dataKey().Bytes())) {
				t.Errorf("a secret is in the error: %v", err)
			}
		})
	}
}

func TestAnErrorTellsEachAttempt(t *testing.T) {
	t.Parallel()
	r := newRig(t).as("bob")
	w := r.wrapped(named(key1, "theirs", refusing))
	_, err := r.keeper().Unwrap(t.Context(), w)
	if err == nil {
		t.Fatal("bob decrypted")
	}
	lines := strings.Split(err.Error(), "\n")
	want := [][]string{
		{"AWS KMS key " + key1 + ": cannot decrypt the data key"},
		{"as profile theirs in role " + refusing + ", named by the file: profile: there is no profile theirs"},
		{"as the ambient credentials in role " + refusing + ", " + bob + ": sts:AssumeRole: AccessDenied: ", "(request "},
		{"as the ambient credentials, " + bob + ": kms:Decrypt: AccessDeniedException: ", "(request "},
	}
	if len(lines) != len(want) {
		t.Fatalf("got %d lines, want %d:\n%v", len(lines), len(want), err)
	}
	for i, parts := range want {
		for _, part := range parts {
			if !strings.Contains(lines[i], part) {
				t.Errorf("line %d: got %q, want %q in it", i, lines[i], part)
			}
		}
	}
	var a *Attempt
	if !errors.As(err, &a) || a.Cause != NoProfile {
		t.Errorf("the attempts are not to be found in %v", err)
	}
}

func TestNothingHangsLongerThanItsBudget(t *testing.T) {
	t.Parallel()
	const short = time.Second
	silent, err := net.Listen("tcp4", "127.0.0.1:0") // takes connections and never answers
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	for _, test := range []struct {
		name  string
		setup func(*rig)
		key   keeper.MasterKey
		cause Cause
		says  string
	}{
		{"credential_process", func(r *rig) {}, named(key1, "hanging", ""), ProcessFailed, ""},
		{"KMS", func(r *rig) { r.server.SetFault(devkms.Fault{Mode: devkms.Hang}) }, named(key1, "alice", ""), Silent, "no answer from http://127.0.0.1:"},
		{"KMS after headers", func(r *rig) { r.server.SetFault(devkms.Fault{Mode: devkms.HangAfterHeaders}) }, named(key1, "alice", ""), Silent, "no answer from http://127.0.0.1:"},
		{"STS", func(r *rig) { r.set("AWS_ENDPOINT_URL_STS", "http://"+silent.Addr().String()) }, named(key1, "alice", ops), STSFailed, silent.Addr().String()},
		{"TLS", func(r *rig) { r.set("AWS_ENDPOINT_URL_KMS", "https://"+silent.Addr().String()) }, named(key1, "alice", ""), Silent, silent.Addr().String()},
		{"instance metadata", func(r *rig) {
			r.set("AWS_EC2_METADATA_DISABLED", "").set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://"+silent.Addr().String())
		}, plainKey(key1), NoCredentials, "instance metadata"},
	} {
		for _, limit := range []string{"attempt", "caller"} {
			t.Run(test.name+" within the limit of the "+limit, func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				test.setup(r)
				r.o.Strict, r.o.Attempt = true, time.Minute
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if limit == "attempt" {
					r.o.Attempt = short
				} else {
					ctx, cancel = context.WithTimeout(t.Context(), short)
					defer cancel()
				}
				start := time.Now()
				_, err := r.keeper().Wrap(ctx, test.key, dataKey())
				if took := time.Since(start); took > 8*time.Second {
					t.Errorf("it took %v", took)
				}
				if err == nil || !strings.Contains(err.Error(), test.says) {
					t.Errorf("got %v, want %q", err, test.says)
				}
				requireHint(t, err, test.cause)
			})
		}
	}
}

func TestInstanceMetadataIsAskedOnceForAllKeys(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	r := newRig(t).set("AWS_EC2_METADATA_DISABLED", "").set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://"+silent.Addr().String())
	k := r.keeper()
	start := time.Now()
	for _, arn := range []string{key1, key2, key3, keyWest} {
		if _, err := k.Wrap(t.Context(), named(arn, "", ops), dataKey()); err == nil {
			t.Error("it worked without credentials")
		}
	}
	if took := time.Since(start); took < session.MetadataBudget || took >= 4*session.MetadataBudget { // as it would for each key
		t.Errorf("it took %v", took)
	}
}

func TestACanceledCallEndsAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.wrapped(named(key1, "alice", ""))
	r.server.SetFault(devkms.Fault{Operation: "Decrypt", Mode: devkms.Hang})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	_, err := r.keeper().Unwrap(ctx, w)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it to be context.Canceled", err)
	}
	if n := len(r.calls()); n > 1 {
		t.Errorf("%d calls after the caller went away", n)
	}
}

func TestADamagedEncIsNotSent(t *testing.T) {
	t.Parallel()
	r := newRig(t).as("alice")
	for _, enc := range []string{"", "!!", "AQ"} {
		_, err := r.keeper().Unwrap(t.Context(), keeper.WrappedKey{MasterKey: plainKey(key1), Enc: enc})
		var damaged *DamagedError
		if !errors.As(err, &damaged) {
			t.Errorf("%q: got %v", enc, err)
		}
	}
	if calls := r.calls(); len(calls) > 0 {
		t.Errorf("got calls %q", calls)
	}
}

func TestAWrongClockIsNamed(t *testing.T) {
	t.Parallel()
	s, err := devkms.New(devkms.Options{World: world(t), Now: func() time.Time { return time.Now().Add(-time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	url, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	r := newRig(t).set("AWS_ENDPOINT_URL", url)
	r.o.Attempts = 1
	for _, role := range []string{"", ops} {
		_, err = r.keeper().Wrap(t.Context(), named(key1, "alice", role), dataKey())
		requireHint(t, err, Skewed, "set the clock")
	}
}

func TestABadProfileIsNotAMissingOne(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("config", "[profile loop]\nrole_arn = "+ops+"\nsource_profile = gone\n")
	r.o.Strict = true
	_, err := r.keeper().Wrap(t.Context(), named(key1, "loop", ""), dataKey())
	requireHint(t, err, BadProfile, "aws configure list --profile loop")
}
