package awskms

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/identity"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/session"
)

func TestAPersonIsAskedOnceForAnMFACode(t *testing.T) {
	t.Parallel()
	for name, setup := range map[string]func(*rig) (profile string){
		"profile": func(*rig) string { return "vault" },
		"map": func(r *rig) string {
			r.mapped("accounts: {111111111111: {profile: alice, role: '" + vault + "', mfa_serial: '" + device + "'}}")
			return ""
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			profile := setup(r)
			var asked atomic.Int32
			r.o.Attempt = time.Second
			r.o.AskMFA = func(_ context.Context, prompt string) (string, error) {
				asked.Add(1)
				if !strings.Contains(prompt, device) {
					t.Errorf("the prompt %q does not name the device", prompt)
				}
				time.Sleep(1200 * time.Millisecond) // people are slower than an attempt may be
				return code[:3] + " " + code[3:] + "\n", nil
			}
			k := r.keeper()
			w := r.wrapped(named(key1, profile, ""))
			if !k.Asks(t.Context(), w) {
				t.Error("Asks says that no user will be asked")
			}
			var wg sync.WaitGroup
			for _, arn := range []string{key1, keyWest} {
				wg.Go(func() {
					if _, err := k.Wrap(t.Context(), named(arn, profile, ""), dataKey()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if n := asked.Load(); n != 1 {
				t.Errorf("asked %d times", n)
			}
			if k.Asks(t.Context(), w) {
				t.Error("Asks says that a user will be asked again")
			}
		})
	}
}

func TestAnMFACodeComesFromTheEnvironment(t *testing.T) {
	t.Parallel()
	r := newRig(t).set("SOPS_AWS_MFA_TOKEN", code)
	r.o.AskMFA = func(context.Context, string) (string, error) { return "", errors.New("no user was to be asked") }
	k := r.keeper()
	if k.Asks(t.Context(), r.wrapped(named(key1, "vault", ""))) {
		t.Error("Asks says that a user will be asked")
	}
	if _, err := k.Wrap(t.Context(), named(key1, "vault", ""), dataKey()); err != nil {
		t.Error(err)
	}
}

func TestOnlyKeysBehindMFAAskAPerson(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	asks := func(m keeper.MasterKey) bool { return r.keeper().Asks(t.Context(), keeper.WrappedKey{MasterKey: m}) }
	if asks(named(key1, "vault", "")) {
		t.Error("without a terminal no user can be asked")
	}
	r.o.AskMFA = func(context.Context, string) (string, error) { return code, nil }
	for profile, want := range map[string]bool{"vault": true, "alice": false, "ops": false, "theirs": false, "": false} {
		if got := asks(named(key1, profile, ops)); got != want {
			t.Errorf("profile %q: asks = %v, want %v", profile, got, want)
		}
	}
	if asks(plainKey("alias/x")) {
		t.Error("a bad ARN asks")
	}
	r.set("AWS_PROFILE", "vault")
	if !asks(plainKey(key1)) {
		t.Error("the ambient profile does not ask")
	}
	r.as("alice")
	if asks(plainKey(key1)) {
		t.Error("with an access key in the environment the profile asks")
	}
}

func TestACanceledPromptIsNotACode(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	gone := errors.New("canceled by the user")
	r.o.AskMFA = func(context.Context, string) (string, error) { return "", gone }
	_, err := r.keeper().Wrap(t.Context(), named(key1, "vault", ""), dataKey())
	if !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
}

func TestADenialIsRememberedForAWhile(t *testing.T) {
	t.Parallel()
	r := newRig(t).as("alice")
	now := time.Now()
	r.o.Now = func() time.Time { return now }
	k := r.keeper()
	wrap := func() {
		if _, err := k.Wrap(t.Context(), named(key1, "", refusing), dataKey()); err != nil {
			t.Error(err)
		}
	}
	wrap()
	wrap()
	now = now.Add(session.DenialLasts + time.Second)
	wrap()
	want := []string{
		"AssumeRole as user/alice: AccessDenied", "Encrypt as user/alice", "Encrypt as user/alice",
		"AssumeRole as user/alice: AccessDenied", "Encrypt as user/alice",
	}
	if d := cmp.Diff(want, r.calls()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestEndpointsAreFoundWhereTheyAreConfigured(t *testing.T) {
	t.Parallel()
	const dead = "http://127.0.0.1:1"
	for _, test := range []struct {
		name  string
		setup func(r *rig, url string)
		works bool
	}{
		{"generic variable, also for the role of a profile", func(r *rig, url string) { r.set("AWS_ENDPOINT_URL", url) }, true},
		{"variables of the services", func(r *rig, url string) {
			r.set("AWS_ENDPOINT_URL", dead).set("AWS_ENDPOINT_URL_KMS", url).set("AWS_ENDPOINT_URL_STS", url)
		}, true},
		{"profile", func(r *rig, url string) {
			r.write("config", profiles+"[profile ops2]\nrole_arn = "+ops+"\nsource_profile = bob\nendpoint_url = "+url+"\n")
		}, true},
		{"services section", func(r *rig, url string) {
			r.write("config", profiles+"[profile ops2]\nrole_arn = "+ops+"\nsource_profile = bob\nservices = dev\n[services dev]\nkms =\n  endpoint_url = "+url+"\nsts =\n  endpoint_url = "+url+"\n")
		}, true},
		{"map", func(r *rig, url string) {
			r.set("AWS_ENDPOINT_URL", dead).mapped("accounts: {111111111111: {endpoint: '" + url + "', sts_endpoint: '" + url + "'}}")
		}, true},
		{"variable for KMS only", func(r *rig, url string) { r.set("AWS_ENDPOINT_URL", dead).set("AWS_ENDPOINT_URL_KMS", url) }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.write("config", profiles+"[profile ops2]\nrole_arn = "+ops+"\nsource_profile = bob\n")
			r.o.Attempts = 1
			delete(r.vars, "AWS_ENDPOINT_URL")
			test.setup(r, r.server.URL())
			_, err := r.keeper().Wrap(t.Context(), named(key1, "ops2", ""), dataKey())
			if (err == nil) != test.works {
				t.Errorf("works = %v, want %v: %v", err == nil, test.works, err)
			}
		})
	}
}

func TestTheUsualEndpointIsNamed(t *testing.T) {
	t.Parallel()
	k := New(Options{Env: env.Map(nil)})
	for region, want := range map[string]string{
		"eu-west-1": "https://kms.eu-west-1.amazonaws.com", "cn-north-1": "https://kms.cn-north-1.amazonaws.com.cn",
	} {
		s, err := k.pool.Session(t.Context(), identity.Identity{}, region)
		if err != nil || s.URL != want {
			t.Errorf("%s: got %v, %v; want %s", region, s, err, want)
		}
	}
}

func TestDiagnosisWalksTheSameWay(t *testing.T) {
	t.Parallel()
	r := newRig(t).as("alice")
	w := r.wrapped(named(key1, "theirs", ops).With("context", map[string]string{"a": "b"}))
	report := r.keeper().report(t.Context(), w)
	if !report.Opens || len(report.Attempts) != 2 {
		t.Fatalf("got %+v", report)
	}
	last := report.Attempts[1]
	var steps []string
	for _, s := range last.Steps {
		if !s.OK {
			t.Errorf("step %+v", s)
		}
		steps = append(steps, s.Name)
	}
	want := []string{"profile", "credentials", "sts:AssumeRole", "sts:GetCallerIdentity", "kms:DescribeKey", "kms:Decrypt"}
	if d := cmp.Diff(want, steps); d != "" {
		t.Errorf("steps (-want +got):\n%s", d)
	}
	if want := "arn:aws:sts::111111111111:assumed-role/ops/sops@ip-10-0-0-1"; last.Caller != want || last.Expires.IsZero() {
		t.Errorf("caller %q until %v, want %q", last.Caller, last.Expires, want)
	}
}

func TestASilentSTSDoesNotSpoilTheDiagnosis(t *testing.T) {
	t.Parallel()
	r := newRig(t).as("alice")
	r.o.Attempt = 2 * time.Second
	w := r.wrapped(plainKey(key1))
	r.server.SetFault(devkms.Fault{Operation: "GetCallerIdentity", Mode: devkms.Hang})
	if report := r.keeper().report(t.Context(), w); !report.Opens {
		t.Errorf("got %+v", report)
	}
}

func TestDiagnosisTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		setup func(*rig)
		w     func(*rig) keeper.WrappedKey
		hint  string
	}{
		{"context", nil, func(r *rig) keeper.WrappedKey {
			w := r.wrapped(plainKey(key1))
			w.MasterKey = w.With("context", map[string]string{"a": "b"})
			return w
		}, "context"},
		{"enc", nil, func(*rig) keeper.WrappedKey { return keeper.WrappedKey{MasterKey: plainKey(key1), Enc: "?"} }, "git log"},
		{"arn", nil, func(*rig) keeper.WrappedKey { return keeper.WrappedKey{MasterKey: plainKey("alias/x"), Enc: "AQ=="} }, "full ARN"},
		{"allow-list", func(r *rig) { r.set("SOPS_AWS_ALLOW_ACCOUNTS", account2) }, func(*rig) keeper.WrappedKey {
			return keeper.WrappedKey{MasterKey: plainKey(key1), Enc: "AQ=="}
		}, "SOPS_AWS_ALLOW_ACCOUNTS"},
		{"silence", func(r *rig) {
			r.o.Attempt = time.Second
			r.server.SetFault(devkms.Fault{Mode: devkms.Hang})
		}, func(*rig) keeper.WrappedKey { return keeper.WrappedKey{MasterKey: plainKey(key1), Enc: "AQ=="} }, "AWS_ENDPOINT_URL_KMS"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t).as("alice")
			if test.setup != nil {
				test.setup(r)
			}
			report := r.keeper().report(t.Context(), test.w(r))
			if report.Opens || !strings.Contains(strings.Join(report.Hints, "\n"), test.hint) {
				t.Errorf("got %+v, want the hint %q", report, test.hint)
			}
		})
	}
}
