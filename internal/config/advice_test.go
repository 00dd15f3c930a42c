package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKeysThatMeanNothingAreWarnedOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		src  string
		want []string
	}{
		{"creation_rules:\n  - age: AGE_A\n    encryptd_regex: x\n", []string{`line 3: "encryptd_regex" means nothing in a creation rule and is ignored (did you mean encrypted_regex?)`}},
		{"creation_rules:\n  - age: AGE_A\n    frobnicate: x\n", []string{`line 3: "frobnicate" means nothing in a creation rule and is ignored`}},
		{"creation_rules:\n  - kms: ARN_A\n    role: ROLE\n", []string{`line 3: "role" means nothing in a creation rule and is ignored (write the role after the key, as kms: KEY_ARN+ROLE_ARN, or use key_groups with a role beside each arn)`}},
		{"creation_rules:\n  - kms: ARN_A\n    context: {a: b}\n", []string{`line 3: "context" means nothing in a creation rule and is ignored (write encryption_context: here, or context: beside an arn in key_groups)`}},
		{"creation_rules:\n  - arn: ARN_A\n    hc_vault: x\n    merge: []\n    filename_regex: x\n    gpg: FP\n", []string{
			`line 2: "arn" means nothing in a creation rule and is ignored (write kms: KEY_ARN here; arn: is for the elements of kms in key_groups)`,
			`line 3: "hc_vault" means nothing in a creation rule and is ignored (write hc_vault_transit_uri: here; hc_vault: is for key_groups)`,
			`line 4: "merge" means nothing in a creation rule and is ignored (merge: is for the elements of key_groups)`,
			`line 5: "filename_regex" means nothing in a creation rule and is ignored (did you mean path_regex?)`,
			`line 6: "gpg" means nothing in a creation rule and is ignored (did you mean pgp?)`,
		}},
		{"creation_rules:\n  - key_groups:\n      - age: [AGE_A]\n        hc_vault_transit_uri: x\n        aws_profile: x\n        shamir_threshold: 2\n        azure_kv: x\n", []string{
			`line 4: "hc_vault_transit_uri" means nothing in a key group and is ignored (write hc_vault: in key_groups)`,
			`line 5: "aws_profile" means nothing in a key group and is ignored (write it into an element of kms:, beside arn)`,
			`line 6: "shamir_threshold" means nothing in a key group and is ignored (put it into the rule, beside key_groups)`,
			`line 7: "azure_kv" means nothing in a key group and is ignored (did you mean azure_keyvault?)`,
		}},
		{"creation_rules:\n  - key_groups:\n      - kms:\n          - arn: ARN_A\n            contxt: {a: b}\n            encryption_context: {a: b}\n            profile: p\n", []string{
			`line 5: "contxt" means nothing in an element of kms and is ignored (did you mean context?)`,
			`line 6: "encryption_context" means nothing in an element of kms and is ignored (write context: in an element of kms)`,
			`line 7: "profile" means nothing in an element of kms and is ignored (did you mean aws_profile?)`,
		}},
		{"creation_rules:\n  - key_groups:\n      - azure_keyvault: [{vault_url: x, vaultUrl: 'https://v', key: k}]\n        gcp_kms: [{id: x, resource_id: GCP}]\n", []string{
			`line 3: "vault_url" means nothing in an element of azure_keyvault and is ignored (did you mean vaultUrl?)`,
			`line 4: "id" means nothing in an element of gcp_kms and is ignored (did you mean resource_id?)`,
		}},
		{"destination_rules:\n  - s3_bucket: b\n    kms: ARN_A\n    s3_prefx: x\n    recreation_rule: {age: AGE_A, agee: x}\n", []string{
			`line 3: "kms" means nothing in a destination rule and is ignored (put it into recreation_rule:)`,
			`line 4: "s3_prefx" means nothing in a destination rule and is ignored (did you mean s3_prefix?)`,
			`line 5: "agee" means nothing in a creation rule and is ignored (did you mean age?)`,
		}},
		{"stores: {yaml: {indnt: 2}, jsn: {}, dotenv: {indent: 2}}\n", []string{
			`line 1: "indnt" means nothing in the settings of a store and is ignored (did you mean indent?)`,
			`line 1: "jsn" means nothing in stores and is ignored (did you mean json?)`,
			`line 1: "indent" means nothing in the settings of a store and is ignored`,
		}},
		{"creation_rule: []\nrules: []\npath_regex: x\n", []string{
			`line 1: "creation_rule" means nothing in the configuration and is ignored (did you mean creation_rules?)`,
			`line 2: "rules" means nothing in the configuration and is ignored (did you mean creation_rules?)`,
			`line 3: "path_regex" means nothing in the configuration and is ignored (put it into a rule: an element of the list creation_rules)`,
		}},
		{"creation_rules:\n  - age: AGE_A\n    key_groups: [{age: [AGE_B]}]\n", []string{`line 2: keys and aws_profile beside key_groups are ignored (move them into a group)`}},
		{"creation_rules:\n  - age: AGE_A\n    shamir_threshold: 2\n", []string{`line 3: shamir_threshold has no effect on a single key group`}},
		{"creation_rules:\n  - age: AGE_A\n  - path_regex: x\n    age: AGE_B\n", []string{`line 3: no path reaches this rule: the one on line 2 has no path_regex and takes every path (put the rule without path_regex last)`}},
	} {
		if diff := cmp.Diff(c.want, texts(parse(t, c.src).Warnings)); diff != "" {
			t.Errorf("%s\n%s", c.src, diff)
		}
	}
}

func TestWhatAnchorsHoldIsNotWarnedOf(t *testing.T) {
	t.Parallel()
	for _, src := range []string{
		"keys: [&a AGE_A]\ncreation_rules: [{age: *a}]\n",
		"kms: &k ARN_A\ncreation_rules: [{kms: *k}]\n",
		"store: {x: &s 2}\nstores: {yaml: {indent: *s}}\n",
		"team: web\nx-owner: me\n",
	} {
		if got := texts(parse(t, src).Warnings); got != nil {
			t.Errorf("%s: %q", src, got)
		}
	}
}

func TestAliasesDoNotRepeatWarnings(t *testing.T) {
	t.Parallel()
	f := parse(t, "x: &r {age: AGE_A, agee: y, path_regex: z}\ncreation_rules: [*r, *r, *r]\n")
	want := []string{`line 1: "agee" means nothing in a creation rule and is ignored (did you mean age?)`}
	if diff := cmp.Diff(want, texts(f.Warnings)); diff != "" {
		t.Error(diff)
	}
}
