package keeper_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// key returns a key as its kind describes it.
func key(kind string, pairs ...string) keeper.MasterKey {
	return kinds.Described(keeper.Undescribed(kind, pairs...))
}

func TestIdentitiesAreThoseThatPeopleKnow(t *testing.T) {
	t.Parallel()
	const arn, role = "arn:aws:kms:eu-west-1:1:key/a", "arn:aws:iam::1:role/r"
	context := map[string]string{"b": "2", "a": "1"}
	for _, tc := range []struct {
		m    keeper.MasterKey
		want string
	}{
		{key(keeper.KMS, "arn", arn), arn},
		{key(keeper.KMS, "arn", arn, "role", role), arn + "+" + role},
		{key(keeper.KMS, "arn", arn, "aws_profile", "dev"), arn + "||dev"},
		{key(keeper.KMS, "arn", arn).With("context", context), arn + "|a:1,b:2"},
		{key(keeper.KMS, "arn", arn, "role", role, "aws_profile", "dev").With("context", context), arn + "+" + role + "|a:1,b:2|dev"},
		{key(keeper.Age, "recipient", "age1x"), "age1x"},
		{key(keeper.PGP, "fp", "AB"), "AB"},
		{key(keeper.PGP, "fp", "7FD79B1A0417D339E8437091E87A88F59982BA7B"), "7FD79B1A0417D339E8437091E87A88F59982BA7B"},
		{key(keeper.PGP, "fp", "7fd7 9b1a 0417 d339  e843 7091 e87a 88f5 9982 ba7b"), "7FD79B1A0417D339E8437091E87A88F59982BA7B"},
		{key(keeper.PGP, "fp", "0x7FD79B1A0417D339E8437091E87A88F59982BA7B!"), "7FD79B1A0417D339E8437091E87A88F59982BA7B!"},
		{key(keeper.PGP, "fp", "0xe87a88f59982ba7b"), "E87A88F59982BA7B"},
		{key(keeper.PGP, "fp", "user@example.test"), "user@example.test"},
		{key(keeper.Azure, "vault_url", "https://v/", "name", "n", "version", "1"), "https://v/keys/n/1"},
		{key(keeper.Vault, "vault_address", "https://h", "engine_path", "e", "key_name", "k"), "https://h/v1/e/keys/k"},
		{key("moon", "crater", "c"), "moon(crater=c)"},
	} {
		if got := tc.m.Identity(); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
}

func TestNoVerbPrintsADataKey(t *testing.T) {
	t.Parallel()
	d := keeper.NewData([]byte("0123456789abcdef0123456789abcdef"))
	got := fmt.Sprintf("%v %+v %#v %s %q %x %d", d, d, d, d, d, d, d)
	if strings.Contains(got, "0123") || strings.Contains(got, "3031") || strings.Contains(got, "48 49") {
		t.Errorf("printed %q", got)
	}
}

func TestAMuxNamesTheKindThatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	var unknown *keeper.UnknownKindError
	_, err := keeper.NewMux().Unwrap(context.Background(), keeper.WrappedKey{MasterKey: key("moon")})
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
	add := func(m keeper.MasterKey, what string) {
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
					add(key(keeper.KMS, "arn", "arn:1").With("context", map[string]string{a: b, "z" + c: ""}), "context "+what)
				}
				if b != "" && c != "" {
					add(key(keeper.KMS, "arn", "arn:2"+a).With("context", map[string]string{b: c}), "arn "+what)
					add(key("moon", a+"f", b, "crater", c), "moon "+what)
					add(key(keeper.Vault, "vault_address", "h"+a, "engine_path", b, "key_name", c), "vault "+what)
				}
			}
		}
		if a != "" {
			add(key(keeper.Age, "recipient", a), "age "+a)
			add(key(keeper.PGP, "fp", a), "pgp "+a)
		}
	}
}

func TestARouteIsNoPartOfAKey(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b           keeper.MasterKey
		same, oneEntry bool
	}{
		{key(keeper.KMS, "arn", "a"), key(keeper.KMS, "arn", "a", "role", "r", "aws_profile", "p"), true, false},
		{key(keeper.KMS, "arn", "a"), key(keeper.KMS, "arn", "a").With("context", nil), true, true},
		{key(keeper.KMS, "role", "r", "arn", "a"), key(keeper.KMS, "arn", "a", "role", "r"), true, true},
		{key(keeper.KMS, "arn", "a").With("context", map[string]string{"k": "v"}), key(keeper.KMS, "arn", "a"), false, false},
		{key(keeper.Azure, "vault_url", "https://v/", "name", "n"), key(keeper.Azure, "vault_url", "https://v", "name", "n"), true, true},
		{key(keeper.Age, "recipient", "r"), key(keeper.PGP, "fp", "r"), false, false},
	} {
		if keeper.Same(tc.a, tc.b) != tc.same || (tc.a.EntryID() == tc.b.EntryID()) != tc.oneEntry {
			t.Errorf("%s and %s: same %t, one entry %t", tc.a.Identity(), tc.b.Identity(), !tc.same, !tc.oneEntry)
		}
	}
}

func TestAnIdentityCannotCommandATerminal(t *testing.T) {
	t.Parallel()
	m := key(keeper.KMS, "arn", "a\x1b[2K").With("context", map[string]string{"k\r": "v\n\u202e\x7f\u009b"})
	if got, want := m.Identity(), `a\x1b[2K|k\x0d:v\x0a\u202e\x7f\x9b`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOfTwoKeepersOfAKindTheLastIsUsed(t *testing.T) {
	t.Parallel()
	first, last := &counted{}, &counted{}
	m := keeper.NewMux(first, nil, last)
	if _, err := m.Unwrap(t.Context(), keeper.WrappedKey{MasterKey: keeper.MasterKey{Kind: "counted"}}); err != nil {
		t.Fatal(err)
	}
	if first.calls != 0 || last.calls != 1 || len(m) != 1 {
		t.Errorf("%d and %d calls of %d keepers", first.calls, last.calls, len(m))
	}
}

// A counted keeper counts what it is asked.
type counted struct {
	keeper.Keeper
	calls int
}

func (*counted) Kind() string { return "counted" }

func (c *counted) Unwrap(context.Context, keeper.WrappedKey) (keeper.Data, error) {
	c.calls++
	return keeper.Data{}, nil
}
