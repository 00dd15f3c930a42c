package awskms

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

func TestARoleChainTakesWhatTheMapSays(t *testing.T) {
	t.Parallel()
	r := newRig(t).as("alice").mapped(fmt.Sprintf(`
accounts:
  %q:
    role: [%s]
    external_id: shared-word
    duration: 30m
    tags: {team: blue}
keys:
  %s:
    role: [%s, %s]
`, account2, guest, key1, guest, inner))
	_, err := r.keeper().Unwrap(t.Context(), keeper.WrappedKey{MasterKey: plainKey(foreign), Enc: "AQ=="})
	if err == nil {
		t.Fatal("a role without permissions decrypted")
	}
	calls := r.server.Calls()
	if len(calls) < 2 || calls[0].Role != guest || calls[0].ErrorCode != "" || !strings.HasPrefix(calls[1].Principal, "arn:aws:sts::222222222222:assumed-role/guest/") {
		t.Errorf("the external id did not open the role: %v", r.calls())
	}
	r.server.ResetCalls()
	_, err = r.keeper().Unwrap(t.Context(), keeper.WrappedKey{MasterKey: plainKey(key1), Enc: "AQ=="})
	var e *Error
	if !errors.As(err, &e) || e.Attempts[0].Cause != RoleDenied || !strings.Contains(e.Attempts[0].Message, guest) {
		t.Errorf("in a chain the external id belongs to the last role, so that the first must be denied here: %v", err)
	}
}

func TestTheRegionIsThatOfTheARN(t *testing.T) {
	t.Parallel()
	r := newRig(t).as("alice").set("AWS_REGION", "ap-south-1").set("AWS_DEFAULT_REGION", "ap-south-1")
	r.write("config", "[default]\nregion = ap-south-1\n")
	if _, err := r.keeper().Wrap(t.Context(), named(keyWest, "", ops), dataKey()); err != nil {
		t.Fatal(err)
	}
	for _, c := range r.server.Calls() {
		if c.Region != "eu-west-1" {
			t.Errorf("%s went to %s", c.Operation, c.Region)
		}
	}
}

func TestTheRoleOfAProfileIsAssumedWhereTheProfileSays(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	k := r.keeper()
	for _, arn := range []string{key1, key2} {
		if _, err := k.Wrap(t.Context(), named(arn, "ops", ""), dataKey()); err != nil {
			t.Fatal(err)
		}
	}
	calls := r.server.Calls()
	if len(calls) != 3 || calls[0].Operation != "AssumeRole" || calls[0].Region != "eu-west-1" || calls[1].Region != "us-east-1" {
		t.Errorf("want one AssumeRole in the profile's region, got %+v", r.calls())
	}
}

func TestTheSessionNameOfTheEnvironmentIsUsed(t *testing.T) {
	t.Parallel()
	r := newRig(t).as("alice").set("AWS_ROLE_SESSION_NAME", "ci-42")
	if _, err := r.keeper().Wrap(t.Context(), named(key1, "", ops), dataKey()); err != nil {
		t.Fatal(err)
	}
	if got := r.calls(); got[len(got)-1] != "Encrypt as assumed-role/ops/ci-42" {
		t.Errorf("got %q", got)
	}
}
