package keyplan

import (
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/pgp/pgpkey"
)

// A seal that says of keys what a test wants.
type seal struct{ unverified, injected []keeper.MasterKey }

func (s seal) Unverified() []keeper.MasterKey { return s.unverified }
func (s seal) Injected() []keeper.MasterKey   { return s.injected }

func TestDoubtsNameWhatNothingVouchesFor(t *testing.T) {
	t.Parallel()
	x, y := ageKey("x"), ageKey("y")
	type keys = []keeper.MasterKey
	both := [][]keeper.MasterKey{{x, y}}
	rule := &keeper.Groups{Groups: [][]keeper.MasterKey{{x}}}
	two := &keeper.Groups{Groups: [][]keeper.MasterKey{{x}, {y}}}
	for _, tc := range []struct {
		name  string
		grant Grant
		seal  seal
		rule  *keeper.Groups
		want  string
	}{
		{"a good seal, no rule", Grant{Before: both, After: both}, seal{}, nil, ""},
		{"no seal, no rule", Grant{Before: both, After: both}, seal{unverified: keys{x, y}}, nil, ""},
		{"no seal, no rule, always", Grant{Before: both, After: both, Always: true}, seal{unverified: keys{x, y}}, nil, "age x, age y"},
		{"injected, no rule", Grant{Before: both, After: both}, seal{keys{y}, keys{y}}, nil, "age y"},
		{"injected, and named by a flag", Grant{Before: both, After: both, Named: keys{y}}, seal{keys{y}, keys{y}}, nil, ""},
		{"a rule speaks, good seal", Grant{Before: both, After: both, Needed: 1}, seal{}, rule, "age y"},
		{"a rule speaks, the seal does as well", Grant{Before: both, After: both, Needed: 1, SealVouches: true}, seal{}, rule, ""},
		{"a rule speaks, no seal", Grant{Before: both, After: both, Needed: 1, SealVouches: true}, seal{unverified: keys{x, y}}, rule, "age y"},
		{"fewer groups than the rule", Grant{Before: both, After: both, Needed: 1}, seal{}, two, "1 groups suffice instead of 2, age y"},
		{
			"a group went that the rule still has",
			Grant{Before: [][]keeper.MasterKey{{x}, {y}}, After: [][]keeper.MasterKey{{y}}, Needed: 2},
			seal{},
			two, "",
		},
	} {
		if got := strings.Join(tc.grant.Doubts(tc.seal, tc.rule), ", "); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestEditAddsOnceAndRemovesByName(t *testing.T) {
	t.Parallel()
	const fp = "7FD79B1A0417D339E8437091E87A88F59982BA7B"
	pgp, kms := pgpkey.Kind().Key("fp", fp), awskey.Kind().Key("arn", arnA, "role", roleR)
	for _, tc := range []struct {
		name          string
		add, remove   []keeper.MasterKey
		left, wantErr string
	}{
		{name: "nothing", left: pgp.Name() + " " + kms.Name()},
		{name: "a key that is there", add: []keeper.MasterKey{pgp}, left: pgp.Name() + " " + kms.Name()},
		{name: "a new key", add: []keeper.MasterKey{ageKey("x")}, left: pgp.Name() + " " + kms.Name() + " age x"},
		{name: "by ARN alone", remove: []keeper.MasterKey{awskey.Kind().Key("arn", arnA)}, left: pgp.Name()},
		{name: "by key id", remove: []keeper.MasterKey{pgpkey.Kind().Key("fp", fp[24:])}, left: kms.Name()},
		{name: "by another role", remove: []keeper.MasterKey{awskey.Kind().Key("arn", arnA, "role", "other")}, wantErr: "there is no key"},
		{name: "of another kind", remove: []keeper.MasterKey{ageKey("x")}, wantErr: "there is no key x to remove"},
	} {
		groups, err := Edit([][]keeper.MasterKey{{pgp, kms}}, tc.add, tc.remove)
		if tc.wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("%s: got %v, want %q", tc.name, err, tc.wantErr)
			}
			continue
		}
		var names []string
		for _, m := range groups[0] {
			names = append(names, m.Name())
		}
		if got := strings.Join(names, " "); err != nil || got != tc.left {
			t.Errorf("%s: got %q, %v; want %q", tc.name, got, err, tc.left)
		}
	}
}
