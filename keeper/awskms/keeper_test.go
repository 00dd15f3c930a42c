package awskms

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

func plainKey(arn string) keeper.MasterKey { return keeper.Undescribed(keeper.KMS, "arn", arn) }

func named(arn, profile, role string) keeper.MasterKey {
	return keeper.Undescribed(keeper.KMS, "arn", arn, "role", role, "aws_profile", profile)
}

func TestWhatIsWrappedIsUnwrapped(t *testing.T) {
	t.Parallel()
	r := newRig(t).as("alice")
	now := time.Date(2026, 1, 2, 3, 4, 5, 678, time.FixedZone("x", 3600))
	r.o.Now = func() time.Time { return now }
	m := named(key1, "alice", ops).With("context", map[string]string{"App": "x"})
	w, err := r.keeper().Wrap(t.Context(), m, dataKey())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(m, w.MasterKey); d != "" {
		t.Errorf("the key is not stored as given (-want +got):\n%s", d)
	}
	if want := now.UTC().Truncate(time.Second); !w.Created.Equal(want) || w.Created.Location() != time.UTC {
		t.Errorf("Created = %v, want %v", w.Created, want)
	}
	r.o.Now = nil
	w.Enc = w.Enc[:10] + "\r\n  " + w.Enc[10:] + "\n"
	got, err := r.keeper().Unwrap(t.Context(), w)
	if err != nil || !got.Equal(dataKey()) {
		t.Errorf("Unwrap: %v, equal %v", err, got.Equal(dataKey()))
	}
	for _, c := range r.server.Calls() {
		if c.Service == "kms" && (c.EncryptionContext["App"] != "x" || c.Key != key1) {
			t.Errorf("%s went to %s with context %v", c.Operation, c.Key, c.EncryptionContext)
		}
	}
}

func TestAnEmptyContextIsSentAsSuch(t *testing.T) {
	t.Parallel()
	r := newRig(t).as("alice")
	if _, err := r.keeper().Unwrap(t.Context(), r.wrapped(plainKey(key1))); err != nil {
		t.Fatal(err)
	}
	for _, c := range r.server.Calls() {
		if c.EncryptionContext == nil {
			t.Errorf("%s came without an encryption context, want an empty one", c.Operation)
		}
	}
}

func TestTheContextBindsTheFile(t *testing.T) {
	t.Parallel()
	r := newRig(t).as("alice")
	app := map[string]string{"AppName": "ExampleApp"}
	w := r.wrapped(plainKey(bound).With("context", app))
	if _, err := r.keeper().Unwrap(t.Context(), w); err != nil {
		t.Errorf("in its context: %v", err)
	}
	w.MasterKey = plainKey(bound)
	_, err := r.keeper().Unwrap(t.Context(), w)
	requireHint(t, err, KeyDenied, `"Action":"kms:Decrypt"`)

	w = r.wrapped(plainKey(key1).With("context", app))
	w.MasterKey = plainKey(key1).With("context", map[string]string{"AppName": "Other"})
	_, err = r.keeper().Unwrap(t.Context(), w)
	requireHint(t, err, BadCiphertext, "git log -p -- FILE")
}

// requireHint checks that err is an *Error whose last attempt had the cause,
// and that one of its hints holds each of the texts.
func requireHint(t *testing.T, err error, cause Cause, texts ...string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("got %v, want an *Error because of %s", err, cause)
		return
	}
	if got := e.Attempts[len(e.Attempts)-1].Cause; got != cause {
		t.Errorf("got cause %q, want %q: %v", got, cause, err)
	}
	hints := strings.Join(e.Hints(), "\n")
	for _, text := range texts {
		if !strings.Contains(hints, text) {
			t.Errorf("got hints %q, want %q in them (%v)", hints, text, err)
		}
	}
}

