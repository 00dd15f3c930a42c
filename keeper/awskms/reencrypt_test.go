package awskms

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// moving returns a rig in whose world alice may also move data keys.
func moving(t *testing.T) *rig {
	t.Helper()
	w := world(t)
	alice := &w.Accounts[0].Users[0]
	alice.Policies = append(slices.Clone(alice.Policies), policy(t, `{"Effect":"Allow","Action":"kms:ReEncrypt*","Resource":"*"}`))
	r := newRig(t)
	r.server = devkms.Start(t, w)
	return r.set("AWS_ENDPOINT_URL", r.server.URL())
}

func TestReEncryptMovesWhatIsWrappedAndNothingElseIsCalled(t *testing.T) {
	t.Parallel()
	r := moving(t).as("alice")
	w := r.wrapped(keeper.Undescribed(keeper.KMS, "arn", key1).With("context", map[string]string{"app": "old"}))
	to := keeper.Undescribed(keeper.KMS, "arn", key2).With("context", map[string]string{"app": "new"})
	moved, err := r.keeper().ReEncrypt(t.Context(), w, to)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ReEncrypt as user/alice"}, r.calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if moved.Identity() != to.Identity() || moved.Enc == w.Enc || moved.Created.IsZero() {
		t.Errorf("got %s of %v, want a new one of %s", moved.Identity(), moved.Created, to.Identity())
	}
	d, err := r.keeper().Unwrap(t.Context(), moved)
	if err != nil || !d.Equal(dataKey()) {
		t.Errorf("what was moved does not open: %v", err)
	}
}

func TestReEncryptComesAsTheOldKeysReaderToo(t *testing.T) {
	t.Parallel()
	r := moving(t).as("bob")
	w := r.wrapped(keeper.Undescribed(keeper.KMS, "arn", key1))
	w.MasterKey = keeper.Undescribed(keeper.KMS, "arn", key1, "aws_profile", "alice")
	to := keeper.Undescribed(keeper.KMS, "arn", key2)
	if _, err := r.keeper().ReEncrypt(t.Context(), w, to); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ReEncrypt as user/bob: AccessDeniedException", "ReEncrypt as user/alice"}, r.calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestReEncryptRefusesBeforeAnyCall(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*rig)
		to     string
		want   string
	}{
		{"another region", func(*rig) {}, keyWest, "stays inside one region"},
		{"no ARN", func(*rig) {}, "nonsense", "is not the ARN"},
		{"source not allowed", func(r *rig) { r.set("SOPS_AWS_ALLOW_ACCOUNTS", account2) }, foreign, "account 111111111111 is not allowed"},
		{"target not allowed", func(r *rig) { r.set("SOPS_AWS_ALLOW_ACCOUNTS", account1) }, foreign, "account 222222222222 is not allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := moving(t).as("alice")
			w := r.wrapped(keeper.Undescribed(keeper.KMS, "arn", key1))
			c.change(r)
			_, err := r.keeper().ReEncrypt(t.Context(), w, keeper.Undescribed(keeper.KMS, "arn", c.to))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
			if calls := r.calls(); len(calls) > 0 {
				t.Errorf("there were calls: %v", calls)
			}
		})
	}
}

func TestReEncryptDeniedSaysWhichStatementLacks(t *testing.T) {
	t.Parallel()
	r := newRig(t).as("alice")
	w := r.wrapped(keeper.Undescribed(keeper.KMS, "arn", key1))
	_, err := r.keeper().ReEncrypt(t.Context(), w, keeper.Undescribed(keeper.KMS, "arn", key2))
	if err == nil || !strings.Contains(err.Error(), "cannot move the data key") || !strings.Contains(err.Error(), "kms:ReEncryptFrom") {
		t.Fatalf("got %v", err)
	}
	var failure *Error
	if !errors.As(err, &failure) || !strings.Contains(strings.Join(failure.Hints(), "\n"), `"Action":"kms:ReEncrypt*"`) {
		t.Errorf("no hint with the statement: %v", err)
	}
}
