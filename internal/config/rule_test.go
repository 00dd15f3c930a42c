package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// printed shows groups as kinds and identities, with names for the keys of the
// tests.
func printed(groups [][]keeper.MasterKey) []string {
	short := strings.NewReplacer(ageA, "AGE_A", ageB, "AGE_B", ageC, "AGE_C", arnA, "ARN_A", arnB, "ARN_B", role, "ROLE", fp, "FP", gcp, "GCP")
	var list []string
	for i, g := range groups {
		for _, k := range g {
			list = append(list, fmt.Sprintf("%d %s %s", i, k.Kind, short.Replace(k.Identity())))
		}
	}
	return list
}

func TestKeysOfARuleInBothForms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		src  string
		want []string
	}{
		"no keys":              {"mac_only_encrypted: true", nil},
		"kms text":             {"kms: ARN_A", []string{"0 kms ARN_A"}},
		"kms text with commas": {"kms: 'ARN_A, ARN_B,'", []string{"0 kms ARN_A", "0 kms ARN_B"}},
		"kms folded":           {"kms: >-\n      ARN_A,\n      ARN_B", []string{"0 kms ARN_A", "0 kms ARN_B"}},
		"kms list":             {"kms: [ARN_A, ARN_B]", []string{"0 kms ARN_A", "0 kms ARN_B"}},
		"kms list with commas": {"kms: ['ARN_A,ARN_B', '', ~]", []string{"0 kms ARN_A", "0 kms ARN_B"}},
		"kms with role":        {"kms: [ARN_A+ROLE]", []string{"0 kms ARN_A+ROLE"}},
		"kms with blanks":      {"kms: 'ARN_A + ROLE'", []string{"0 kms ARN_A+ROLE"}},
		"kms with profile":     {"kms: [ARN_A, ARN_B+ROLE]\n    aws_profile: dev", []string{"0 kms ARN_A||dev", "0 kms ARN_B+ROLE||dev"}},
		"kms with context":     {"kms: ARN_A\n    encryption_context: {b: 2, a: x}", []string{"0 kms ARN_A|a:x,b:2"}},
		"kms null":             {"kms:\n    age: AGE_A", []string{"0 age AGE_A"}},
		"age text":             {"age: AGE_A,AGE_B", []string{"0 age AGE_A", "0 age AGE_B"}},
		"age list":             {"age: [AGE_A, 'AGE_B,AGE_C']", []string{"0 age AGE_A", "0 age AGE_B", "0 age AGE_C"}},
		"repetitions":          {"age: [AGE_A, AGE_B, AGE_A]", []string{"0 age AGE_A", "0 age AGE_B"}},
		"pgp":                  {"pgp: 'FP,7FD7 9B1A 0417 D339 E843  7091 E87A 88F5 9982 BA7C'", []string{"0 pgp FP", "0 pgp 7FD79B1A0417D339E8437091E87A88F59982BA7C"}},
		"blanks and lines": {
			"kms: |\n      ARN_A\n      ARN_A+arn:aws:iam::1:role/r\n    age: \"AGE_A AGE_A\"\n    gcp_kms: [\"GCP GCP2\"]",
			[]string{"0 kms ARN_A", "0 kms ARN_A+arn:aws:iam::1:role/r", "0 gcp_kms GCP", "0 gcp_kms GCP2", "0 age AGE_A"},
		},
		"pgp subkey":              {"pgp: [FP!]", []string{"0 pgp FP!"}},
		"gcp_kms":                 {"gcp_kms: [GCP]", []string{"0 gcp_kms GCP"}},
		"hckms":                   {"hckms: [tr-west-1:1-2]", []string{"0 hckms tr-west-1:1-2"}},
		"hckms text":              {"hckms: tr-west-1:1-2", []string{"0 hckms tr-west-1:1-2"}},
		"azure":                   {"azure_keyvault: https://v.azure.net/keys/k/1", []string{"0 azure_kv https://v.azure.net/keys/k/1"}},
		"azure without version":   {"azure_keyvault: [https://v.azure.net/keys/k]", []string{"0 azure_kv https://v.azure.net/keys/k/"}},
		"vault":                   {"hc_vault_transit_uri: http://h:8200/v1/a/b/keys/n", []string{"0 hc_vault http://h:8200/v1/a/b/keys/n"}},
		"vault with a last slash": {"hc_vault_transit_uri: http://h:8200/v1/t/keys/n/", []string{"0 hc_vault http://h:8200/v1/t/keys/n"}},
		"order of kinds": {
			"hc_vault_transit_uri: http://h/v1/t/keys/n\n    azure_keyvault: https://v/keys/k/1\n    hckms: [r:1]\n    gcp_kms: GCP\n    kms: ARN_A\n    pgp: FP\n    age: AGE_A",
			[]string{"0 kms ARN_A", "0 gcp_kms GCP", "0 hckms r:1", "0 azure_kv https://v/keys/k/1", "0 hc_vault http://h/v1/t/keys/n", "0 pgp FP", "0 age AGE_A"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := parse(t, "creation_rules:\n  - "+c.src+"\n").RuleFor(under("a.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, printed(r.Groups)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestKeyGroups(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		src  string
		want []string
	}{
		"all kinds, in order": {`key_groups:
      - hc_vault: ['http://h/v1/t/keys/n']
        azure_keyvault: [{vaultUrl: 'https://v/', key: k, version: 1}]
        hckms: [{key_id: 'r:1'}]
        gcp_kms: [{resource_id: GCP}]
        kms: [{arn: ARN_A, role: ROLE, aws_profile: dev, context: {x: y}}, {arn: ARN_B}]
        pgp: [FP]
        age: ['AGE_A,AGE_B']
        merge: [{age: [AGE_C]}]`, []string{
			"0 age AGE_C", "0 kms ARN_A+ROLE|x:y|dev", "0 kms ARN_B", "0 gcp_kms GCP", "0 hckms r:1", "0 azure_kv https://v/keys/k/1",
			"0 hc_vault http://h/v1/t/keys/n", "0 pgp FP", "0 age AGE_A", "0 age AGE_B",
		}},
		"several":                 {"key_groups: [{age: [AGE_A]}, {age: [AGE_A, AGE_B]}]", []string{"0 age AGE_A", "1 age AGE_A", "1 age AGE_B"}},
		"merges in merges":        {"key_groups: [{age: [AGE_A], merge: [{age: [AGE_B], merge: [{age: [AGE_C, AGE_A]}]}]}]", []string{"0 age AGE_C", "0 age AGE_A", "0 age AGE_B"}},
		"a role in the arn":       {"key_groups: [{kms: [{arn: ARN_A+ROLE}, {arn: ARN_A, role: ROLE}]}]", []string{"0 kms ARN_A+ROLE"}},
		"own context wins":        {"encryption_context: {a: b}\n    key_groups: [{kms: [{arn: ARN_A, context: {c: d}}, {arn: ARN_B}]}]", []string{"0 kms ARN_A|c:d", "0 kms ARN_B|a:b"}},
		"keys beside are ignored": {"age: AGE_C\n    key_groups: [{age: [AGE_A]}]", []string{"0 age AGE_A"}},
		"an empty list is none":   {"age: AGE_C\n    key_groups: []", []string{"0 age AGE_C"}},
		"one empty group":         {"key_groups: [{}]", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := parse(t, "creation_rules:\n  - "+c.src+"\n").RuleFor(under("a.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, printed(r.Groups)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestKeysHaveTheFieldsOfTheMetadata(t *testing.T) {
	t.Parallel()
	r, err := parse(t, `
creation_rules:
  - key_groups:
      - kms: [{arn: ARN_A, role: ROLE, aws_profile: dev, context: {"z key": "v=1;2", n: 12, t: true}}]
        azure_keyvault: [{vaultUrl: "https://v", key: k, version: "1"}]
        hc_vault: ["https://h:8200/v1/a/b/keys/n"]
`).RuleFor(under("a.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want := []keeper.MasterKey{
		kinds.ByName(keeper.KMS).Key("arn", arnA, "role", role, "aws_profile", "dev").With("context", map[string]string{"z key": "v=1;2", "n": "12", "t": "true"}),
		kinds.ByName(keeper.Azure).Key("vault_url", "https://v", "name", "k", "version", "1"),
		kinds.ByName(keeper.Vault).Key("vault_address", "https://h:8200", "engine_path", "a/b", "key_name", "n"),
	}
	if diff := cmp.Diff(want, r.Groups[0]); diff != "" {
		t.Error(diff)
	}
}

func TestOtherSettingsOfARule(t *testing.T) {
	t.Parallel()
	r, err := parse(t, `
creation_rules:
  - path_regex: \.yaml$
    key_groups: [{age: [AGE_A]}, {age: [AGE_B]}, {age: [AGE_C]}]
    shamir_threshold: 2
    unencrypted_comment_regex: plain
    encrypted_suffix: ""
    mac_only_encrypted: yes
    persist_identity: false
    integrity: required
    encryption_context: {app: web}
`).RuleFor(under("a.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	r.Groups = nil
	no := false
	want := &Rule{
		Line: 3, PathRegex: `\.yaml$`, Threshold: 2, MACOnlyEncrypted: true,
		EncryptionContext: map[string]string{"app": "web"}, PersistIdentity: &no, Integrity: "required",
	}
	want.Selection.UnencryptedCommentRegex = "plain"
	if diff := cmp.Diff(want, r, cmpopts.IgnoreUnexported(Rule{})); diff != "" {
		t.Error(diff)
	}
}

// A rule that cannot mean what it says is refused when a path reaches it; the
// same words are a warning before.
func TestRulesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{"path_regex: '*.yaml'", `line 2: path_regex "*.yaml" is not a valid regular expression: error parsing regexp: missing argument to repetition operator: ` + "`*`" +
			` (path_regex is a regular expression, not a shell pattern: for *.yaml write \.yaml$)`},
		{"path_regex: a(", `line 2: path_regex "a(" is not a valid regular expression: error parsing regexp: missing closing ): ` + "`a(`"},
		{"kms: alias/x", `line 2: AWS KMS: "alias/x" is not the ARN of a KMS key (write the full ARN, such as arn:aws:kms:us-east-1:111122223333:alias/x)`},
		{"key_groups: [{kms: [{role: ROLE}]}]", "line 2: this element of kms has no arn"},
		{"pgp: abc", `line 2: pgp: "abc" is not a fingerprint (write the 40 hexadecimal digits that gpg --list-keys prints)`},
		{"gcp_kms: [k]", `line 2: gcp_kms: "k" is not the resource id of a key (write projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY)`},
		{"key_groups: [{gcp_kms: [{}]}]", "line 2: this element of gcp_kms has no resource_id"},
		{"hckms: [abc]", `line 2: hckms: "abc" is not the name of a key (write REGION:KEY-UUID)`},
		{"azure_keyvault: http://v/keys/k/1", `line 2: azure_keyvault: "http://v/keys/k/1" is not the URL of a key (write https://VAULT.vault.azure.net/keys/NAME or .../keys/NAME/VERSION)`},
		{"azure_keyvault: https://v/keys/k/1/", `line 2: azure_keyvault: "https://v/keys/k/1/" is not the URL of a key (write https://VAULT.vault.azure.net/keys/NAME or .../keys/NAME/VERSION)`},
		{"key_groups: [{azure_keyvault: [{vaultUrl: v, key: k}]}]", `line 2: azure_keyvault: "v" is not the URL of a vault (write https://VAULT.vault.azure.net)`},
		{"key_groups: [{azure_keyvault: [{vaultUrl: 'https://v'}]}]", "line 2: this element of azure_keyvault has no key"},
		{"hc_vault_transit_uri: https://h/transit/keys/n", `line 2: vault: "https://h/transit/keys/n" is not the address of a transit key (write https://HOST:8200/v1/transit/keys/NAME)`},
		{"key_groups: [{age: [AGE_A]}, {}]", `line 2: empty key group provided (name a key in it, or take it out)`},
		{"shamir_threshold: 3\n    key_groups: [{age: [AGE_A]}, {age: [AGE_B]}]", `line 2: shamir_threshold is 3, but there are 2 key groups (choose a number from 2 to 2, or leave it out to need all groups)`},
		{"shamir_threshold: 1\n    key_groups: [{age: [AGE_A]}, {age: [AGE_B]}]", `line 2: shamir_threshold is 1, but there are 2 key groups (choose a number from 2 to 2, or leave it out to need all groups)`},
		{"age: AGE_A\n    encrypted_regex: a(", `line 3: encrypted_regex: "a(" is not a valid regular expression: error parsing regexp: missing closing ): ` + "`a(`"},
		{"encrypted_regex: a\n    encrypted_suffix: b", `line 3: more than one selection rule: encrypted_suffix and encrypted_regex (keep one of them; a rule in .sops.yaml and one given by flag count together)`},
		{"encryption_context: {'aws:x': y}\n    kms: ARN_A", `line 2: encryption context: key "aws:x" is reserved by AWS (choose a name that does not begin with aws: or aws-crypto-)`},
		{"kms: arn:aws:kms:us-east-1:1:alias/${env}", "line 2: ${env} refers to nothing: path_regex has no group of that name (name a part of path_regex: (?P<env>[^/]+); for the text ${env} itself write $${env})"},
		{"path_regex: (?P<team>.*)\n    kms: arn:aws:kms:us-east-1:1:alias/${env}", "line 3: ${env} refers to nothing: path_regex has no group of that name (path_regex has team; for the text ${env} itself write $${env})"},
	} {
		f := parse(t, "creation_rules:\n  - "+c.src+"\n")
		if diff := cmp.Diff([]string{c.want}, texts(f.Warnings)); diff != "" {
			t.Errorf("warnings of %s:\n%s", c.src, diff)
		}
		_, err := f.RuleFor(under("a.yaml"))
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v", c.src, err)
			continue
		}
		if got := e.problem().String(); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

func TestAnInvalidRuleThatIsNotReachedDoesNotMatter(t *testing.T) {
	t.Parallel()
	f := parse(t, "creation_rules:\n  - {path_regex: ^a, age: AGE_A}\n  - {path_regex: b(, age: AGE_B}\n  - {path_regex: ^c, kms: nonsense}\n")
	if _, err := f.RuleFor(under("a.yaml")); err != nil {
		t.Error(err)
	}
	if _, err := f.RuleFor(under("c.yaml")); err == nil {
		t.Error("the invalid path_regex was passed over")
	}
	if len(f.Warnings) != 2 {
		t.Errorf("warnings: %q", texts(f.Warnings))
	}
}

func TestNoRuleNamesTheFileAndThePath(t *testing.T) {
	t.Parallel()
	f := parse(t, "creation_rules: [{path_regex: ^prod/, age: AGE_A}]\n")
	_, err := f.RuleFor(under("dev/a.yaml"))
	want := under(Name) + ": no path_regex of the creation_rules matches " + fmt.Sprintf("%q", filepath.FromSlash("dev/a.yaml"))
	if !errors.Is(err, ErrNoRule) || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestAnotherContextTakesThePlaceOfTheRules(t *testing.T) {
	t.Parallel()
	r, err := parse(t, `
creation_rules:
  - encryption_context: {a: b}
    key_groups: [{age: [AGE_A], kms: [{arn: ARN_A}, {arn: ARN_A, context: {a: b}}, {arn: ARN_B, context: {c: d}}]}]
`).RuleFor(under("a.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		context map[string]string
		want    []string
	}{
		{r.EncryptionContext, []string{"0 kms ARN_A|a:b", "0 kms ARN_B|c:d", "0 age AGE_A"}},
		{map[string]string{"x": "y"}, []string{"0 kms ARN_A|x:y", "0 kms ARN_A|a:b", "0 kms ARN_B|c:d", "0 age AGE_A"}},
		{nil, []string{"0 kms ARN_A", "0 kms ARN_A|a:b", "0 kms ARN_B|c:d", "0 age AGE_A"}},
	} {
		if diff := cmp.Diff(c.want, printed(r.Under(c.context))); diff != "" {
			t.Errorf("under %v: %s", c.context, diff)
		}
	}
	if diff := cmp.Diff(r.Under(r.EncryptionContext), r.Groups); diff != "" {
		t.Error(diff)
	}
}
