package key

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestIdentitiesAreThoseThatPeopleKnow(t *testing.T) {
	t.Parallel()
	const arn, role = "arn:aws:kms:eu-west-1:1:key/a", "arn:aws:iam::1:role/r"
	context := map[string]string{"b": "2", "a": "1"}
	for _, tc := range []struct {
		m    MasterKey
		want string
	}{
		{New(KMS, "arn", arn), arn},
		{New(KMS, "arn", arn, "role", role), arn + "+" + role},
		{New(KMS, "arn", arn, "aws_profile", "dev"), arn + "||dev"},
		{New(KMS, "arn", arn).With("context", context), arn + "|a:1,b:2"},
		{New(KMS, "arn", arn, "role", role, "aws_profile", "dev").With("context", context), arn + "+" + role + "|a:1,b:2|dev"},
		{New(Age, "recipient", "age1x"), "age1x"},
		{New(PGP, "fp", "AB"), "AB"},
		{New(PGP, "fp", "7FD79B1A0417D339E8437091E87A88F59982BA7B"), "7FD79B1A0417D339E8437091E87A88F59982BA7B"},
		{New(PGP, "fp", "7fd7 9b1a 0417 d339  e843 7091 e87a 88f5 9982 ba7b"), "7FD79B1A0417D339E8437091E87A88F59982BA7B"},
		{New(PGP, "fp", "0x7FD79B1A0417D339E8437091E87A88F59982BA7B!"), "7FD79B1A0417D339E8437091E87A88F59982BA7B!"},
		{New(PGP, "fp", "0xe87a88f59982ba7b"), "E87A88F59982BA7B"},
		{New(PGP, "fp", "somebody@example.test"), "somebody@example.test"},
		{New(Azure, "vault_url", "https://v/", "name", "n", "version", "1"), "https://v/keys/n/1"},
		{New(Vault, "vault_address", "https://h", "engine_path", "e", "key_name", "k"), "https://h/v1/e/keys/k"},
		{New("moon", "crater", "c"), "moon(crater=c)"},
	} {
		if got := tc.m.Identity(); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
}

func TestNoVerbPrintsADataKey(t *testing.T) {
	t.Parallel()
	d := NewData([]byte("0123456789abcdef0123456789abcdef"))
	got := fmt.Sprintf("%v %+v %#v %s %q %x %d", d, d, d, d, d, d, d)
	if strings.Contains(got, "0123") || strings.Contains(got, "3031") || strings.Contains(got, "48 49") {
		t.Errorf("printed %q", got)
	}
}

func TestAMuxNamesTheKindThatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	var unknown *UnknownKindError
	_, err := NewMux().Unwrap(context.Background(), WrappedKey{MasterKey: New("moon")})
	if !errors.As(err, &unknown) || unknown.Kind != "moon" {
		t.Errorf("got %v", err)
	}
}
