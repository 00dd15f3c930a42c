package devkms_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

func TestWorldErrorsNameTheLineAndTheRemedy(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		src  string
		want []string
	}{
		{"an empty file", ``, []string{`w.yaml: the file is empty`}},
		{"no YAML", "a: [\n", []string{`w.yaml:2: not valid YAML: did not find expected node content`}},
		{"a misspelled key", `
acounts: {}
`, []string{`w.yaml:2: the world has no "acounts" (did you mean "accounts"?)`, `w.yaml:2: the world needs "accounts"`}},
		{"several mistakes at once", `
default: alise
regions: [us-east-1, mars]
accounts:
  "111111111111":
    users:
      alice:
        access_key_id: AKIADEVALICE0EXAMPLE
        secret_access_key: x
  "12": {}
`, []string{
			`w.yaml:3: regions.1: "mars" is no region's name`,
			`w.yaml:2: default: no user "alise" with an access key (did you mean "alice"?)`,
			`w.yaml:10: accounts.12: an account id has twelve digits`,
		}},
		{"a key twice", `
accounts:
  "111111111111": {}
  "111111111111": {}
`, []string{`w.yaml:4: "111111111111" appears twice in accounts, first on line 3`}},
		{"a list where a mapping is wanted", `
accounts:
  "111111111111":
    users: []
    keys: {}
`, []string{`w.yaml:4: users must be a mapping (KEY: VALUE), not a list`, `w.yaml:5: keys must be a list, not a mapping`}},
		{"a policy with a misspelled element", `
accounts:
  "111111111111":
    users:
      alice:
        policies:
          - Version: 2012-10-17
            Statement:
              - Effect: Allow
                Acton: kms:*
                Resource: "*"
`, []string{`w.yaml:10: policy: Statement[0].Acton: no such element (did you mean "Action"?)`}},
		{"a policy with a misspelled operator", `
accounts:
  "111111111111":
    users:
      alice:
        policies:
          - Statement:
              Effect: Allow
              Action: kms:*
              Resource: "*"
              Condition:
                StringEqual:
                  aws:username: x
`, []string{`w.yaml:12: policy: Statement.Condition.StringEqual: no such condition operator (did you mean "StringEquals"?)`}},
		{"an identity policy with a principal", `
accounts:
  "111111111111":
    users:
      alice:
        policies:
          - Statement:
              - {Effect: Allow, Action: "kms:*", Resource: "*", Principal: "*"}
`, []string{`w.yaml:8: accounts.111111111111.users.alice.policies.0.Statement.0.Principal: an identity-based policy has no Principal`}},
		{"a key policy for a role that does not exist", `
accounts:
  "111111111111":
    keys:
      - id: 11111111-1111-4111-8111-000000000001
        policy:
          Statement:
            - Effect: Allow
              Action: kms:*
              Resource: "*"
              Principal: {AWS: "arn:aws:iam::111111111111:role/sops"}
    roles:
      sop:
        trust: {Statement: {Effect: Allow, Action: "sts:AssumeRole", Principal: "*"}}
`, []string{`w.yaml:11: accounts.111111111111.keys.0.policy.Statement.0.Principal: no principal "arn:aws:iam::111111111111:role/sops" in the world (did you mean "arn:aws:iam::111111111111:role/sop"?)`}},
		{"a policy as text that is no JSON", `
accounts:
  "111111111111":
    users:
      alice:
        policies:
          - "{"
`, []string{`w.yaml:7: policy: not valid JSON: it ends too early`}},
		{"a role without trust", `
accounts:
  "111111111111":
    roles:
      r: {max_session_duration: 60, profile: {source: absent, issuer: "https://x.example.com"}}
      s: {}
`, []string{`w.yaml:5: a role needs "trust"`, `w.yaml:6: a role needs "trust"`}},
		{"a role that cannot be reached", `
accounts:
  "111111111111":
    roles:
      r:
        trust: {Statement: {Effect: Allow, Action: "sts:AssumeRole", Principal: "*"}}
        max_session_duration: 60
        profile: {source: absent, issuer: "https://x.example.com"}
`, []string{
			`w.yaml:7: accounts.111111111111.roles.r.max_session_duration: is between 3600 and 43200 seconds`,
			`w.yaml:8: accounts.111111111111.roles.r.profile.source: no user or other role "absent"`,
			`w.yaml:8: accounts.111111111111.roles.r.profile.issuer: the account has no issuer "https://x.example.com"`,
		}},
		{"bad keys", `
accounts:
  "111111111111":
    keys:
      - id: x
      - id: 11111111-1111-4111-8111-000000000001
        replica_regions: [eu-west-1]
        state: disabled
        aliases: [alias/a, sops, alias/aws/x]
      - id: 11111111-1111-4111-8111-000000000001
        aliases: [alias/a]
`, []string{
			`w.yaml:5: accounts.111111111111.keys.0.id: "x" is no key id`,
			`w.yaml:7: accounts.111111111111.keys.1.replica_regions: only a key whose id starts with mrk- has replicas`,
			`w.yaml:9: accounts.111111111111.keys.1.aliases.1: "sops" is no alias`,
			`w.yaml:9: accounts.111111111111.keys.1.aliases.2: "alias/aws/x" is no alias`,
			`w.yaml:8: accounts.111111111111.keys.1.state: no state "disabled" (did you mean "Disabled"?)`,
			`w.yaml:10: accounts.111111111111.keys.2.id: key id "11111111-1111-4111-8111-000000000001" appears twice`,
			`w.yaml:11: accounts.111111111111.keys.2.aliases.0: "alias/a" is taken in us-east-1`,
		}},
		{"access keys", `
accounts:
  "111111111111":
    root: {access_key_id: AKIADEVALICE0EXAMPLE, secret_access_key: x}
    users:
      a: {access_key_id: AKIADEVALICE0EXAMPLE, secret_access_key: x}
      b: {access_key_id: short, secret_access_key: x}
      c: {access_key_id: AKIADEVCAROL0EXAMPLE}
`, []string{
			`w.yaml:6: accounts.111111111111.users.a.access_key_id: access key id "AKIADEVALICE0EXAMPLE" appears twice`,
			`w.yaml:7: accounts.111111111111.users.b.access_key_id: an access key id has 16 to 128 letters and digits`,
			`w.yaml:8: accounts.111111111111.users.c.secret_access_key: the access key has no secret`,
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := devkms.ParseWorld("w.yaml", []byte(c.src))
			if err == nil {
				t.Fatal("no error")
			}
			got := strings.Split(err.Error(), "\n")
			if len(got) != len(c.want) {
				t.Fatalf("got %d errors, want %d:\n%v", len(got), len(c.want), err)
			}
			for i, want := range c.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("got  %s\nwant %s", got[i], want)
				}
			}
		})
	}
}

