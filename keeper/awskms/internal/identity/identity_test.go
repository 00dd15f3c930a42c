package identity

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/internal/userfiles"
)

const (
	keyA   = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	aliasB = "arn:aws-cn:kms:cn-north-1:444455556666:alias/a/b"
	roleA  = "arn:aws:iam::111122223333:role/path/ops"
	roleB  = "arn:aws-us-gov:iam::444455556666:role/ops"
)

// withMap returns variables under which src is the user's map.
func withMap(t *testing.T, src string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "sops"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sops", "aws.yaml"), []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"XDG_CONFIG_HOME": dir}
}

func TestIdentitiesAreTriedInOrder(t *testing.T) {
	t.Parallel()
	const (
		account = "111122223333"
		other   = "arn:aws:iam::111122223333:role/other"
		profile = "accounts: {111122223333: {profile: mapped}}"
		chain   = "accounts: {111122223333: {role: [" + roleA + ", " + other + "]}}"
	)
	full := keeper.New(keeper.KMS, "arn", keyA, "role", roleA, "aws_profile", "file")
	plain := keeper.New(keeper.KMS, "arn", keyA)
	for _, test := range []struct {
		name string
		key  keeper.MasterKey
		o    Options
		mapp string
		env  map[string]string
		want []string
	}{
		{name: "nothing said", key: plain, want: []string{"this machine: the ambient credentials"}},
		{name: "the file says all", key: full, want: []string{
			"the file: profile file in role " + roleA, "the file: profile file",
			"this machine: the ambient credentials in role " + roleA, "this machine: the ambient credentials",
		}},
		{name: "the environment chooses a profile", key: plain, env: map[string]string{"AWS_PROFILE": "p"}, want: []string{"this machine: profile p"}},
		{name: "the environment chooses the profile of the file", key: full, env: map[string]string{"AWS_PROFILE": "file"}, want: []string{
			"the file: profile file in role " + roleA, "the file: profile file",
		}},
		{name: "an access key comes before AWS_PROFILE", key: plain, env: map[string]string{
			"AWS_PROFILE": "p", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y",
		}, want: []string{"this machine: the ambient credentials"}},
		{name: "profile flag", key: full, o: Options{Profile: []string{"flag"}}, want: []string{
			"this run: profile flag in role " + roleA, "this run: profile flag",
		}},
		{name: "profile flag of the account", key: plain, o: Options{Profile: []string{"all", account + "=mine"}}, want: []string{
			"this run: profile mine",
		}},
		{name: "profile flag of another account", key: plain, o: Options{Profile: []string{"444455556666=theirs"}}, want: []string{
			"this machine: the ambient credentials",
		}},
		{name: "variable", key: plain, env: map[string]string{"SOPS_AWS_PROFILE": "444455556666=x, " + account + "=v"}, want: []string{
			"this run: profile v",
		}},
		{name: "flag before variable", key: plain, o: Options{Profile: []string{"flag"}}, env: map[string]string{"SOPS_AWS_PROFILE": account + "=v"}, want: []string{
			"this run: profile flag",
		}},
		{name: "role flag", key: full, o: Options{Role: []string{other}}, want: []string{
			"this run: profile file in role " + other, "this run: the ambient credentials in role " + other,
		}},
		{name: "role flag and map", key: full, o: Options{Role: []string{other}}, mapp: profile, want: []string{
			"this run: profile mapped in role " + other, "this run: profile file in role " + other, "this run: the ambient credentials in role " + other,
		}},
		{name: "both flags", key: plain, o: Options{Profile: []string{"p"}, Role: []string{account + "=" + other}}, want: []string{
			"this run: profile p in role " + other,
		}},
		{name: "no role", key: full, o: Options{NoAssumeRole: true}, mapp: chain, want: []string{
			"sops/aws.yaml: the ambient credentials", "the file: profile file",
		}},
		{name: "no role by variable", key: full, env: map[string]string{"SOPS_AWS_NO_ASSUME_ROLE": "true"}, want: []string{
			"the file: profile file", "this machine: the ambient credentials",
		}},
		{name: "map", key: full, mapp: profile, want: []string{
			"sops/aws.yaml: profile mapped in role " + roleA, "sops/aws.yaml: profile mapped",
			"the file: profile file in role " + roleA, "the file: profile file",
			"this machine: the ambient credentials in role " + roleA, "this machine: the ambient credentials",
		}},
		{name: "map of the key before map of the account", key: plain, mapp: profile + "\nkeys: {'" + keyA + "': {profile: own}}", want: []string{
			"sops/aws.yaml: profile own", "this machine: the ambient credentials",
		}},
		{name: "map with a chain", key: plain, mapp: chain, want: []string{
			"sops/aws.yaml: the ambient credentials in role " + roleA + " in role " + other, "this machine: the ambient credentials",
		}},
		{name: "map with an endpoint only", key: plain, mapp: "accounts: {111122223333: {endpoint: 'http://127.0.0.1:1'}}", want: []string{
			"this machine: the ambient credentials",
		}},
		{name: "strict", key: full, o: Options{Strict: true}, mapp: profile, want: []string{"the file: profile file in role " + roleA}},
		{name: "strict with flags", key: full, o: Options{Strict: true, Profile: []string{"flag"}}, want: []string{"this run: profile flag in role " + roleA}},
		{name: "strict without anything", key: plain, env: map[string]string{"SOPS_AWS_STRICT_IDENTITY": "1"}, want: []string{"this machine: the ambient credentials"}},
		{name: "role after the ARN", key: keeper.New(keeper.KMS, "arn", keyA+"+"+roleA), want: []string{
			"this machine: the ambient credentials in role " + roleA, "this machine: the ambient credentials",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			vars := map[string]string{}
			if test.mapp != "" {
				vars = withMap(t, test.mapp)
			}
			for name, value := range test.env {
				vars[name] = value
			}
			test.o.Env = env.Map(vars)
			s, err := NewSettings(test.o)
			if err != nil {
				t.Fatal(err)
			}
			target, err := s.Target(test.key)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, id := range s.Candidates(target) {
				got = append(got, string(id.Origin)+": "+id.String())
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestTheUserMapIsReadStrictly(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ src, want string }{
		{"accounts:\n  dev:\n    profile: x\n", `line 2: "dev" is not an account`},
		{"accounts:\n  111:\n    profil: x\n", `line 3: "111" in accounts has no "profil"`},
		{"accounts:\n  111:\n    role: ops\n", `line 3: "ops" is not the ARN of a role`},
		{"accounts:\n  111:\n    role:\n    - " + roleA + "\n    - x\n", `line 5: "x" is not the ARN of a role`},
		{"accounts:\n  111:\n    role: " + roleA + "\n    duration: 3600\n", `line 4: "3600" is not a duration`},
		{"accounts:\n  111:\n    endpoint: localhost\n", `line 3: "localhost" is not the URL`},
		{"accounts:\n  111: {}\n  111: {}\n", `line 3: "111" appears twice in accounts`},
		{"keys:\n  alias/x: {profile: y}\n", `line 2: "alias/x" is not the ARN of a KMS key`},
		{"mrk_regions: [eu-west-1, 'EU West']\n", `line 1: "EU West" is not a region`},
		{"allow_accounts: prod\n", `line 1: "prod" is not an account`},
		{"allow_roles: [x]\n", `line 1: "x" is not the ARN of a role`},
		{"--- {}\n--- {}\n", "more than one document"},
		{"accounts: [\n", "line "},
		{"accounts: x\n", "line 1: accounts must be a mapping"},
	} {
		_, err := NewSettings(Options{Env: env.Map(withMap(t, test.src))})
		var bad *userfiles.Error
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "aws.yaml") {
			t.Errorf("%q: got %v, want %q", test.src, err, test.want)
		}
		if err != nil && (strings.Contains(err.Error(), "identity.") || strings.Contains(err.Error(), "userfiles.")) {
			t.Errorf("%q: %v names a type of ours", test.src, err)
		}
	}
	for _, src := range []string{"", "# nothing\n", "accounts:\n", "mrk_regions: eu-west-1\n"} {
		if _, err := NewSettings(Options{Env: env.Map(withMap(t, src))}); err != nil {
			t.Errorf("%q: %v", src, err)
		}
	}
}

func TestWrongFlagsAndVariablesAreNamed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		o    Options
		env  map[string]string
		want string
	}{
		{o: Options{Role: []string{"ops"}}, want: "--aws-role: "},
		{o: Options{Profile: []string{"111="}}, want: "--aws-profile: "},
		{env: map[string]string{"SOPS_AWS_ROLE": "111=ops"}, want: "SOPS_AWS_ROLE: "},
		{env: map[string]string{"SOPS_AWS_STRICT_IDENTITY": "maybe"}, want: "SOPS_AWS_STRICT_IDENTITY: "},
		{env: map[string]string{"SOPS_AWS_MRK_REGIONS": "a/b"}, want: "SOPS_AWS_MRK_REGIONS: "},
		{env: map[string]string{"SOPS_AWS_ALLOW_ACCOUNTS": "prod"}, want: "SOPS_AWS_ALLOW_ACCOUNTS: "},
		{env: map[string]string{"AWS_MAX_ATTEMPTS": "many"}, want: "AWS_MAX_ATTEMPTS: "},
	} {
		test.o.Env = env.Map(test.env)
		_, err := NewSettings(test.o)
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%v %v: got %v, want %s...", test.o.Role, test.env, err, test.want)
		}
	}
}

