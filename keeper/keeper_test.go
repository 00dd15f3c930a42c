package keeper

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

// Texts that run into each other where they are only joined.
var texts = []string{"", "a", "b", "a:b", "a,b", "a,b:c", "|", "+arn:aws:iam::1:role/r", "1:a", "1:", "1:a1:b", "\n", "\xff", "\xfe", "ü", "a b", "kms"}

// TestIDsAreInjective holds that no two different keys have one ID, however
// their texts run into each other.
func TestIDsAreInjective(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	add := func(m MasterKey, what string) {
		if other, ok := seen[m.ID()]; ok {
			t.Errorf("%s and %s have one ID, %q", what, other, m.ID())
		}
		seen[m.ID()] = what
	}
	for _, a := range texts {
		for _, b := range texts {
			for _, c := range texts {
				what := fmt.Sprintf("%q %q %q", a, b, c)
				if a != "" {
					add(New(KMS, "arn", "arn:1").With("context", map[string]string{a: b, "z" + c: ""}), "context "+what)
				}
				if b != "" && c != "" {
					add(New(KMS, "arn", "arn:2"+a).With("context", map[string]string{b: c}), "arn "+what)
					add(New("moon", a+"f", b, "crater", c), "moon "+what)
					add(New(Vault, "vault_address", "h"+a, "engine_path", b, "key_name", c), "vault "+what)
				}
			}
		}
		if a != "" {
			add(New(Age, "recipient", a), "age "+a)
			add(New(PGP, "fp", a), "pgp "+a)
		}
	}
}

func TestARouteIsNoPartOfAKey(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b           MasterKey
		same, oneEntry bool
	}{
		{New(KMS, "arn", "a"), New(KMS, "arn", "a", "role", "r", "aws_profile", "p"), true, false},
		{New(KMS, "arn", "a"), New(KMS, "arn", "a").With("context", nil), true, true},
		{New(KMS, "role", "r", "arn", "a"), New(KMS, "arn", "a", "role", "r"), true, true},
		{New(KMS, "arn", "a").With("context", map[string]string{"k": "v"}), New(KMS, "arn", "a"), false, false},
		{New(Azure, "vault_url", "https://v/", "name", "n"), New(Azure, "vault_url", "https://v", "name", "n"), true, true},
		{New(Age, "recipient", "r"), New(PGP, "fp", "r"), false, false},
	} {
		if Same(tc.a, tc.b) != tc.same || (tc.a.EntryID() == tc.b.EntryID()) != tc.oneEntry {
			t.Errorf("%s and %s: same %t, one entry %t", tc.a.Identity(), tc.b.Identity(), !tc.same, !tc.oneEntry)
		}
	}
}

func TestAnIdentityCannotCommandATerminal(t *testing.T) {
	t.Parallel()
	m := New(KMS, "arn", "a\x1b[2K").With("context", map[string]string{"k\r": "v\n\u202e\x7f\u009b"})
	if got, want := m.Identity(), `a\x1b[2K|k\x0d:v\x0a\u202e\x7f\x9b`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