func TestAPolicyMayBeYAMLOrJSONOrText(t *testing.T) {
	t.Parallel()
	const head = `
accounts:
  "111111111111":
    keys:
      - id: 11111111-1111-4111-8111-000000000001
        policy: `
	for name, src := range map[string]string{
		"YAML": `
          Version: 2012-10-17
          Statement:
            Effect: Allow
            Principal: {AWS: 111111111111}
            Action: kms:*
            Resource: "*"
            Condition: {Bool: {"aws:SecureTransport": true}}`,
		"JSON": `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "kms:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": true}}}}`,
		"text": `|
          {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "111111111111"},
           "Action": "kms:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": true}}}}`,
	} {
		w, err := devkms.ParseWorld("w.yaml", []byte(head+src+"\n    users: {alice: {access_key_id: AKIADEVALICE0EXAMPLE, secret_access_key: devkms/alice/not/a/secret/EXAMPLE, policies: [{Statement: {Effect: Allow, Action: \"*\", Resource: \"*\"}}]}}\n"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s := devkms.Start(t, w)
		l := &lab{as(s, "alice"), t, s, t.Context()}
		if err := l.use("DescribeKey", devKey, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAWorldIsNotChangedByItsServer(t *testing.T) {
	t.Parallel()
	w := devkms.BuiltinWorld()
	s := devkms.Start(t, w)
	l := &lab{as(s, "alice"), t, s, t.Context()}
	l.must(nil, l.use("TagResource", devKey, nil))
	l.must(nil, l.use("DisableKey", devKey, nil))
	l.must(nil, l.use("UpdateKeyDescription", appKey, nil))
	same := cmp.Comparer(func(a, b *devkms.Policy) bool { return (a == nil) == (b == nil) && (a == nil || a.JSON() == b.JSON()) })
	if diff := cmp.Diff(devkms.BuiltinWorld(), w, same); diff != "" {
		t.Error(diff)
	}
}

func TestAWorldMadeInGoIsCheckedToo(t *testing.T) {
	t.Parallel()
	_, err := devkms.New(devkms.Options{World: &devkms.World{Accounts: []devkms.Account{{ID: "1"}}}})
	if err == nil || !strings.Contains(err.Error(), "twelve digits") {
		t.Errorf("got %v", err)
	}
}

func FuzzWorldsStartOrSayWhere(f *testing.F) {
	f.Add(string(devkms.BuiltinYAML()))
	f.Add("accounts: {\"111111111111\": {keys: [{id: 11111111-1111-4111-8111-000000000001}]}}")
	f.Add("a: &a [*a]\naccounts: *a")
	f.Add("accounts: {\"111111111111\": {users: {a: {policies: [&p {Statement: *p}]}}}}")
	f.Fuzz(func(t *testing.T, src string) {
		w, err := devkms.ParseWorld("w.yaml", []byte(src))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "w.yaml:") {
				t.Fatalf("an error that names no place: %v", err)
			}
			return
		}
		s, err := devkms.New(devkms.Options{World: w})
		if err != nil {
			t.Fatalf("a world that was accepted does not start: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