func TestFilesMayNotNameWhatTheAllowListLacks(t *testing.T) {
	t.Parallel()
	const foreign = "arn:aws:kms:us-east-1:444455556666:key/x"
	role := "arn:aws:iam::444455556666:role/x"
	for _, test := range []struct {
		env  map[string]string
		mapp string
		key  keeper.MasterKey
		want string // "" if allowed
	}{
		{key: keeper.New(keeper.KMS, "arn", foreign)},
		{env: map[string]string{"SOPS_AWS_ALLOW_ACCOUNTS": "111122223333"}, key: keeper.New(keeper.KMS, "arn", keyA, "role", roleA, "aws_profile", "p")},
		{env: map[string]string{"SOPS_AWS_ALLOW_ACCOUNTS": "111122223333"}, key: keeper.New(keeper.KMS, "arn", foreign), want: "account 444455556666"},
		{env: map[string]string{"SOPS_AWS_ALLOW_ACCOUNTS": "111122223333"}, key: keeper.New(keeper.KMS, "arn", keyA, "role", role), want: "role of account 444455556666"},
		{env: map[string]string{"SOPS_AWS_ALLOW_ACCOUNTS": "111122223333"}, key: keeper.New(keeper.KMS, "arn", keyA, "role", "?"), want: "role of account unknown"},
		{env: map[string]string{"SOPS_AWS_ALLOW_ROLES": roleA}, key: keeper.New(keeper.KMS, "arn", keyA, "role", role), want: "role " + role},
		{env: map[string]string{"SOPS_AWS_ALLOW_PROFILES": "a,b"}, key: keeper.New(keeper.KMS, "arn", keyA, "aws_profile", "c"), want: "profile c"},
		{mapp: "allow_accounts: ['111122223333']", key: keeper.New(keeper.KMS, "arn", foreign), want: "account 444455556666"},
		{
			mapp: "allow_accounts: ['111122223333']", env: map[string]string{"SOPS_AWS_ALLOW_ACCOUNTS": "444455556666"},
			key: keeper.New(keeper.KMS, "arn", foreign), want: "account 444455556666",
		},
	} {
		vars := withMap(t, test.mapp)
		for name, value := range test.env {
			vars[name] = value
		}
		s, err := NewSettings(Options{Env: env.Map(vars)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Target(test.key)
		var refused *RefusedError
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%v: got %v, want it allowed", test.key.Identity(), err)
		case test.want != "" && (!errors.As(err, &refused) || !strings.Contains(err.Error(), test.want+" is not allowed") || len(refused.Hints()) == 0):
			t.Errorf("%v: got %v, want %q refused", test.key.Identity(), err, test.want)
		}
	}
}

func TestSessionNamesKeepWhatSTSTakes(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"ip-10-0-0-1":            "sops@ip-10-0-0-1",
		`a b[\]^é.local`:         "sops@ab.local",
		"":                       "sops@",
		strings.Repeat("x", 100): "sops@" + strings.Repeat("x", 59),
	} {
		if got := sessionName(host); got != want {
			t.Errorf("sessionName(%q) = %q, want %q", host, got, want)
		}
	}
}