func TestRoleSessionIsReused(t *testing.T) {
	t.Parallel()
	r := newRig(t).as("alice")
	k := r.keeper()
	var wg sync.WaitGroup
	for _, arn := range []string{key1, key2, key3, key1, key2, key3} {
		wg.Go(func() {
			w, err := k.Wrap(t.Context(), named(arn, "", ops), dataKey())
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := k.Unwrap(t.Context(), w); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	count := map[string]int{}
	for _, c := range r.calls() {
		count[c]++
	}
	want := map[string]int{
		"AssumeRole as user/alice":                     1,
		"Encrypt as assumed-role/ops/sops@ip-10-0-0-1": 6,
		"Decrypt as assumed-role/ops/sops@ip-10-0-0-1": 6,
	}
	if d := cmp.Diff(want, count); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestManyFilesCostOneSessionAndADecryptEach(t *testing.T) {
	t.Parallel()
	const files, atOnce = 200, 16
	r := newRig(t).as("alice")
	w := r.wrapped(named(key1, "", ops))
	k := r.keeper()
	var wg sync.WaitGroup
	for range atOnce {
		wg.Go(func() {
			for range files / atOnce {
				if _, err := k.Unwrap(t.Context(), w); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range files % atOnce {
		if _, err := k.Unwrap(t.Context(), w); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	count := map[string]int{}
	for _, c := range r.calls() {
		count[c]++
	}
	want := map[string]int{"AssumeRole as user/alice": 1, "Decrypt as assumed-role/ops/sops@ip-10-0-0-1": files}
	if d := cmp.Diff(want, count); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestTheLastThingToTryMayTakeLonger plays a KMS that answers right, but late.
func TestTheLastThingToTryMayTakeLonger(t *testing.T) {
	t.Parallel()
	r := newRig(t).as("alice")
	r.o.Attempt = 0
	r.server.SetFault(devkms.Fault{Mode: devkms.Slow, Delay: DefaultAttempt + 200*time.Millisecond})
	if _, err := r.keeper().Wrap(t.Context(), plainKey(key1), dataKey()); err != nil {
		t.Error(err)
	}
}

func TestTheFirstIdentityThatWorksIsUsed(t *testing.T) {
	t.Parallel()
	const session = "assumed-role/ops/sops@ip-10-0-0-1"
	for _, test := range []struct {
		name   string
		setup  func(*rig)
		key    keeper.MasterKey
		want   []string
		fails  bool
		warned string
	}{
		{
			name: "profile of the file", setup: func(r *rig) { r.as("bob") }, key: named(key1, "alice", ""),
			want: []string{"Decrypt as user/alice"},
		},
		{
			name: "profile of the file is not here", setup: func(r *rig) { r.as("alice") }, key: named(key1, "theirs", ""),
			want: []string{"Decrypt as user/alice"},
		},
		{
			name: "profile and role of the file", setup: func(r *rig) {}, key: named(key1, "bob", ops),
			want: []string{"AssumeRole as user/bob", "Decrypt as " + session},
		},
		{
			name: "role of the file is denied", setup: func(r *rig) { r.as("alice") }, key: named(key1, "", refusing),
			want: []string{"AssumeRole as user/alice: AccessDenied", "Decrypt as user/alice"},
		},
		{
			name: "caller is the role already", setup: func(r *rig) { r.set("AWS_PROFILE", "ops") }, key: named(key1, "", ops),
			want: []string{
				"AssumeRole as user/bob", "AssumeRole as " + session + ": AccessDenied", "Decrypt as " + session,
			},
		},
		{
			name: "key is denied to the profile", setup: func(r *rig) { r.as("alice") }, key: named(key1, "bob", ""),
			want: []string{"Decrypt as user/bob: AccessDeniedException", "Decrypt as user/alice"},
		},
		{
			name: "profile has unknown credentials", setup: func(r *rig) { r.as("alice") }, key: named(key1, "stranger", ""),
			want: []string{"Decrypt as : UnrecognizedClientException", "Decrypt as user/alice"},
		},
		{
			name: "key does not exist: no other identity is tried", setup: func(r *rig) { r.as("alice") }, key: named(absent, "alice", ops),
			want: []string{"AssumeRole as user/alice", "Decrypt as " + session + ": NotFoundException"}, fails: true,
		},
		{
			name: "strict", setup: func(r *rig) { r.as("alice"); r.o.Strict = true }, key: named(key1, "bob", ""),
			want: []string{"Decrypt as user/bob: AccessDeniedException"}, fails: true,
		},
		{
			name: "flag before file", setup: func(r *rig) { r.o.Profile = []string{account1 + "=alice"} }, key: named(key1, "bob", ""),
			want: []string{"Decrypt as user/alice"},
		},
		{
			name: "flag does not work", setup: func(r *rig) { r.o.Profile = []string{"bob"} }, key: named(key1, "alice", ""),
			want: []string{"Decrypt as user/bob: AccessDeniedException"}, fails: true,
		},
		{
			name: "map does not work", setup: func(r *rig) { r.as("alice").mapped("accounts: {111111111111: {profile: bob}}") }, key: plainKey(key1),
			want:   []string{"Decrypt as user/bob: AccessDeniedException", "Decrypt as user/alice"},
			warned: "profile bob",
		},
		{
			name: "role flag", setup: func(r *rig) { r.as("bob"); r.o.Role = []string{ops} }, key: named(key1, "", refusing),
			want: []string{"AssumeRole as user/bob", "Decrypt as " + session},
		},
		{
			name: "no role", setup: func(r *rig) { r.as("alice").set("SOPS_AWS_NO_ASSUME_ROLE", "1") }, key: named(key1, "", ops),
			want: []string{"Decrypt as user/alice"},
		},
		{
			name: "map", setup: func(r *rig) { r.as("bob").mapped("accounts: {111111111111: {profile: alice}}") }, key: named(key1, "theirs", ""),
			want: []string{"Decrypt as user/alice"},
		},
		{
			name: "map of roles", setup: func(r *rig) { r.as("bob").mapped("accounts: {111111111111: {role: '" + ops + "', session_name: me}}") },
			key:  plainKey(key1),
			want: []string{"AssumeRole as user/bob", "Decrypt as assumed-role/ops/me"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			test.setup(r)
			arn := test.key.Text("arn")
			w := keeper.WrappedKey{MasterKey: test.key, Enc: "AQ=="}
			if arn != absent {
				w = r.wrapped(test.key)
			}
			d, err := r.keeper().Unwrap(t.Context(), w)
			if test.fails != (err != nil) || err == nil && !d.Equal(dataKey()) {
				t.Errorf("fails = %v, want %v: %v", err != nil, test.fails, err)
			}
			if d := cmp.Diff(test.want, r.calls()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if got := strings.Join(r.warned, "\n"); (test.warned == "") != (got == "") || !strings.Contains(got, test.warned) {
				t.Errorf("warned %q, want %q", got, test.warned)
			}
		})
	}
}

func TestAMovedAliasStillOpens(t *testing.T) {
	t.Parallel()
	r := newRig(t).as("alice")
	w := r.wrapped(plainKey(alias1))
	w.MasterKey = plainKey(alias1)
	other := r.wrapped(plainKey(key2)) // what the alias would hold after a move
	other.MasterKey = plainKey(alias1)
	d, err := r.keeper().Unwrap(t.Context(), other)
	if err != nil || !d.Equal(dataKey()) {
		t.Fatalf("%v", err)
	}
	if len(r.warned) != 1 || !strings.Contains(r.warned[0], key2) {
		t.Errorf("warned %q, want the key that opened it", r.warned)
	}
	other.MasterKey = plainKey(key1)
	_, err = r.keeper().Unwrap(t.Context(), other)
	requireHint(t, err, WrongKey, "git log -p -- FILE")
}

func TestSiblingsOfAMultiRegionKeyStandIn(t *testing.T) {
	t.Parallel()
	for _, mode := range []devkms.FaultMode{devkms.Refuse, devkms.InternalError, devkms.Unavailable, devkms.Hang} {
		r := newRig(t).as("alice").set("SOPS_AWS_MRK_REGIONS", "us-east-1,eu-west-1")
		r.o.Attempt = 2 * time.Second // all that the caller allows
		w := r.wrapped(plainKey(multi))
		r.server.SetFault(devkms.Fault{Region: "us-east-1", Mode: mode})
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		d, err := r.keeper().Unwrap(ctx, w)
		cancel()
		if err != nil || !d.Equal(dataKey()) {
			t.Errorf("%s: %v", mode, err)
		}
		if n := len(r.calls()); n != 2 {
			t.Errorf("%s: %d calls, want one in each region", mode, n)
		}
	}
}

func TestPassingFailuresAreRetried(t *testing.T) {
	t.Parallel()
	r := newRig(t).as("alice")
	w := r.wrapped(plainKey(key1))
	r.server.SetFault(devkms.Fault{Operation: "Decrypt", Mode: devkms.InternalError, Times: 2})
	if _, err := r.keeper().Unwrap(t.Context(), w); err != nil {
		t.Error(err)
	}
	r.o.Attempts = 1
	r.server.SetFault(devkms.Fault{Operation: "Decrypt", Mode: devkms.InternalError, Times: 1})
	_, err := r.keeper().Unwrap(t.Context(), w)
	requireHint(t, err, ServiceFailed, "AWS_ENDPOINT_URL_KMS")
}
